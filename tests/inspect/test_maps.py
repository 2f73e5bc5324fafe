"""Maps: PCA finds the plane that vectors lie in, and UMAP says what it needs."""

import sys
from types import ModuleType

import numpy as np
import pytest

from safelight.errors import SafelightError
from safelight.inspect.arrays import Array
from safelight.inspect.maps import pca, umap


def plane(count: int, width: int) -> tuple[Array, Array]:
    """Points on a plane, wider one way than the other, and the vectors that they are in a space of so many axes."""
    random = np.random.default_rng(0)
    points = random.normal(size=(count, 2)) * (3, 1)
    points -= points.mean(axis=0)
    axes, _ = np.linalg.qr(random.normal(size=(width, 2)))
    return points, points @ axes.T + 5


@pytest.mark.parametrize(("count", "width"), [(10, 50), (50, 10)])
def test_distances_on_the_map_are_those_of_vectors_that_lie_in_a_plane(count: int, width: int) -> None:
    points, vectors = plane(count, width)
    found = pca(vectors)
    distances = [np.linalg.norm(each[:, None] - each[None], axis=-1) for each in (points, found.points)]
    np.testing.assert_allclose(distances[1], distances[0], atol=1e-4)
    assert found.explained.sum() == pytest.approx(1, abs=1e-5)
    assert found.explained[0] > found.explained[1]


def test_the_axes_are_the_singular_vectors() -> None:
    vectors = np.random.default_rng(1).normal(size=(12, 30))
    _, values, axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    found = pca(vectors)
    expected = (vectors - vectors.mean(axis=0)) @ axes[:2].T
    np.testing.assert_allclose(np.abs(found.points), np.abs(expected), atol=1e-5)
    np.testing.assert_allclose(found.explained, values[:2] ** 2 / (values**2).sum(), rtol=1e-5)
    np.testing.assert_array_equal(found.points, pca(vectors).points)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_or_equal_vectors_have_a_map_too(count: int) -> None:
    found = pca(np.ones((count, 4, 2, 2)))
    assert found.points.tolist() == [[0, 0]] * count
    assert found.explained.tolist() == [0, 0]


def test_umap_looks_at_no_more_neighbours_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    class Umap:
        def __init__(self, **options: object) -> None:
            asked.update(options)

        def fit_transform(self, vectors: Array) -> Array:
            return vectors[:, :2] + 7

    library = ModuleType("umap")
    monkeypatch.setattr(library, "UMAP", Umap, raising=False)
    monkeypatch.setitem(sys.modules, "umap", library)
    found = umap(np.eye(6), seed=3)
    assert asked == {"n_components": 2, "n_neighbors": 5, "random_state": 3}
    np.testing.assert_allclose(found.points.mean(axis=0), 0, atol=1e-6)
    with pytest.raises(SafelightError, match="there are 3 pictures"):
        umap(np.eye(3))


def test_umap_says_that_it_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(SafelightError, match="not installed") as caught:
        umap(np.ones((9, 3)))
    assert "safelight[maps]" in caught.value.mend
