"""Results of nodes by the key of what produced them, least recently used out first."""

from collections import OrderedDict
from dataclasses import fields, is_dataclass
from itertools import chain

import numpy as np
from torch import Tensor, nn

from safelight.graph.keys import Key
from safelight.worker.disk_cache import DiskCache
from safelight.worker.stored import Entry

ENTRY = 500  # bytes of an entry beside its values
OBJECT = 64  # bytes of a small object
_SMALL = frozenset({int, float, bool, type(None)})


class Cache:
    """Results up to `limit` bytes. One worker's, and used by one thread.

    Args:
        limit: Of memory.
        disk: Where costly results are kept too, and looked for when they are not in memory.
    """

    def __init__(self, limit: int, disk: DiskCache | None = None) -> None:
        self.limit = limit
        self.size = 0
        self._disk = disk
        self._entries: OrderedDict[str, tuple[Entry, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def refresh(self) -> None:
        """See what other workers have kept on the disk."""
        if self._disk is not None:
            self._disk.refresh()

    def get(self, key: Key) -> Entry | None:
        """The result under `key`, which is then the most recently used."""
        if key is None:
            return None
        if (known := self._entries.get(key)) is not None:
            self._entries.move_to_end(key)
            return known[0]
        if self._disk is None or (entry := self._disk.get(key)) is None:
            return None
        self._keep(key, entry)
        return entry

    def put(self, key: Key, entry: Entry, took: float = 0.0) -> None:
        """Keep a result; not under the key None, and in memory not one that is larger than the whole cache.

        Args:
            key: What produced it.
            entry: The result.
            took: See `DiskCache.put`.
        """
        if key is None:
            return
        self._keep(key, entry)
        if self._disk is not None:
            self._disk.put(key, entry, took)

    def _keep(self, key: str, entry: Entry) -> None:
        self.drop(key)
        size = ENTRY + size_of(entry.outputs)
        if size > self.limit:
            return
        self._entries[key] = entry, size
        self.size += size
        while self.size > self.limit:
            _, (_, oldest) = self._entries.popitem(last=False)
            self.size -= oldest

    def drop(self, key: str) -> None:
        """Forget the result under `key` in memory, if there is one."""
        if (known := self._entries.pop(key, None)) is not None:
            self.size -= known[1]

    def clear(self) -> None:
        """Forget everything in memory."""
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
