"""The tensors of a file, memory-mapped: read when asked for, and their pages given back once converted."""

import ctypes
import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor

from safelight.errors import BadInput
from safelight.files.header import read_header
from safelight.files.pickle_header import CONVERT, table_of
from safelight.files.tensors import Header, TensorInfo

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
"""Codes of the safetensors format -> what torch calls them."""


class Weights(Mapping[str, Tensor]):
    """Name -> tensor, as stored, in a private memory map: nothing is read until a tensor's numbers are used.

    Tensors keep the map alive; there is nothing to close.

    Attributes:
        path: The file.
        header: What its header says.
    """

    def __init__(self, header: Header, tensors: Mapping[str, Tensor]) -> None:
        self.path = header.path
        self.header = header
        self._tensors = tensors
        self._mapped = _mapped_ranges(header.path)

    def __getitem__(self, name: str) -> Tensor:
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def place(self, stored: Tensor, device: torch.device, dtype: torch.dtype) -> Tensor:
        """A tensor of this file, or a view of one, where and as it is to be used.

        It stays in the map where nothing has to be converted. Otherwise the pages that were read for it are given
        back, so that a file never takes memory beside what is made of it.
        """
        placed = stored.to(device, dtype).contiguous()
        if placed.device != stored.device or placed.data_ptr() != stored.data_ptr():
            self._give_back(stored)
        return placed

    def can_stay(self, stored: Tensor, dtype: torch.dtype) -> bool:
        """Whether a tensor is mapped from the file just as it is to be used."""
        return stored.dtype == dtype and stored.is_contiguous() and self._is_mapped(stored)

    def _is_mapped(self, stored: Tensor) -> bool:
        start, end = stored.data_ptr(), stored.data_ptr() + stored.nbytes
        return any(low <= start and end <= high for low, high in self._mapped)

    def _give_back(self, stored: Tensor) -> None:
        if self._is_mapped(stored):
            start, end = stored.data_ptr(), stored.data_ptr() + stored.nbytes
            start -= start % mmap.PAGESIZE
            ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), mmap.MADV_DONTNEED)


def open_weights(path: Path) -> Weights:
    """Open a file of weights.

    Args:
        path: A safetensors file, or a torch pickle, of which only tensors are read.

    Raises:
        BadInput: The file is not there, is damaged, is something else, or is a pickle with more than weights in it.
    """
    header = read_header(path)
    tensors = _from_pickle(header) if header.format == "pickle" else _from_safetensors(header)
    return Weights(header, tensors)


def _from_safetensors(header: Header) -> dict[str, Tensor]:
    with header.path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    return {name: _view(mapped, header, info) for name, info in header.tensors.items() if info.dtype in DTYPES}


def _view(mapped: mmap.mmap, header: Header, info: TensorInfo) -> Tensor:
    dtype = DTYPES[info.dtype]
    if not info.numbers:
        return torch.empty(info.shape, dtype=dtype)
    offset = header.data_start + info.start
    if offset % dtype.itemsize:  # some writers pack tensors without padding; a view has to begin at a whole number
        return torch.frombuffer(bytearray(mapped[offset : header.data_start + info.end]), dtype=dtype).view(info.shape)
    return torch.frombuffer(mapped, dtype=dtype, count=info.numbers, offset=offset).view(info.shape)


def _from_pickle(header: Header) -> dict[str, Tensor]:
    try:
        content = torch.load(header.path, map_location="cpu", weights_only=True, mmap=_is_archive(header.path))
    except Exception as error:  # a damaged pickle can fail in any way that a program can
        raise BadInput(
            f"{header.path.name} cannot be read as a table of weights: it is damaged, or holds something else too.",
            mend=CONVERT,
        ) from error
    found: dict[str, Tensor] = {}
    for name, value in (table_of(content) or {}).items():
        if isinstance(value, Tensor):
            found[str(name)] = value.detach()
        elif isinstance(value, Mapping):
            found |= {f"{name}.{inner}": item.detach() for inner, item in value.items() if isinstance(item, Tensor)}
    return {name: tensor for name, tensor in found.items() if name in header.tensors}


def _is_archive(path: Path) -> bool:
    """Whether torch wrote it in its present layout (since 1.6), a zip archive; only that can be mapped."""
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _mapped_ranges(path: Path) -> list[tuple[int, int]]:
    """Addresses at which this process has mapped a file; none where the system does not tell (only Linux does).

    Giving back pages that are not of a file would erase them, so it is asked rather than assumed.
    """
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return []
    ranges, wanted = [], str(path.resolve())
    for line in maps.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        addresses, *_, mapped = line.split(maxsplit=5)
        if mapped == wanted:
            low, _, high = addresses.partition("-")
            ranges.append((int(low, 16), int(high, 16)))
    return ranges
