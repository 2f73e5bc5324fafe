"""Each file is loaded once, and let go when there is no room for it."""

import gc
import weakref
from pathlib import Path

import pytest
import torch

from safelight.errors import BadInput
from safelight.models.placement import Placement, bytes_of
from safelight.models.precision import Precision
from safelight.models.store import ModelStore
from tests import tiny
from tests.models.memory.elsewhere import elsewhere


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [tiny.tiny_checkpoint(tmp_path / f"{n}.safetensors", "sd1", text=False, seed=n) for n in range(3)]


@pytest.fixture
def store(placement: Placement, fp32: Precision) -> ModelStore:
    return ModelStore(placement, fp32, budget=2**40)


def test_a_file_is_loaded_once(store: ModelStore, files: list[Path]) -> None:
    assert store.checkpoint(files[0]) is store.checkpoint(files[0])
    assert store.vae(files[0]) is store.vae(files[0])
    assert store.unet(files[0]) is store.unet(files[0].parent / "." / files[0].name)


def test_a_file_that_was_written_anew_is_loaded_anew(store: ModelStore, files: list[Path]) -> None:
    before = store.checkpoint(files[0])
    files[1].replace(files[0])
    after = store.checkpoint(files[0])
    assert not torch.equal(before.model.network.conv_out.weight, after.model.network.conv_out.weight)


def test_the_least_recently_used_file_is_let_go(
    placement: Placement, fp32: Precision, store: ModelStore, files: list[Path]
) -> None:
    checkpoint = store.checkpoint(files[0])
    assert checkpoint.vae is not None
    size = bytes_of(checkpoint.model.network) + bytes_of(checkpoint.vae.network)
    small = ModelStore(placement, fp32, budget=2 * size)
    first, second = (small.checkpoint(path) for path in files[:2])
    assert small.checkpoint(files[0]) is first
    small.checkpoint(files[2])
    assert small.checkpoint(files[0]) is first
    assert small.checkpoint(files[1]) is not second


def test_a_file_over_the_budget_is_kept_while_it_is_the_last(
    placement: Placement, fp32: Precision, files: list[Path]
) -> None:
    store = ModelStore(placement, fp32, budget=0)
    first = store.checkpoint(files[0])
    assert store.checkpoint(files[0]) is first
    store.checkpoint(files[1])
    assert store.checkpoint(files[0]) is not first


def test_a_file_that_fails_is_not_kept(store: ModelStore, files: list[Path]) -> None:
    whole = files[0].read_bytes()
    files[0].write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput):
        store.checkpoint(files[0])
    files[0].write_bytes(whole)
    assert store.checkpoint(files[0]).vae is not None


def test_a_file_that_is_not_there_is_named(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.safetensors"):
        store.checkpoint(tmp_path / "gone.safetensors")


def test_the_files_that_are_loaded_are_told(placement: Placement, fp32: Precision, files: list[Path]) -> None:
    store = ModelStore(placement, fp32, budget=2**40)
    assert store.loaded() == ()
    store.checkpoint(files[0])
    store.checkpoint(files[1])
    store.vae(files[0])
    store.checkpoint(files[0])
    assert set(store.loaded()) == {files[0].resolve(), files[1].resolve()}
    store.free()
    assert store.loaded() == ()


def test_what_is_let_go_leaves_the_device(monkeypatch: pytest.MonkeyPatch, fp32: Precision, files: list[Path]) -> None:
    device = elsewhere(monkeypatch)
    store = ModelStore(device.placement, fp32, budget=0)
    seen = weakref.ref(store.checkpoint(files[0]).model.network)
    assert seen() in device.placement._placed
    store.checkpoint(files[1])
    gc.collect()
    assert seen() is None


def test_what_is_in_use_when_all_is_freed_comes_back_when_it_is_called(
    monkeypatch: pytest.MonkeyPatch, fp32: Precision, files: list[Path]
) -> None:
    device = elsewhere(monkeypatch)
    store = ModelStore(device.placement, fp32, budget=2**40)
    vae = store.vae(files[0])
    latent = torch.ones(1, 4, 2, 2)
    expected = vae.decode(latent)
    store.free()
    assert not device.placement._placed
    assert torch.equal(vae.decode(latent), expected)
    assert vae.network in device.there()
