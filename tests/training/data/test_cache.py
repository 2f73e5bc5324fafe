"""Latents and vectors that are encoded once."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.errors import BadInput
from safelight.files.folders import STARTER, STARTER_CHECKPOINT
from safelight.models.device import HOST
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.runs.data.folder import read_examples
from safelight.training.data.cache import LatentCache, TextCache
from safelight.training.data.kept import BLOCK, LOST, Kept
from safelight.training.data.views import View, pixels, view_of
from tests.training.data.drawn import draw

PLENTY = 2**30


class Encoder:
    """Stands for a VAE: means of 8 by 8 pixels, four channels; remembers how many pictures it was given at once."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, images: Tensor) -> Tensor:
        self.batches.append(len(images))
        means = F.avg_pool2d(images.movedim(-1, 1), 8)
        return torch.cat([means, means[:, :1]], dim=1)


def views_in(folder: Path, count: int = 5) -> list[View]:
    for number in range(count):
        draw(folder / f"{number}.png", seed=number)
    return [view_of(example, (64, 64)) for example in read_examples(folder)]


def cache_in(folder: Path, encode: Callable[[Tensor], Tensor], most_bytes: int = PLENTY, **values: int) -> LatentCache:
    return LatentCache(Kept(folder, most_bytes=most_bytes, **values), "vae", encode)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_latent_is_what_the_vae_says_and_is_encoded_once(tmp_path: Path) -> None:
    encoder = Encoder()
    (view,) = views_in(tmp_path / "set", 1)
    cache = cache_in(tmp_path / "cache", encoder)
    first = cache.get(view)
    assert (first.shape, first.dtype) == ((4, 8, 8), torch.float32)
    torch.testing.assert_close(first, Encoder()(pixels(view)[None])[0], rtol=LOST, atol=0)
    assert cache.get(view).equal(first)
    assert cache_in(tmp_path / "cache", encoder).get(view).equal(first)
    assert encoder.batches == [1]


def test_filling_encodes_in_batches_what_is_not_there_and_tells_how_far_it_is(tmp_path: Path) -> None:
    encoder, told = Encoder(), list[tuple[int, int]]()
    views = views_in(tmp_path / "set", 40)
    cache_in(tmp_path / "cache", encoder).fill(views + views, lambda done, total: told.append((done, total)))
    assert encoder.batches == [16, 16, 8]
    assert told == [(16, 40), (32, 40), (40, 40)]
    again = Encoder()
    cache = cache_in(tmp_path / "cache", again)
    cache.fill(views)
    for view in views:
        cache.get(view)
    assert again.batches == []


def test_what_is_kept_stays_to_the_bit_when_more_is_wanted(tmp_path: Path) -> None:
    def encode(images: Tensor) -> Tensor:  # as real networks, a little different in other company
        return Encoder()(images) * (1 + 0.01 * len(images))

    views = views_in(tmp_path / "set", 20)
    cache_in(tmp_path / "cache", encode).fill(views[:10])
    before = {path: path.read_bytes() for path in files(tmp_path / "cache")}
    cache_in(tmp_path / "cache", encode).fill(views[5:] + views[:5])
    after = {path: path.read_bytes() for path in files(tmp_path / "cache")}
    assert len(after) == 20
    assert {path: after[path] for path in before} == before


def test_views_of_several_sizes_are_encoded_apart(tmp_path: Path) -> None:
    encoder = Encoder()
    views = views_in(tmp_path / "set", 4)
    others = [view_of(view.example, (128, 64)) for view in views]
    cache = cache_in(tmp_path / "cache", encoder)
    cache.fill([*views, *others])
    assert encoder.batches == [4, 4]
    assert cache.get(others[2]).shape == (4, 8, 16)


def test_latents_go_by_what_is_in_a_picture_and_how_it_is_shown(tmp_path: Path) -> None:
    encoder = Encoder()
    (view,) = views_in(tmp_path / "set", 1)
    kept = Kept(tmp_path / "cache", most_bytes=PLENTY)
    cache = LatentCache(kept, "vae", encoder)
    cache.get(view)
    view.example.picture.rename(tmp_path / "set" / "renamed.png")
    (renamed,) = read_examples(tmp_path / "set")
    cache.get(view_of(renamed, (64, 64)))
    assert len(encoder.batches) == 1
    cache.get(view_of(renamed, (64, 64), is_flipped=True))
    cache.get(view_of(renamed, (64, 64), is_masked=True))
    LatentCache(kept, "another vae", encoder).get(view_of(renamed, (64, 64)))
    assert len(encoder.batches) == 4
    draw(renamed.picture, seed=99)
    (changed,) = read_examples(tmp_path / "set")
    cache.get(view_of(changed, (64, 64)))
    assert len(encoder.batches) == 5


@pytest.mark.parametrize("damage", [b"", b"\0" * 300, None], ids=["empty", "zeros", "one bit"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    (view,) = views_in(tmp_path / "set", 1)
    first = cache_in(tmp_path / "cache", Encoder()).get(view)
    (path,) = files(tmp_path / "cache")
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if damage is None else damage)
    encoder = Encoder()
    assert cache_in(tmp_path / "cache", encoder).get(view).equal(first)
    assert encoder.batches == [1]
    assert path.read_bytes() == content


def test_half_the_bytes_are_kept_where_they_do_and_all_where_not(tmp_path: Path) -> None:
    kept = Kept(tmp_path, most_bytes=PLENTY)
    usual = torch.randn(4, 8, 8, generator=torch.Generator().manual_seed(0)) * 5
    for name, tensor in {"usual": usual, "huge": usual * 1e6, "tiny": usual * 1e-9, "none": usual * 0}.items():
        given = kept.put(name, {"x": tensor})["x"]
        assert (given - tensor).norm() <= LOST * tensor.norm()
        assert Kept(tmp_path, most_bytes=0).get(name)["x"].equal(given)  # type: ignore[index]
    sizes = {path.stem: path.stat().st_size for path in files(tmp_path)}
    assert sizes["usual"] < 4 * 8 * 8 * 2 + 256 < sizes["huge"]


def test_what_is_given_may_be_changed(tmp_path: Path) -> None:
    kept = Kept(tmp_path, most_bytes=PLENTY)
    kept.put("key", {"x": torch.full((3,), 1e9)})["x"].zero_()
    found = kept.get("key")
    assert found is not None
    found["x"].zero_()
    again = kept.get("key")
    assert again is not None
    assert again["x"].tolist() == [1e9] * 3


def test_never_more_than_the_bytes_that_are_allowed_are_written(tmp_path: Path) -> None:
    encoder = Encoder()
    views = views_in(tmp_path / "set", 40)
    most = 20 * BLOCK
    cache = cache_in(tmp_path / "cache", encoder, most, memory_bytes=0)
    cache.fill(views)
    for view in views:
        cache.get(view)
    assert sum(-(-path.stat().st_size // BLOCK) * BLOCK for path in files(tmp_path / "cache")) <= most
    assert encoder.batches[0] == 16
    assert cache.get(views[-1]).equal(cache_in(tmp_path / "other", Encoder()).get(views[-1]))


def test_what_no_run_needs_any_more_makes_room(tmp_path: Path) -> None:
    views = views_in(tmp_path / "set", 20)
    most = 12 * BLOCK
    cache_in(tmp_path / "cache", Encoder(), most).fill(views[:10])
    encoder = Encoder()
    cache = cache_in(tmp_path / "cache", encoder, most)
    cache.fill(views[8:18])
    for view in views[8:18]:
        cache.get(view)
    assert encoder.batches == [10]
    assert len(files(tmp_path / "cache")) <= 12


def test_a_full_disk_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("safelight.training.data.kept.write_whole", full)
    views = views_in(tmp_path / "set")
    cache = cache_in(tmp_path / "cache", Encoder())
    cache.fill(views)
    assert cache.get(views[0]).shape == (4, 8, 8)


def test_memory_is_bounded_and_the_least_used_goes_first(tmp_path: Path) -> None:
    kept = Kept(tmp_path, most_bytes=0, memory_bytes=2 * 200)
    for name in "ab":
        kept.put(name, {"x": torch.zeros(100)})
    kept.get("a")
    kept.put("c", {"x": torch.zeros(100)})
    assert [name in kept for name in "abc"] == [True, False, True]


def test_what_is_not_a_number_is_an_error_that_names_the_picture(tmp_path: Path) -> None:
    (view,) = views_in(tmp_path / "set", 1)
    with pytest.raises(BadInput, match=r"0\.png"):
        cache_in(tmp_path / "cache", lambda images: Encoder()(images) * float("nan")).get(view)
    assert files(tmp_path / "cache") == []


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.training.data.test_cache import Encoder, cache_in, views_in

class Dying(Encoder):
    def __call__(self, images):
        if len(self.batches) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(images)

cache_in(Path(sys.argv[1]) / "cache", Dying()).fill(views_in(Path(sys.argv[1]) / "set", 40))
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_kill_while_filling_loses_nothing_and_changes_nothing(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=root, check=False)
    assert done.returncode == -9
    views = views_in(tmp_path / "again", 40)
    encoder = Encoder()
    cache = cache_in(tmp_path / "cache", encoder)
    cache.fill(views)
    assert encoder.batches == [8]
    unbroken = cache_in(tmp_path / "other", Encoder())
    unbroken.fill(views)
    contents = [[path.read_bytes() for path in files(tmp_path / name)] for name in ("cache", "other")]
    assert contents[0] == contents[1]


def test_what_was_never_finished_is_deleted_later(tmp_path: Path) -> None:
    (tmp_path / "ab").mkdir()
    old, new = tmp_path / "ab" / ".0.part", tmp_path / "ab" / ".1.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    Kept(tmp_path, most_bytes=PLENTY)
    assert files(tmp_path) == [new]


@pytest.mark.parametrize("has_pooled", [True, False])
def test_texts_are_encoded_once(tmp_path: Path, has_pooled: bool) -> None:
    asked = []

    def encode(text: str) -> tuple[Tensor, Tensor | None]:
        asked.append(text)
        vectors = torch.full((77, 8), float(len(text)))
        return vectors, vectors[0] if has_pooled else None

    texts = ["", "a fox", "一只狐狸", "a" * 10_000]
    for _ in range(2):
        cache = TextCache(Kept(tmp_path, most_bytes=PLENTY), "clip", encode)
        for text in texts:
            context, pooled = cache.get(text)
            assert context.equal(torch.full((77, 8), float(len(text))))
            assert (pooled is not None) == has_pooled
    assert asked == texts
    TextCache(Kept(tmp_path, most_bytes=PLENTY), "another", encode).get("")
    assert asked == [*texts, ""]


@pytest.mark.weights
def test_latents_of_the_starter_lose_less_than_a_thousandth(tmp_path: Path) -> None:
    from safelight.models.loader import load_vae  # noqa: PLC0415 (slow to import)

    vae = load_vae(STARTER / STARTER_CHECKPOINT, Placement(HOST), precision("fp32", HOST))
    views = [view_of(view.example, (128, 128)) for view in views_in(tmp_path / "set", 3)]
    cache = cache_in(tmp_path / "cache", vae.encode)
    cache.fill(views)
    for view in views:
        exact = vae.encode(pixels(view)[None])[0]
        assert (cache.get(view) - exact).norm() < LOST * exact.norm()
