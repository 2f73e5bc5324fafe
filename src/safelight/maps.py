"""Many things on one map: vectors laid out in two dimensions, by numpy alone.

As a program (`python -m safelight.maps METHOD WIDTH`) it reads vectors of float32 and writes their points: the
libraries of UMAP take hundreds of megabytes, which go with the process.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from safelight.errors import SafelightError

AXES = 2
TOLD = 3
"""Exit code where the last two lines of the error output say what is wrong and how to mend it."""
FEWEST_FOR_UMAP = 4

Array = NDArray[Any]


@dataclass(frozen=True)
class PlaneMap:
    """N things on a plane.

    Attributes:
        points: Where they are, about the middle of all [N, 2]; in the units of the vectors, or UMAP's own.
        explained: Share of all variance that lies along each axis [2]; empty ([0]) where the map is no projection.
        method: How it was made: a name in `MAPS`.
    """

    points: Array
    explained: Array
    method: str


def pca(vectors: Array) -> PlaneMap:
    """The plane in which things differ the most: the first two principal components.

    Each axis points where its largest number is positive, so that the same vectors give the same map.

    Args:
        vectors: [N, D], at least one; latents are flattened first.

    Source: Pearson 1901, "On lines and planes of closest fit to systems of points in space"; by the eigenvectors of
    the smaller of both Gram matrices, which are the singular vectors.
    """
    flat = vectors.reshape(len(vectors), -1).astype(np.float64)
    centred = flat - flat.mean(axis=0)
    count, width = centred.shape
    points, variances = np.zeros((count, AXES)), np.zeros(AXES)
    if count <= width:
        values, sides = np.linalg.eigh(centred @ centred.T)
        lengths = np.sqrt(values.clip(min=0))[::-1][:AXES]
        found = sides[:, ::-1][:, :AXES] * lengths
        directions = centred.T @ sides[:, ::-1][:, :AXES]
    else:
        values, directions = np.linalg.eigh(centred.T @ centred)
        directions = directions[:, ::-1][:, :AXES]
        found = centred @ directions
    total = float((centred**2).sum())
    for axis in range(found.shape[1]):
        heaviest = directions[np.abs(directions[:, axis]).argmax(), axis]
        points[:, axis] = found[:, axis] * (-1 if heaviest < 0 else 1)
        variances[axis] = (found[:, axis] ** 2).sum()
    explained = variances / total if total > 0 else np.zeros(AXES)
    return PlaneMap(points.astype(np.float32), explained.astype(np.float32), "pca")


def umap(vectors: Array, *, neighbours: int = 15, seed: int = 0) -> PlaneMap:
    """A map on which neighbours stay neighbours, while distances and axes mean nothing.

    Args:
        vectors: [N, D], N at least 4.
        neighbours: How many of each count; few show small groups, many the whole.
        seed: Of the random start.

    Raises:
        SafelightError: The library is not installed, or there are too few vectors.

    Source: McInnes et al. 2018, arXiv:1802.03426.
    """
    try:
        from umap import UMAP  # noqa: PLC0415 (an extra, and slow to import)
    except ImportError as error:
        raise SafelightError(
            "Maps by UMAP need the library umap-learn, which is not installed.",
            mend="Choose pca, or run `pip install 'safelight[maps]'`.",
        ) from error
    if len(vectors) < FEWEST_FOR_UMAP:
        raise SafelightError(
            f"UMAP has neighbours to find, and there are {len(vectors)} pictures.",
            mend=f"Choose pca, or at least {FEWEST_FOR_UMAP} pictures.",
        )
    flat = vectors.reshape(len(vectors), -1).astype(np.float32)
    made = UMAP(n_components=AXES, n_neighbors=min(neighbours, len(flat) - 1), random_state=seed).fit_transform(flat)
    points = np.asarray(made, dtype=np.float32)
    return PlaneMap(points - points.mean(axis=0), np.zeros(0, dtype=np.float32), "umap")


MAPS: dict[str, Callable[[Array], PlaneMap]] = {"pca": pca, "umap": umap}
"""By name."""


def main() -> None:
    """See above."""
    method, width = sys.argv[1:]
    vectors = np.frombuffer(sys.stdin.buffer.read(), "<f4").reshape(-1, int(width))
    try:
        plane = MAPS[method](vectors)
    except SafelightError as error:
        sys.stderr.write(f"\n{error.what}\n{error.mend}\n")
        sys.exit(TOLD)
    sys.stdout.buffer.write(plane.points.astype("<f4").tobytes())


if __name__ == "__main__":
    main()
