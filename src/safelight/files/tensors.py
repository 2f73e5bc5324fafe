"""What a weight file's header says: names, shapes and places of tensors, without their numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Literal, NamedTuple


@dataclass(frozen=True)
class StoredType:
    """How a number is stored: its common name, and how many bits it takes."""

    name: str
    bits: int


STORED_TYPES: dict[str, StoredType] = {
    "F64": StoredType("fp64", 64),
    "F32": StoredType("fp32", 32),
    "F16": StoredType("fp16", 16),
    "BF16": StoredType("bf16", 16),
    "F8_E4M3": StoredType("fp8_e4m3", 8),
    "F8_E5M2": StoredType("fp8_e5m2", 8),
    "F8_E8M0": StoredType("fp8_e8m0", 8),
    "F6_E2M3": StoredType("fp6_e2m3", 6),
    "F6_E3M2": StoredType("fp6_e3m2", 6),
    "F4": StoredType("fp4", 4),
    "C64": StoredType("complex64", 64),
    "I64": StoredType("int64", 64),
    "I32": StoredType("int32", 32),
    "I16": StoredType("int16", 16),
    "I8": StoredType("int8", 8),
    "U64": StoredType("uint64", 64),
    "U32": StoredType("uint32", 32),
    "U16": StoredType("uint16", 16),
    "U8": StoredType("uint8", 8),
    "BOOL": StoredType("bool", 8),
}
"""By the codes of the safetensors format."""


class TensorInfo(NamedTuple):  # files have thousands, and a tuple is made four times as fast as a dataclass
    """One tensor, as the header tells of it.

    Attributes:
        dtype: A code of `STORED_TYPES`.
        shape: Its sizes.
        start: Where its bytes begin: in a safetensors file after `Header.data_start`, in a pickle within `record`.
        end: Where they end.
        record: In a pickle, the name of the archive's record that has its bytes.
    """

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int
    record: str = ""

    @property
    def numbers(self) -> int:
        """How many numbers it has; a scalar has one."""
        return prod(self.shape)


@dataclass(frozen=True)
class Header:
    """All that can be known of a weight file without reading its weights.

    Attributes:
        path: The file.
        format: How it is written, whatever its name ends with.
        tensors: By name, in the file's order.
        metadata: The words of a safetensors file about itself; a pickle has none.
        data_start: Where the tensors' bytes begin in a safetensors file; 0 for a pickle.
    """

    path: Path
    format: Literal["safetensors", "pickle"]
    tensors: Mapping[str, TensorInfo]
    metadata: Mapping[str, str]
    data_start: int
