"""Results of nodes by the key of what produced them, least recently used out first."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from itertools import chain

import numpy as np
from torch import Tensor, nn

from safelight.graph.keys import Key
from safelight.protocol.events import Output

ENTRY = 500  # bytes of an entry beside its values
OBJECT = 64  # bytes of a small object
_SMALL = frozenset({int, float, bool, type(None)})


@dataclass(frozen=True)
class Entry:
    """What one node gave.

    Attributes:
        outputs: Its outputs.
        shown: What it reported for the person to see.
        size: Of both, in bytes.
    """

    outputs: tuple[object, ...]
    shown: tuple[Output, ...]
    size: int


class Cache:
    """Results up to `limit` bytes. One worker's, and used by one thread."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Key) -> Entry | None:
        """The result under `key`, which is then the most recently used."""
        if key is None or (entry := self._entries.get(key)) is None:
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: Key, outputs: tuple[object, ...], shown: Iterable[Output] = ()) -> None:
        """Keep a result; not under the key None, and not one that is larger than the whole cache."""
        if key is None:
            return
        entry = Entry(outputs, tuple(shown), ENTRY + size_of(outputs))
        self.drop(key)
        if entry.size > self.limit:
            return
        self._entries[key] = entry
        self.size += entry.size
        while self.size > self.limit:
            _, oldest = self._entries.popitem(last=False)
            self.size -= oldest.size

    def drop(self, key: str) -> None:
        """Forget the result under `key`, if there is one."""
        if (entry := self._entries.pop(key, None)) is not None:
            self.size -= entry.size

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.size = 0


def size_of(value: object) -> int:
    """Bytes of memory that `value` holds, about.

    Tensors (each storage once, and whole even where a view uses a part of it), networks, arrays, texts and what
    containers and dataclasses hold of them. Other objects count as small. A network that alone is larger than the
    cache is not kept here, so that the model store, which also has it, can let go of it.
    """
    total = 0
    storages: set[int] = set()
    waiting = [value]
    met: set[int] = set()
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind in _SMALL:
            total += OBJECT
            continue
        if id(item) in met:
            continue
        met.add(id(item))
        if isinstance(item, Tensor):
            storage = item.untyped_storage()
            if storage.data_ptr() not in storages:
                storages.add(storage.data_ptr())
                total += storage.nbytes()
        elif isinstance(item, nn.Module):
            waiting.extend(chain(item.parameters(), item.buffers()))
        elif isinstance(item, np.ndarray):
            total += item.nbytes
        elif isinstance(item, str | bytes | bytearray):
            total += len(item)
        elif isinstance(item, dict):
            waiting.extend(chain(item.keys(), item.values()))
        elif isinstance(item, tuple | list | set | frozenset):
            waiting.extend(item)
        elif is_dataclass(item) and not isinstance(item, type):
            waiting.extend([getattr(item, field.name) for field in fields(item)])
        total += OBJECT
    return total
