import os
import pickle
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn

from safelight.errors import BadInput
from safelight.files.header import read_header


class _Attack:
    """Creates a file when it is unpickled in the ordinary way."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before-1.6"])
def test_names_shapes_and_types_are_those_that_torch_saved(zipped: bool, tmp_path: Path) -> None:
    tensors = {
        "a": torch.zeros(2, 3, dtype=torch.bfloat16),
        "b": nn.Parameter(torch.zeros(4)),
        "c": torch.arange(5),
        "d": torch.zeros(10)[2:4],
    }
    path = tmp_path / "model.ckpt"
    torch.save({"state_dict": OrderedDict(tensors), "epoch": 3}, path, _use_new_zipfile_serialization=zipped)
    header = read_header(path)
    found = {name: (tensor.dtype, tensor.shape, tensor.start) for name, tensor in header.tensors.items()}
    assert found == {"a": ("BF16", (2, 3), 0), "b": ("F32", (4,), 0), "c": ("I64", (5,), 0), "d": ("F32", (2,), 8)}


def test_a_modules_own_state_is_read(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.GroupNorm(1, 2))
    torch.save(network.state_dict(), tmp_path / "model.pth")
    header = read_header(tmp_path / "model.pth")
    assert {name: tensor.shape for name, tensor in header.tensors.items()} == {
        name: tuple(tensor.shape) for name, tensor in network.state_dict().items()
    }


def test_tensors_one_level_down_get_dotted_names(tmp_path: Path) -> None:
    torch.save({"string_to_param": {"*": torch.zeros(2, 768)}, "name": "foo"}, tmp_path / "foo.pt")
    assert list(read_header(tmp_path / "foo.pt").tensors) == ["string_to_param.*"]


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "before-1.6"])
def test_a_pickle_with_a_program_in_it_is_refused_and_not_run(zipped: bool, tmp_path: Path) -> None:
    path, harm = tmp_path / "model.ckpt", tmp_path / "harm"
    content = {"state_dict": {"a": torch.zeros(1)}, "extra": _Attack(harm)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(BadInput, match=r"asks for posix\.mkdir") as refusal:
        read_header(path)
    assert not harm.exists()
    assert "safetensors" in refusal.value.mend


def test_a_pickle_that_torch_did_not_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.ckpt").write_bytes(pickle.dumps([1, 2, 3]) * 4)
    with pytest.raises(BadInput, match="not one that torch wrote"):
        read_header(tmp_path / "model.ckpt")


def test_a_pickle_without_weights_is_refused(tmp_path: Path) -> None:
    torch.save([1, 2, 3], tmp_path / "model.ckpt")
    with pytest.raises(BadInput, match="without a table of weights"):
        read_header(tmp_path / "model.ckpt")


def test_a_pickle_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    torch.save({"a": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(BadInput, match="cut short"):
        read_header(path)


def test_a_pickle_that_calls_itself_safetensors_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1)}, tmp_path / "model.safetensors")
    with pytest.raises(BadInput, match="promises something else"):
        read_header(tmp_path / "model.safetensors")
