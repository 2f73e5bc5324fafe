"""The models that are loaded: each file once, shared by all that use it, the least recently used out first."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
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

Loaded = Checkpoint | Model | Vae | Clip
Kind = TypeVar("Kind", Checkpoint, Model, Vae, Clip)
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
        self._loaded: OrderedDict[tuple[str, tuple[Stamp, ...]], Loaded] = OrderedDict()

    def checkpoint(self, path: Path) -> Checkpoint:
        """See `load_checkpoint`."""
        return self._get("checkpoint", (path,), lambda: load_checkpoint(path, self.placement, self.precision))

    def unet(self, path: Path) -> Model:
        """See `load_unet`."""
        return self._get("unet", (path,), lambda: load_unet(path, self.placement, self.precision))

    def vae(self, path: Path) -> Vae:
        """See `load_vae`."""
        return self._get("vae", (path,), lambda: load_vae(path, self.placement, self.precision))

    def text(self, paths: Sequence[Path]) -> Clip:
        """See `load_text`."""
        return self._get("text", tuple(paths), lambda: load_text(paths, self.placement, self.precision))

    def _get(self, kind: str, paths: tuple[Path, ...], load: Callable[[], Kind]) -> Kind:
        key = (kind, tuple(_stamp(path) for path in paths))
        if key not in self._loaded:
            self._loaded[key] = load()
        self._loaded.move_to_end(key)
        self._trim()
        return cast(Kind, self._loaded[key])

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


def _networks(loaded: Loaded) -> Iterator[nn.Module]:
    match loaded:
        case Checkpoint(_, model, clip, vae):
            for part in (model, clip, vae):
                if part is not None:
                    yield from _networks(part)
        case Clip(towers):
            yield from (tower.network for tower in towers)
        case Model(network) | Vae(network):
            yield network
