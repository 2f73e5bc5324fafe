"""Reading the names and shapes in a torch pickle, without torch, without its weights, and without running it.

A pickle is a program. The reader here lets it name only the few things that a table of tensors is made of,
puts harmless stand-ins in their place, and refuses the file at the first other name.
"""

import pickle
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any

from safelight.errors import BadInput
from safelight.files.tensors import STORED_TYPES, Header, TensorInfo

PROGRAM_LIMIT = 256_000_000  # bytes; a full SDXL pickle, without its weights, has about 1 MB
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
TABLE_KEYS = ("state_dict", "params_ema", "params", "model")
"""Under which names trainers keep the table of weights, in the order they are looked for."""
TABLES_WITHIN = 2  # levels; a hypernetwork keeps a pair of tables for each width
CONVERT = (
    "Use the .safetensors version of it if there is one. If you trust whoever made the file, open it in the "
    "program that wrote it and save it as .safetensors there."
)

_STORAGES = {
    "DoubleStorage": "F64",
    "FloatStorage": "F32",
    "HalfStorage": "F16",
    "BFloat16Storage": "BF16",
    "LongStorage": "I64",
    "IntStorage": "I32",
    "ShortStorage": "I16",
    "CharStorage": "I8",
    "ByteStorage": "U8",
    "BoolStorage": "BOOL",
    "UntypedStorage": "U8",
}
_DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
    "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2",
}


@dataclass(frozen=True)
class _Type:
    """Stands for a torch storage class or dtype."""

    code: str


@dataclass(frozen=True)
class _Storage:
    """Stands for a run of numbers in the file."""

    code: str
    record: str


def _tensor(storage: _Storage, offset: int, size: tuple[int, ...], *_: object) -> TensorInfo:
    return _place(storage.code, storage.record, offset, size)


def _tensor_with_dtype(
    storage: _Storage, offset: int, size: tuple[int, ...], _stride: object, _grad: object, _hooks: object, dtype: _Type
) -> TensorInfo:
    return _place(dtype.code, storage.record, offset, size)


def _place(code: str, record: str, offset: int, size: tuple[int, ...]) -> TensorInfo:
    width = STORED_TYPES[code].bits // 8
    return TensorInfo(code, tuple(size), offset * width, (offset + prod(size)) * width, record)


def _data_of(tensor: object, *_: object) -> object:
    return tensor


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "Counter"): Counter,
    ("builtins", "set"): set,
    ("torch", "Size"): tuple,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor_with_dtype,
    ("torch._utils", "_rebuild_parameter"): _data_of,
    **{("torch", name): _Type(code) for name, code in (_STORAGES | _DTYPES).items()},
    ("torch.storage", "UntypedStorage"): _Type("U8"),
}


class _RefusedError(Exception):
    """The pickle names something that is no part of a table of tensors."""


class _TableReader(pickle.Unpickler):
    def __init__(self, file: IO[bytes], records: str) -> None:
        super().__init__(file, encoding="latin-1")
        self._records = records

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module.replace("__builtin__", "builtins"), name]
        except KeyError:
            raise _RefusedError(f"{module}.{name}") from None

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, *_ = pid
        return _Storage(kind.code, f"{self._records}{key}")


def read_pickle_header(path: Path) -> Header:
    """Names, types and shapes of the tensors in a `.ckpt`, `.pt`, `.pth` or `.bin` file.

    Raises:
        BadInput: The file is damaged, is no table of tensors, or names anything else, which is then not run.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                program = next(name for name in archive.namelist() if name.endswith("data.pkl"))
                _check_length(path, archive.getinfo(program).file_size)
                with archive.open(program) as file:
                    content = _TableReader(file, program.removesuffix("data.pkl") + "data/").load()
        else:
            with path.open("rb") as file:
                content = _legacy(path, file)
    except _RefusedError as refused:
        raise BadInput(
            f"{path.name} was refused: it is a pickle, which is a small program, and besides weights it asks for "
            f"{refused}. It was not run.",
            mend=CONVERT,
        ) from None
    except BadInput:
        raise
    except Exception as error:  # a damaged pickle can fail in any way that a program can
        raise BadInput(
            f"{path.name} is cut short or is not a file of weights: its pickle cannot be read.",
            mend="Download it again, or use its .safetensors version.",
        ) from error
    return Header(path, "pickle", dict(_flatten(path, content)), {}, 0)


def table_of(content: object) -> Mapping[Any, Any] | None:
    """The table of weights in what a pickle holds, which trainers put one level down; None without one."""
    if not isinstance(content, Mapping):
        return None
    return next((content[key] for key in TABLE_KEYS if isinstance(content.get(key), Mapping)), content)


def read_record(header: Header, tensor: TensorInfo) -> bytes:
    """The bytes of one tensor of a pickle.

    Raises:
        BadInput: The file is of the layout that torch wrote before version 1.6.
    """
    if not zipfile.is_zipfile(header.path):
        raise BadInput(f"{header.path.name} is a pickle in torch's old layout.", mend=CONVERT)
    with zipfile.ZipFile(header.path) as archive, archive.open(tensor.record) as record:
        record.seek(tensor.start)
        return record.read(tensor.end - tensor.start)


def _legacy(path: Path, file: IO[bytes]) -> object:
    """The layout before torch 1.6: a magic number, a version and facts about the machine come first."""
    magic, _version, _machine, content = (_TableReader(file, "").load() for _ in range(4))
    if magic != LEGACY_MAGIC:
        raise BadInput(f"{path.name} is a pickle, but not one that torch wrote.", mend=CONVERT)
    return content


def _check_length(path: Path, length: int) -> None:
    if length > PROGRAM_LIMIT:
        raise BadInput(f"{path.name} is a pickle of {length:,} bytes without its weights, far more than any model.")


def _flatten(path: Path, content: object) -> list[tuple[str, TensorInfo]]:
    table = table_of(content)
    if table is None:
        raise BadInput(f"{path.name} is a pickle without a table of weights.", mend="Put a model file in its place.")
    return [found for name, value in table.items() for found in _tensors_in(str(name), value, TABLES_WITHIN)]


def _tensors_in(name: str, value: object, levels: int) -> Iterator[tuple[str, TensorInfo]]:
    """The tensors of a table, and of tables in it; a pickle's tables may go round in circles."""
    if isinstance(value, TensorInfo):
        yield name, value
    elif isinstance(value, Mapping | tuple) and levels:
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for inner, item in items:
            yield from _tensors_in(f"{name}.{inner}", item, levels - 1)
