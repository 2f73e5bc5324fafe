"""What a node gave as a file: plain data, exact to the bit, and nothing in it is a program.

The file is a safetensors file. Its metadata have the outputs as JSON, in which containers are objects of one key, the
name of their kind; tensors stand there by number.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from safelight.diffusion.conditioning import Area, Cond, SeenPicture, SizeConditioning, SmallPicture
from safelight.diffusion.latent import Latent
from safelight.errors import BadInput
from safelight.files.safetensors_header import read_safetensors_header
from safelight.models.clip_vision import ClipVisionOutput
from safelight.models.saving import Entry as TensorEntry
from safelight.models.saving import write_safetensors
from safelight.models.weights import DTYPES
from safelight.protocol import events
from safelight.protocol.events import Output
from safelight.worker.mapping import Many

FORMAT = "1"
STORED = frozenset(DTYPES.values())

KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (Latent, Cond, SizeConditioning, Area, SeenPicture, SmallPicture, ClipVisionOutput, Many)
}
"""Classes of plain data that outputs may hold, by name."""


class UnstorableError(Exception):
    """A value is of a kind that is not kept in files."""


class DamagedError(Exception):
    """A file is not what was written, or was written by another version of the program."""


@dataclass(frozen=True)
class Entry:
    """What one node gave.

    Attributes:
        outputs: Its outputs.
        shown: What it reported for the person to see.
        stamps: Of the files among `shown`, when they were written.
    """

    outputs: tuple[object, ...]
    shown: tuple[Output, ...] = ()
    stamps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Packed:
    """An entry that is ready to be written.

    Attributes:
        text: All but the numbers of its tensors, as JSON.
        tensors: Contiguous, on the CPU.
    """

    text: str
    tensors: Sequence[Tensor]

    @property
    def size(self) -> int:
        """Bytes that it will take, about."""
        return len(self.text) + sum(tensor.nbytes for tensor in self.tensors)

    def write(self, file: BinaryIO) -> None:
        """Write it.

        Raises:
            OSError: It cannot be written.
        """
        digest = _digest(self.text)
        for tensor in self.tensors:
            digest.update(_bytes_of(tensor))
        metadata = {"format": FORMAT, "result": self.text, "digest": digest.hexdigest()}
        entries = [
            TensorEntry(str(number), tensor.dtype, tuple(tensor.shape), partial(_same, tensor))
            for number, tensor in enumerate(self.tensors)
        ]
        write_safetensors(file, entries, metadata)


def pack(entry: Entry) -> Packed:
    """Make an entry ready to be written; the numbers of its tensors are not copied where they lie in one piece.

    Raises:
        UnstorableError: It holds more than plain data on the CPU.
    """
    tensors: list[Tensor] = []
    numbers: dict[int, int] = {}  # by identity, so that what is one tensor stays one

    def packed_tensor(tensor: Tensor) -> list[int]:
        plain = tensor.layout is torch.strided and tensor.device.type == "cpu" and not tensor.requires_grad
        if not plain or tensor.dtype not in STORED:
            raise UnstorableError(f"a tensor {tensor.dtype} on {tensor.device}")
        # Dimensions in the order that they lie in memory, since sums over them may depend on it in the last bit.
        strides = tensor.stride()
        order = sorted(range(tensor.ndim), key=lambda dimension: -strides[dimension])
        if not tensor.permute(order).is_contiguous():
            order = list(range(tensor.ndim))
        if id(tensor) not in numbers:
            numbers[id(tensor)] = len(tensors)
            tensors.append(tensor.permute(order).contiguous())
        return [numbers[id(tensor)], *order]

    try:
        outputs = [_packed(output, packed_tensor) for output in entry.outputs]
    except RecursionError as error:
        raise UnstorableError("it is nested too deep") from error
    shown = [events.to_json(output) for output in entry.shown]
    return Packed(json.dumps({"outputs": outputs, "shown": shown, "stamps": entry.stamps}), tensors)


def read(path: Path) -> Entry:
    """Read an entry.

    Raises:
        DamagedError: The file is none, or not whole.
        OSError: It cannot be read.
    """
    try:
        header = read_safetensors_header(path)
        if header.metadata.get("format") != FORMAT:
            raise DamagedError("it was written by another version")
        text = header.metadata["result"]
        digest = _digest(text)
        tensors = []
        with path.open("rb") as file:
            file.seek(header.data_start)
            for info in header.tensors.values():
                tensor = torch.empty(info.shape, dtype=DTYPES[info.dtype])
                numbers = _bytes_of(tensor)
                file.readinto(numbers)
                digest.update(numbers)
                tensors.append(tensor)
        if digest.hexdigest() != header.metadata["digest"]:
            raise DamagedError("its content has changed")
        kept = json.loads(text)
        outputs = tuple(_unpacked(output, tensors) for output in kept["outputs"])
        shown = [events.from_json(output) for output in kept["shown"]]
        return Entry(outputs, tuple(output for output in shown if isinstance(output, Output)), tuple(kept["stamps"]))
    except (BadInput, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise DamagedError(str(error)) from error


def _digest(text: str) -> "blake2b":
    return blake2b(text.encode(), digest_size=16)


def _bytes_of(tensor: Tensor) -> memoryview:
    return tensor.view(-1).view(torch.uint8).numpy().data


def _same(tensor: Tensor) -> Tensor:
    return tensor


def _packed(value: object, tensor: Callable[[Tensor], list[int]]) -> object:
    """A value as JSON data."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if isinstance(value, Tensor) and kind is Tensor:
        return {"tensor": tensor(value)}
    if isinstance(value, list | tuple) and kind in (list, tuple):
        return {kind.__name__: [_packed(item, tensor) for item in value]}
    if isinstance(value, dict) and kind is dict:
        return {"dict": [[_packed(key, tensor), _packed(item, tensor)] for key, item in value.items()]}
    if KINDS.get(kind.__name__) is kind:
        return {kind.__name__: {name: _packed(getattr(value, name), tensor) for name in _names(kind)}}
    raise UnstorableError(f"a {kind.__name__}")


def _names(kind: type[Any]) -> Iterator[str]:
    """The fields of a dataclass or named tuple."""
    return (field.name for field in fields(kind)) if is_dataclass(kind) else iter(kind._fields)


def _unpacked(packed: object, tensors: Sequence[Tensor]) -> object:
    if not isinstance(packed, dict):
        return packed
    ((kind, content),) = packed.items()
    if kind in _READERS:
        return _READERS[kind](content, tensors)
    return KINDS[kind](**{name: _unpacked(value, tensors) for name, value in content.items()})


def _tensor(content: Sequence[int], tensors: Sequence[Tensor]) -> Tensor:
    number, *order = content
    places = sorted(range(len(order)), key=order.__getitem__)
    return tensors[number].permute(places)


def _list(content: Sequence[object], tensors: Sequence[Tensor]) -> list[object]:
    return [_unpacked(item, tensors) for item in content]


_READERS: Mapping[str, Callable[[Any, Sequence[Tensor]], object]] = {
    "tensor": _tensor,
    "list": _list,
    "tuple": lambda content, tensors: tuple(_list(content, tensors)),
    "dict": lambda content, tensors: {_unpacked(key, tensors): _unpacked(item, tensors) for key, item in content},
}
