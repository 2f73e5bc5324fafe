"""Files are mapped, not read; what is refused leaves nothing behind."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from safelight.errors import BadInput
from safelight.models.weights import open_weights
from tests import tiny

CPU = torch.device("cpu")
STORED = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.int64, torch.bool)


@pytest.mark.parametrize("dtype", STORED, ids=str)
def test_tensors_are_as_safetensors_own_reader_gives_them(tmp_path: Path, dtype: torch.dtype) -> None:
    numbers = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    stored = {"odd": torch.ones(3, dtype=torch.uint8), "a": numbers.to(dtype), "scalar": torch.tensor(1.5).to(dtype)}
    save_file(stored | {"none": torch.zeros(0, dtype=dtype)}, tmp_path / "a.safetensors")
    weights = open_weights(tmp_path / "a.safetensors")
    expected = load_file(tmp_path / "a.safetensors")
    assert set(weights) == set(expected)
    for name, tensor in expected.items():
        assert weights[name].dtype == tensor.dtype
        assert torch.equal(weights[name].float(), tensor.float())


def test_a_tensor_that_needs_no_conversion_stays_in_the_map(tmp_path: Path) -> None:
    save_file({"a": torch.randn(4096, 8)}, tmp_path / "a.safetensors")
    weights = open_weights(tmp_path / "a.safetensors")
    assert weights.place(weights["a"], CPU, torch.float32).data_ptr() == weights["a"].data_ptr()


def test_a_converted_tensor_keeps_its_numbers_when_its_pages_are_given_back(tmp_path: Path) -> None:
    numbers = torch.randn(4096, 8)
    save_file({"a": numbers.half(), "b": numbers}, tmp_path / "a.safetensors")
    weights = open_weights(tmp_path / "a.safetensors")
    placed = weights.place(weights["a"], CPU, torch.float32)
    assert torch.equal(placed, numbers.half().float())
    assert torch.equal(weights["a"], numbers.half())
    assert torch.equal(weights["b"], numbers)


def test_changing_a_weight_does_not_change_the_file(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(8)}, tmp_path / "a.safetensors")
    open_weights(tmp_path / "a.safetensors")["a"].fill_(1.0)
    assert not load_file(tmp_path / "a.safetensors")["a"].any()


def test_tensors_outlive_the_file_that_they_came_from(tmp_path: Path) -> None:
    path = tiny.tiny_checkpoint(tmp_path / "a.ckpt", "sd1", text=False, vae=False)
    tensor = open_weights(path)["model.diffusion_model.out.2.weight"]
    path.unlink()
    assert torch.isfinite(tensor).all()


def test_a_pickle_in_torchs_old_layout_is_read(tmp_path: Path) -> None:
    numbers = torch.randn(3, 4)
    torch.save({"state_dict": {"a": numbers}}, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    assert torch.equal(open_weights(tmp_path / "a.pt")["a"], numbers)


def test_a_tensor_that_a_pickle_keeps_turned_is_read_turned(tmp_path: Path) -> None:
    numbers = torch.randn(3, 4)
    torch.save({"a": numbers.T}, tmp_path / "a.pt")
    weights = open_weights(tmp_path / "a.pt")
    assert torch.equal(weights.place(weights["a"], CPU, torch.float32), numbers.T)


class Program:
    """A pickle that would leave a mark when it is run."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def test_a_pickle_with_a_program_in_it_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"state_dict": {"a": torch.zeros(2)}, "callback": Program(tmp_path / "mark")}, tmp_path / "a.ckpt")
    with pytest.raises(BadInput, match=r"a\.ckpt.*refused.*safetensors"):
        open_weights(tmp_path / "a.ckpt")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("ending", [".safetensors", ".ckpt"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_refused_and_let_go(tmp_path: Path, ending: str, share: float) -> None:
    path = tiny.tiny_checkpoint(tmp_path / f"cut{ending}", "sd1", text=False, vae=False)
    os.truncate(path, int(path.stat().st_size * share))
    with pytest.raises(BadInput, match=path.name):
        open_weights(path)
    assert path.name not in Path("/proc/self/maps").read_text()
    assert list(tmp_path.iterdir()) == [path]


MEMORY = """
import sys, torch
from pathlib import Path
from safelight.models.loader import load_unet
from safelight.models.placement import Placement, bytes_of
from safelight.models.precision import precision
torch.set_num_threads(1)

def kib(name):
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))

cpu = torch.device("cpu")
load = lambda path, name: load_unet(Path(path), Placement(cpu), precision(name, cpu))
load(sys.argv[1], "fp32")
Path("/proc/self/clear_refs").write_text("5")  # starts the record of the peak afresh
before = kib("VmRSS")
model = load(sys.argv[2], sys.argv[3])
x, context = torch.zeros(1, 4, 8, 8), torch.zeros(1, 77, 64)
touched = sum(float(tensor.sum()) for tensor in model.network.parameters())
print((kib("VmHWM") - before) * 1024 / bytes_of(model.network))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux records the peak")
@pytest.mark.parametrize(
    ("ending", "stored", "run"),
    [(".safetensors", "float32", "fp16"), (".ckpt", "float16", "fp32")],
)
def test_loading_takes_less_than_1_3_times_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, stored: str, run: str
) -> None:
    small = tiny.tiny_checkpoint(tmp_path / "small.safetensors", "sd1", text=False, vae=False)
    wide = replace(tiny.SD1_UNET, block_channels=(128, 384, 384))
    monkeypatch.setitem(tiny.KINDS, "sd1", tiny.Tiny(wide, ()))
    dtype = getattr(torch, stored)
    large = tiny.tiny_checkpoint(tmp_path / f"large{ending}", "sd1", dtype=dtype, text=False, vae=False, ema=True)
    peak = subprocess.run(
        [sys.executable, "-c", MEMORY, str(small), str(large), run], capture_output=True, text=True, check=True
    )
    assert float(peak.stdout) < 1.3
