"""Reading and checking the header of a safetensors file, with neither torch nor the library."""

import json
from math import prod
from pathlib import Path
from typing import Any

from safelight.errors import BadInput
from safelight.files.tensors import STORED_TYPES, Header, TensorInfo

LENGTH_BYTES = 8
HEADER_LIMIT = 100_000_000  # the format's own bound
DOWNLOAD_AGAIN = "Download it again; the page it came from says how large it should be."


def read_safetensors_header(path: Path) -> Header:
    """The header of a safetensors file, checked against the file's size; no tensor is read.

    Raises:
        BadInput: The file is cut short, too long, or its header is not one.

    Source: the format's description, https://github.com/huggingface/safetensors#format.
    """
    size = path.stat().st_size
    with path.open("rb", buffering=0) as file:
        length = int.from_bytes(file.read(LENGTH_BYTES), "little")
        if length > HEADER_LIMIT:
            raise _damaged(path, f"its header would have {length:,} bytes, and {HEADER_LIMIT:,} are allowed")
        data_start = LENGTH_BYTES + length
        if data_start > size:
            raise _cut_short(path, f"at least {data_start:,}", size)
        raw = file.read(length)
    entries = _parse(path, raw)
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _damaged(path, "its metadata is not a table of texts")
    tensors = {name: _tensor(path, name, entry) for name, entry in entries.items()}
    _check_places(path, tensors, size - data_start, data_start)
    return Header(path, "safetensors", tensors, metadata, data_start)


def _parse(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        entries = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "its header is not JSON") from error
    if not isinstance(entries, dict):
        raise _damaged(path, "its header is not a table")
    return entries


def _tensor(path: Path, name: str, entry: Any) -> TensorInfo:
    try:
        dtype, shape, (start, end) = entry["dtype"], entry["shape"], entry["data_offsets"]
        numbers = (*shape, start, end)
        whole = set(map(type, numbers)) == {int} and min(numbers) >= 0
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"the entry of {name} is incomplete") from error
    if not whole:
        raise _damaged(path, f"the entry of {name} has sizes that are no whole numbers")
    if dtype not in STORED_TYPES:
        raise BadInput(
            f"{path.name} has numbers of the type {dtype!r} (in {name}), which is not known here.",
            mend="Look for a version in fp16, bf16 or fp32.",
        )
    if (end - start) * 8 != prod(shape) * STORED_TYPES[dtype].bits:
        raise _damaged(path, f"{name} has {end - start:,} bytes, which is not what its shape {shape} needs")
    return TensorInfo(dtype, tuple(shape), start, end)


def _check_places(path: Path, tensors: dict[str, TensorInfo], data_size: int, data_start: int) -> None:
    """Tensors lie one after another, without gap or overlap, to the end of the file."""
    reached = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].end)):
        if tensor.start != reached:
            raise _damaged(path, f"the bytes of {name} begin at {tensor.start:,} instead of {reached:,}")
        reached = tensor.end
    if reached > data_size:
        raise _cut_short(path, f"{data_start + reached:,}", data_start + data_size)
    if reached < data_size:
        raise _damaged(path, f"it has {data_size - reached:,} bytes more than its header tells of")


def _cut_short(path: Path, expected: str, found: int) -> BadInput:
    return BadInput(
        f"{path.name} is cut short: it should have {expected} bytes and has {found:,}.", mend=DOWNLOAD_AGAIN
    )


def _damaged(path: Path, how: str) -> BadInput:
    return BadInput(f"{path.name} is not a sound safetensors file: {how}.", mend=DOWNLOAD_AGAIN)
