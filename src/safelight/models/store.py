"""The models that are loaded: each file once, shared by all that use it, the least recently used out first."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TypeVar, cast

from torch import nn

from safelight.errors import BadInput
from safelight.models.loader import Checkpoint, load_checkpoint, load_text, load_unet, load_vae
from safelight.models.model import Model
from safelight.models.placement import Placement, bytes_of
from safelight.models.precision import Precision
from safelight.models.text_encoder import Clip
from safelight.models.vae import Vae

Loaded = TypeVar("Loaded")
Load = Callable[[Path, Placement, Precision], Loaded]
"""(file, where it is to run, what it is to run in) -> a model made of it: a network, or a dataclass that has some."""
Stamp = tuple[Path, int, int]
"""A file as it is now: where, its size in bytes, and when it was written (ns). A changed file is loaded anew."""


class ModelStore:
    """Loaded files.

    Attributes:
        placement: Where models run.
        precision: What they run in.
        budget: Bytes of weights kept while nothing uses them; what is in use counts, but is never taken away.
    """

    def __init__(self, placement: Placement, precision: Precision, budget: int) -> None:
        self.placement = placement
        self.precision = precision
        self.budget = budget
        self._loaded: OrderedDict[tuple[object, tuple[Stamp, ...]], object] = OrderedDict()

    def checkpoint(self, path: Path) -> Checkpoint:
        """See `load_checkpoint`."""
        return self.get(load_checkpoint, path)

    def unet(self, path: Path) -> Model:
        """See `load_unet`."""
        return self.get(load_unet, path)

    def vae(self, path: Path) -> Vae:
        """See `load_vae`."""
        return self.get(load_vae, path)

    def text(self, paths: Sequence[Path]) -> Clip:
        """See `load_text`."""
        return self._kept(load_text, paths, lambda: load_text(paths, self.placement, self.precision))

    def get(self, load: Load[Loaded], path: Path) -> Loaded:
        """What `load` makes of a file, from memory where it was loaded before and the file has not changed.

        Args:
            load: A function of a module: it stands for the kind of model.
            path: The file.

        Raises:
            BadInput: The file cannot be opened, or is none that `load` can take.
        """
        return self._kept(load, (path,), lambda: load(path, self.placement, self.precision))

    def loaded(self) -> tuple[Path, ...]:
        """The files that are loaded now, the least recently used first."""
        return tuple(dict.fromkeys(path for _, stamps in self._loaded for path, _, _ in stamps))

    def free(self) -> None:
        """Let go of all files, and of what their networks hold on the device. Those in use come back when called."""
        self._loaded.clear()
        self.placement.free()

    def _kept(self, kind: object, paths: Sequence[Path], make: Callable[[], Loaded]) -> Loaded:
        key = (kind, tuple(_stamp(path) for path in paths))
        if key not in self._loaded:
            self._loaded[key] = make()
        self._loaded.move_to_end(key)
        self._trim()
        return cast(Loaded, self._loaded[key])

    def _trim(self) -> None:
        """Let go of the least recently used files over the budget, but never of the last one asked for."""
        sizes = [sum(map(bytes_of, _networks(loaded))) for loaded in self._loaded.values()]
        for size in sizes[:-1]:
            if sum(sizes) <= self.budget:
                return
            self._loaded.popitem(last=False)
            sizes.remove(size)


def _stamp(path: Path) -> Stamp:
    try:
        facts = path.stat()
    except OSError as error:
        raise BadInput(f"{path} cannot be opened: {error.strerror}.", mend="Choose a file that is there.") from error
    return path.resolve(), facts.st_size, facts.st_mtime_ns


def _networks(loaded: object) -> Iterator[nn.Module]:
    """The networks that a model is made of, however deep in its dataclasses and tuples."""
    if isinstance(loaded, nn.Module):
        yield loaded
    elif isinstance(loaded, tuple):
        for part in loaded:
            yield from _networks(part)
    elif is_dataclass(loaded) and not isinstance(loaded, type):
        for each in fields(loaded):
            yield from _networks(getattr(loaded, each.name))
