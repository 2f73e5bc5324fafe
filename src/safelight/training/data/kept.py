"""Tensors that take long to make, kept in memory and on the disk by what they were made of.

Each entry is a safetensors file, written whole or not at all, that says itself whether it is sound; a damaged one is
made anew. What was kept is the same to the bit as what is given when it is made, so that it never matters to a run
whether something was found or made.
"""

import logging
import os
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from safelight.errors import BadInput
from safelight.files.atomic import write_whole
from safelight.files.safetensors_header import read_safetensors_header

log = logging.getLogger(__name__)

ENDING = ".safetensors"
DIGEST = "digest"
BLOCK = 4096
"""Bytes that a file takes in steps of, on most disks."""
MEMORY_BYTES = 512 * 2**20
ABANDONED = 3600  # seconds; what was being written by then was left by a program that was ended
LOST = 1e-3
"""Share of a tensor's length that may be lost by keeping it in half the bytes."""

Tensors = dict[str, Tensor]


class Kept:
    """Named tensors by keys.

    Args:
        folder: Where files are; other programs may use it at the same time.
        most_bytes: What all files in it take at most. Beyond it nothing is written, and what is not there is made
            each time.
        memory_bytes: What is held in memory at most, the least recently used out first.
    """

    def __init__(self, folder: Path, *, most_bytes: int, memory_bytes: int = MEMORY_BYTES) -> None:
        self._folder = folder
        self.most_bytes = most_bytes
        self._memory_most = memory_bytes
        self._memory: OrderedDict[str, Tensors] = OrderedDict()
        self._memory_bytes = 0
        self._used = sum(_size(path) for path in self._files())

    def __contains__(self, key: str) -> bool:
        return key in self._memory or self._path(key).is_file()

    def get(self, key: str) -> Tensors | None:
        """What was put there, in float32; None where nothing was, or it is damaged."""
        found = self._memory.get(key)
        if found is not None:
            self._memory.move_to_end(key)
        else:
            found = self._read(self._path(key))
            if found is None:
                return None
            self._remember(key, found)
        return _given(found)

    def put(self, key: str, tensors: Mapping[str, Tensor]) -> Tensors:
        """Keep tensors, in half the bytes where that loses less than `LOST` of them; what `get` will give.

        A file is written only where there is room; a full disk is no error.
        """
        slim = {name: _slim(tensor) for name, tensor in tensors.items()}
        self._remember(key, slim)
        content = save(slim, {DIGEST: _digest(slim)})
        path = self._path(key)
        was = _size(path)
        if self.has_room(in_blocks(len(content)) - was):
            try:
                write_whole(path, content)
                self._used += in_blocks(len(content)) - was
            except OSError as error:
                log.warning("what is made for training is not kept any more: %s", error)
                self.most_bytes = self._used
        return _given(slim)

    def has_room(self, needed: int) -> bool:
        """Whether so many bytes may be written."""
        return self._used + needed <= self.most_bytes

    def make_room(self, wanted: Collection[str], needed: int) -> None:
        """Delete files until there is room for `needed` bytes, the oldest first; none of those that are wanted."""
        if self.has_room(needed):
            return
        spare = {self._path(key) for key in wanted}
        for path in sorted((path for path in self._files() if path not in spare), key=_changed):
            if self.has_room(needed):
                return
            size = _size(path)
            with suppress(OSError):
                path.unlink()
                self._used -= size

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}{ENDING}"

    def _files(self) -> list[Path]:
        """All files of the folder; what was never finished is deleted."""
        found = []
        for place, _, names in os.walk(self._folder):
            for name in names:
                path = Path(place, name)
                if name.endswith(".part") and _changed(path) < time.time() - ABANDONED:
                    path.unlink(missing_ok=True)
                else:
                    found.append(path)
        return found

    def _remember(self, key: str, tensors: Tensors) -> None:
        if (old := self._memory.pop(key, None)) is not None:
            self._memory_bytes -= _bytes(old)
        self._memory[key] = tensors
        self._memory_bytes += _bytes(tensors)
        while self._memory_bytes > self._memory_most:
            self._memory_bytes -= _bytes(self._memory.popitem(last=False)[1])

    def _read(self, path: Path) -> Tensors | None:
        try:
            said = read_safetensors_header(path).metadata.get(DIGEST)
            tensors: Tensors = load(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (BadInput, OSError, SafetensorError) as error:
            log.info("%s is damaged, and made anew: %s", path, error)
            return None
        return tensors if _digest(tensors) == said else None


def key_of(*parts: object) -> str:
    """A key for what was made of some values, told apart by their `repr`."""
    return blake2b(repr(parts).encode(errors="surrogatepass"), digest_size=20).hexdigest()


def _given(tensors: Tensors) -> Tensors:
    """Copies, which callers may change."""
    return {name: tensor.to(torch.float32, copy=True) for name, tensor in tensors.items()}


def _slim(tensor: Tensor) -> Tensor:
    whole = tensor.detach().to("cpu", torch.float32).contiguous()
    half = whole.half()
    lost = (half.float() - whole).norm()
    return half if bool(lost <= LOST * whole.norm()) else whole  # what is too large for half is infinite there


def _digest(tensors: Tensors) -> str:
    digest = blake2b(digest_size=16)
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _bytes(tensors: Tensors) -> int:
    return sum(tensor.nbytes for tensor in tensors.values())


def in_blocks(size: int) -> int:
    """What a file of so many bytes takes on the disk."""
    return -(-size // BLOCK) * BLOCK


def _size(path: Path) -> int:
    try:
        return in_blocks(path.stat().st_size)
    except OSError:
        return 0


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
