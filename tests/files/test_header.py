import json
import struct
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from safelight.errors import BadInput
from safelight.files.header import read_header, read_values
from tests.tiny import tiny_vae


def _write(path: Path, header: object, data: bytes = b"") -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return path


def _entry(start: int, end: int, shape: tuple[int, ...], dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def test_names_shapes_and_types_agree_with_the_safetensors_library(tmp_path: Path) -> None:
    path = tiny_vae(tmp_path / "vae.safetensors", dtype=torch.bfloat16)
    header = read_header(path)
    with safe_open(path, "pt") as reference:
        assert set(header.tensors) == set(reference.keys())
        assert header.metadata == reference.metadata()
        for name, tensor in header.tensors.items():
            assert tensor.shape == tuple(reference.get_slice(name).get_shape())
            assert tensor.dtype == reference.get_slice(name).get_dtype()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("ending", ["safetensors", "pt"])
def test_the_numbers_of_one_tensor_are_read_exactly(dtype: torch.dtype, ending: str, tmp_path: Path) -> None:
    tensors = {"a": torch.randn(7, dtype=dtype), "b": torch.randn(3, 5, dtype=dtype)}
    path = tmp_path / f"model.{ending}"
    if ending == "safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors, path)
    assert read_values(read_header(path), "b") == tuple(tensors["b"].double().flatten().tolist())


def test_only_the_header_is_read_however_large_the_file(tmp_path: Path) -> None:
    size = 20_000_000_000  # on disk it takes no room: the weights are a hole
    path = _write(tmp_path / "large.safetensors", {"weight": _entry(0, size, (size // 4,))})
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + size)
    before = _bytes_read()
    assert read_header(path).tensors["weight"].numbers == size // 4
    assert _bytes_read() - before < 10_000


def _bytes_read() -> int:
    counters = Path("/proc/self/io")
    if not counters.exists():
        pytest.skip("only Linux tells how much a process has read")
    return int(counters.read_text().split("rchar:")[1].split()[0])


def test_a_file_cut_short_is_refused_with_both_sizes(tmp_path: Path) -> None:
    path = tiny_vae(tmp_path / "vae.safetensors")
    whole = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(whole - 100)
    with pytest.raises(BadInput, match=f"should have {whole:,} bytes and has {whole - 100:,}"):
        read_header(path)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 20])
def test_a_file_cut_short_within_its_header_is_refused(length: int, tmp_path: Path) -> None:
    path = tiny_vae(tmp_path / "vae.safetensors")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(BadInput):
        read_header(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html><head>", "web page"),
        (b"\n  <html lang='en'>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS pointer"),
        (b'{"model_type": "clip"}', "text file"),
        (b"GGUF\x03\0\0\0", "GGUF"),
        (b"", "empty"),
        (b"\x00" * 100, "begins like neither"),
        (b"\x89PNG\r\n\x1a\n0000", "begins like neither"),
    ],
)
def test_a_file_that_is_something_else_is_called_by_its_name(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        read_header(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.safetensors", tmp_path):
        with pytest.raises(BadInput, match="cannot be opened"):
            read_header(path)


@pytest.mark.parametrize(
    ("header", "data", "said"),
    [
        ({"a": _entry(0, 8, (2,)), "b": _entry(4, 12, (2,))}, 12, "begin at 4 instead of 8"),
        ({"a": _entry(0, 8, (2,)), "b": _entry(12, 20, (2,))}, 20, "begin at 12 instead of 8"),
        ({"a": _entry(0, 8, (3,))}, 8, "not what its shape"),
        ({"a": _entry(0, 8, (2,))}, 9, "1 bytes more"),
        ({"a": _entry(8, 0, (2,))}, 8, "not what its shape"),
        ({"a": _entry(0, 8, (-2,))}, 8, "no whole numbers"),
        ({"a": {"dtype": "F32", "shape": [2]}}, 8, "incomplete"),
        ({"a": _entry(0, 8, (2,), "F99")}, 8, "F99"),
        ({"__metadata__": {"a": 1}}, 0, "metadata"),
    ],
)
def test_a_header_that_contradicts_itself_is_refused(header: object, data: int, said: str, tmp_path: Path) -> None:
    path = _write(tmp_path / "model.safetensors", header, b"\0" * data)
    with pytest.raises(BadInput, match=said):
        read_header(path)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_anything_but_a_clear_error(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "model.ckpt"
    path.write_bytes(struct.pack("<Q", len(raw)) + b"{" + raw)
    with pytest.raises(BadInput):
        read_header(path)
    path.write_bytes(b"\x80" + raw)
    with pytest.raises(BadInput):
        read_header(path)
