"""Upscale models: ESRGAN in both of its layouts, tiles without seams, and what is said when it cannot work."""

import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from safelight.errors import BadInput, Cancelled, SafelightError
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.upscaler import UpscaleModel, load_upscaler

FEATURES, GROWTH = 8, 32
OLD_NAMES = {
    "conv_first": "model.0",
    "conv_body": "model.1.sub.1",
    "conv_up1": "model.3",
    "conv_up2": "model.6",
    "conv_hr": "model.8",
    "conv_last": "model.10",
}


def esrgan() -> dict[str, Tensor]:
    """A tiny ESRGAN with random weights, named as in Real-ESRGAN's files."""
    sizes = {"conv_first": (FEATURES, 3), "conv_last": (3, FEATURES)}
    sizes |= {f"conv_{name}": (FEATURES, FEATURES) for name in ("body", "up1", "up2", "hr")}
    for dense in (1, 2, 3):
        for conv in range(1, 6):
            out = FEATURES if conv == 5 else GROWTH
            sizes[f"body.0.rdb{dense}.conv{conv}"] = (out, FEATURES + (conv - 1) * GROWTH)
    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for name, (out, into) in sizes.items():
        tensors[f"{name}.weight"] = torch.randn(out, into, 3, 3, generator=generator) / (3 * into**0.5)
        tensors[f"{name}.bias"] = torch.randn(out, generator=generator) * 0.1
    tensors["conv_last.bias"] += 0.5
    return tensors


def enlarged(tensors: dict[str, Tensor], image: Tensor) -> Tensor:
    """ESRGAN's equation (Wang et al. 2018, arXiv:1809.00219, section 3.1), [B, 3, H, W] -> [B, 3, 4 H, 4 W]."""

    def conv(name: str, x: Tensor) -> Tensor:
        return F.conv2d(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"], padding=1)

    def dense(name: str, x: Tensor) -> Tensor:
        seen = [x]
        for index in range(1, 5):
            seen.append(F.leaky_relu(conv(f"{name}.conv{index}", torch.cat(seen, 1)), 0.2))
        return x + 0.2 * conv(f"{name}.conv5", torch.cat(seen, 1))

    first = conv("conv_first", image)
    inner = first
    for index in (1, 2, 3):
        inner = dense(f"body.0.rdb{index}", inner)
    x = first + conv("conv_body", first + 0.2 * inner)
    for name in ("conv_up1", "conv_up2"):
        x = F.leaky_relu(conv(name, F.interpolate(x, scale_factor=2, mode="nearest")), 0.2)
    return conv("conv_last", F.leaky_relu(conv("conv_hr", x), 0.2))


def in_old_layout(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same, named as in the first ESRGAN's files."""
    renamed = {}
    for name, tensor in tensors.items():
        module, _, leaf = name.rpartition(".")
        if module.startswith("body.0."):
            _, _, block, conv = module.split(".")
            module = f"model.1.sub.0.{block.upper()}.{conv}.0"
        renamed[f"{OLD_NAMES.get(module, module)}.{leaf}"] = tensor
    return renamed


def as_safetensors(path: Path, tensors: dict[str, Tensor]) -> Path:
    save_file(tensors, path.with_suffix(".safetensors"))
    return path.with_suffix(".safetensors")


def as_pickle(wrap: Callable[[dict[str, Tensor]], Any]) -> Callable[[Path, dict[str, Tensor]], Path]:
    def write(path: Path, tensors: dict[str, Tensor]) -> Path:
        torch.save(wrap(tensors), path.with_suffix(".pth"))
        return path.with_suffix(".pth")

    return write


FILES: dict[str, Callable[[Path, dict[str, Tensor]], Path]] = {
    "new layout": as_safetensors,
    "old layout": lambda path, tensors: as_safetensors(path, in_old_layout(tensors)),
    "old layout, pickle": as_pickle(in_old_layout),
    "pickle, averaged": as_pickle(lambda tensors: {"params": dict(tensors, x=torch.ones(1)), "params_ema": tensors}),
    "pickle, wrapped": as_pickle(lambda tensors: {"net": tensors}),
}


def no_report(done: int, total: int) -> None:
    """Nothing is shown."""


@pytest.fixture
def load(tmp_path: Path, placement: Placement, fp32: Precision) -> Callable[[Path], UpscaleModel]:
    if not find_spec("spandrel"):
        pytest.skip("the extra `upscale` is not installed")
    return lambda path: load_upscaler(path, placement, fp32)


@pytest.mark.parametrize("file", FILES)
def test_esrgan_enlarges_as_its_paper_says(file: str, load: Callable[[Path], UpscaleModel], tmp_path: Path) -> None:
    tensors = esrgan()
    model = load(FILES[file](tmp_path / "m", tensors))
    picture = torch.rand(2, 20, 13, 3, generator=torch.Generator().manual_seed(1))
    expected = enlarged(tensors, picture.movedim(-1, 1)).movedim(1, -1).clamp(0, 1)
    assert model.scale == 4
    torch.testing.assert_close(model.upscale(picture, on_tile=no_report), expected)


def test_tiles_leave_no_seam(load: Callable[[Path], UpscaleModel], tmp_path: Path) -> None:
    tensors = esrgan()
    model = load(as_safetensors(tmp_path / "m", tensors))
    waves = torch.linspace(0, 12, 150).sin()[:, None] * torch.linspace(0, 9, 100).cos()
    picture = (waves[None, :, :, None] / 2 + 0.5).expand(1, -1, -1, 3)
    told: list[tuple[int, int]] = []
    tiled = model._in_tiles(picture.movedim(-1, 1), 64, lambda done, total: told.append((done, total)))
    assert (tiled - enlarged(tensors, picture.movedim(-1, 1))).abs().max() < 0.01  # 0.3 where tiles do not overlap
    assert told == [(number, 12) for number in range(1, 13)]


def test_a_stopped_job_stops_at_the_next_tile(load: Callable[[Path], UpscaleModel], tmp_path: Path) -> None:
    model = load(as_safetensors(tmp_path / "m", esrgan()))
    told = []

    def stop(done: int, total: int) -> None:
        told.append(done)
        raise Cancelled

    with pytest.raises(Cancelled):
        model.upscale(torch.rand(3, 8, 8, 3), on_tile=stop)
    assert told == [1]


class _Short:
    """A network that doubles pixels, and runs out of memory on tiles larger than `limit`."""

    scale = 2

    def __init__(self, limit: int, error: Exception | None = None) -> None:
        self.limit = limit
        self.error = error or torch.OutOfMemoryError()
        self.sides: list[int] = []

    def __call__(self, x: Tensor) -> Tensor:
        self.sides.append(max(x.shape[-2:]))
        if self.sides[-1] > self.limit:
            raise self.error
        return x.repeat_interleave(2, -1).repeat_interleave(2, -2)


@pytest.mark.parametrize(
    "error", [torch.OutOfMemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_tiles_become_smaller_where_memory_runs_out(error: Exception, placement: Placement) -> None:
    short: Any = _Short(130, error)
    told: list[str] = []
    placement.tell = told.append
    picture = torch.rand(1, 300, 300, 3)
    result = UpscaleModel(nn.Identity(), short, placement).upscale(picture, on_tile=no_report)
    torch.testing.assert_close(result, picture.repeat_interleave(2, 1).repeat_interleave(2, 2))
    assert short.sides[:3] == [300, 256, 128]
    assert told == [f"Memory is short: tiles of {side} pixels are too large for this model." for side in (512, 256)]


def test_a_picture_for_which_no_tile_is_small_enough_is_refused(placement: Placement) -> None:
    short: Any = _Short(limit=10)
    with pytest.raises(SafelightError, match="not enough memory to enlarge"):
        UpscaleModel(nn.Identity(), short, placement).upscale(torch.rand(1, 64, 64, 3), on_tile=no_report)


def test_a_file_of_another_kind_is_named(load: Callable[[Path], UpscaleModel], tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"m\.safetensors is no upscale model of a known kind"):
        load(as_safetensors(tmp_path / "m", {"foo.weight": torch.zeros(3, 3)}))


def test_without_the_library_it_is_said_what_to_install(
    load: Callable[[Path], UpscaleModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "spandrel", None)
    with pytest.raises(BadInput) as refusal:
        load(as_safetensors(tmp_path / "m", esrgan()))
    assert "pip install 'safelight[upscale]'" in refusal.value.mend


def test_no_empty_torchvision_is_left_behind(load: Callable[[Path], UpscaleModel], tmp_path: Path) -> None:
    load(as_safetensors(tmp_path / "m", esrgan()))
    assert getattr(sys.modules.get("torchvision", SimpleNamespace(__file__="real")), "__file__", None)
