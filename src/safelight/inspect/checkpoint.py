"""Inside of weight files: two checkpoints laid beside each other, and what a LoRA changes, layer by layer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot, inf, nan, prod, sqrt
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from safelight.errors import BadInput
from safelight.families.anatomy import Piece, Place, anatomy, layer_of, places
from safelight.inspect.arrays import Array
from safelight.models.lora.changes import Added, Change, Hadamard, LowRank
from safelight.models.lora.file import LoraModel
from safelight.models.lora.laying import meant_parameters
from safelight.models.lora.names import is_of_text
from safelight.models.model import Model
from safelight.models.placement import weight_of
from safelight.models.text_encoder import Clip, TextEncoder
from safelight.models.weights import Weights, open_weights

__all__ = ["Comparison", "LoraReport", "Piece", "anatomy", "compare_checkpoints", "grouped", "lora_report"]

AT_ONCE = 2**22
"""Numbers that are compared at a time: what is held in memory of two files of any size."""

OnPart = Callable[[int, int], None]
"""(done, all) is told as work goes on; raises `Cancelled` to stop it."""


@dataclass(frozen=True)
class Comparison:
    """Two checkpoints laid beside each other: L layers that both have.

    A layer is all tensors of one module, its weight and its bias.

    Attributes:
        names: Of the layers, within their parts.
        parts: The part that each layer is of: `denoiser`, `VAE`, …
        parameters: How many numbers each has [L].
        relative: Length of the difference over the length of the first's numbers (Euclidean); 0 where they are the
            same, infinite where only the first is all zeros [L].
        cosine: Of the angle between the two, all numbers of a layer as one vector; NaN where one is all zeros [L].
        same: Whether all bytes are the same [L].
        missing: Layers that only the first has, as `part: name`.
        extra: Layers that only the second has.
        unlike: Layers whose sizes differ.
    """

    names: tuple[str, ...]
    parts: tuple[str, ...]
    parameters: Array
    relative: Array
    cosine: Array
    same: Array
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    unlike: tuple[str, ...]
    _sums: Array = field(repr=False)

    @property
    def alike(self) -> bool:
        """Whether both files hold the same weights."""
        return bool(self.same.all()) and not (self.missing or self.extra or self.unlike)


@dataclass
class _Sums:
    """What is added up over the numbers a of the first and b of the second."""

    difference: float = 0.0  # of (a - b)²
    first: float = 0.0  # of a²
    second: float = 0.0  # of b²
    product: float = 0.0  # of a b
    parameters: int = 0
    same: bool = True

    def add(self, a: Tensor, b: Tensor) -> None:
        self.parameters += a.numel()
        if _same_bytes(a, b):
            squares = sum(_product(part.float(), part.float()) for part in _portions(a))
            self.first += squares
            self.second += squares
            self.product += squares
            return
        self.same = False
        for one, other in zip(_portions(a), _portions(b), strict=True):
            mine, theirs = one.float(), other.float()
            difference = mine - theirs
            self.difference += _product(difference, difference)
            self.first += _product(mine, mine)
            self.second += _product(theirs, theirs)
            self.product += _product(mine, theirs)


def compare_checkpoints(first: Path, second: Path, *, on_part: OnPart = lambda done, total: None) -> Comparison:
    """Compare two files of weights, tensor by tensor; of each, a few megabytes are in memory at a time.

    Layers are found by their names within their parts, so that a VAE alone can be laid beside that of a checkpoint;
    where one file is written in the layout of diffusers and the other is not, they share no names.

    Args:
        first, second: Safetensors files or pickles.
        on_part: Told of each tensor.

    Raises:
        BadInput: A file cannot be read, or the two have nothing in common.
    """
    ours, theirs = open_weights(first), open_weights(second)
    here, there = _by_place(ours), _by_place(theirs)
    shared = [key for key in here if key in there]
    if not shared:
        raise BadInput(
            f"{first.name} and {second.name} have no layer in common.",
            mend="Choose two files of one kind and family, written in the same layout.",
        )
    sums: dict[tuple[str, str], _Sums] = {}
    unlike = set()
    for done, (part, name) in enumerate(shared):
        on_part(done, len(shared))
        a, b = ours[here[part, name]], theirs[there[part, name]]
        if a.dtype == torch.int64:  # places of tokens: no weights, and so large that they would hide all others
            continue
        layer = (part, layer_of(name))
        if a.shape != b.shape:
            unlike.add(layer)
            continue
        sums.setdefault(layer, _Sums()).add(a, b)
    on_part(len(shared), len(shared))
    return _comparison(sums, unlike, _layers(here), _layers(there))


def grouped(comparison: Comparison, group_of: Callable[[str, str], str]) -> dict[str, tuple[float, float]]:
    """Relative difference and cosine of several layers together, as one vector of all their numbers.

    Args:
        comparison: The comparison.
        group_of: (part, layer) -> the name of a group.
    """
    added: dict[str, Array] = {}
    for part, name, sums in zip(comparison.parts, comparison.names, comparison._sums, strict=True):
        group = group_of(part, name)
        added[group] = added.get(group, np.zeros_like(sums)) + sums
    return {group: _figures(*map(float, sums)) for group, sums in added.items()}


def _comparison(
    sums: Mapping[tuple[str, str], _Sums],
    unlike: set[tuple[str, str]],
    here: Sequence[tuple[str, str]],
    there: Sequence[tuple[str, str]],
) -> Comparison:
    added = np.array([(s.difference, s.first, s.second, s.product) for s in sums.values()]).reshape(-1, 4)
    figures = np.array([_figures(*row) for row in added]).reshape(-1, 2)
    return Comparison(
        names=tuple(name for _, name in sums),
        parts=tuple(part for part, _ in sums),
        parameters=np.array([s.parameters for s in sums.values()], dtype=np.int64),
        relative=figures[:, 0],
        cosine=figures[:, 1],
        same=np.array([s.same for s in sums.values()], dtype=bool),
        missing=_spelt(layer for layer in here if layer not in set(there)),
        extra=_spelt(layer for layer in there if layer not in set(here)),
        unlike=_spelt(iter(sorted(unlike))),
        _sums=added,
    )


def _figures(difference: float, first: float, second: float, product: float) -> tuple[float, float]:
    """Relative difference and cosine."""
    relative = sqrt(difference / first) if first else (inf if difference else 0.0)
    return relative, (min(1.0, product / sqrt(first * second)) if first and second else nan)


def _by_place(weights: Weights) -> dict[tuple[str, str], str]:
    """(part, name within it) -> name in the file, of tensors with numbers; averaged copies are left out."""
    found: dict[str, Place] = places(weights.header)
    named = ((name, found[name]) for name in weights if weights.header.tensors[name].numbers)
    return {(place.part, place.name): name for name, place in named if place.kind != "ema"}


def _layers(keys: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((part, layer_of(name)) for part, name in keys))


def _spelt(layers: Iterator[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(f"{part}: {name}" for part, name in layers)


def _same_bytes(a: Tensor, b: Tensor) -> bool:
    if a.dtype != b.dtype:
        return False
    if not (a.is_contiguous() and b.is_contiguous()):
        return torch.equal(a, b)
    # as integers, so that NaNs are equal to themselves
    return all(
        torch.equal(one, other)
        for one, other in zip(
            torch.split(a.reshape(-1).view(torch.uint8), 4 * AT_ONCE),
            torch.split(b.reshape(-1).view(torch.uint8), 4 * AT_ONCE),
            strict=True,
        )
    )


def _portions(tensor: Tensor) -> Sequence[Tensor]:
    return torch.split(tensor.reshape(-1), AT_ONCE)


def _product(a: Tensor, b: Tensor) -> float:
    """Inner product of two vectors in float32, added up in float64."""
    return float((a * b).sum(dtype=torch.float64))


@dataclass(frozen=True)
class LoraReport:
    """What a LoRA changes: L parameters.

    Attributes:
        title: The LoRA's file.
        names: The parameters, as the network names them; without a model, as the file does.
        parts: `denoiser`, `text encoder CLIP L`, … for each.
        kinds: How each is changed: `LowRank` is the usual LoRA; `Hadamard` LoHa, `Kronecker` LoKr, ….
        ranks: Of the two factors of each; 0 where it is made otherwise [L].
        norms: Length of the change at strength 1 (Frobenius); NaN where it hangs on a weight that is not there [L].
        relative: The same over the length of the weight that it is laid on; NaN without a model [L].
        unfit: Tensors of the file that match nothing.
    """

    title: str
    names: tuple[str, ...]
    parts: tuple[str, ...]
    kinds: tuple[str, ...]
    ranks: Array
    norms: Array
    relative: Array
    unfit: tuple[str, ...]

    def strength_of(self, part: str) -> tuple[float, float]:
        """Length of the change of a whole part, and the mean of the relative ones."""
        chosen = [place for place, each in enumerate(self.parts) if each == part]
        return hypot(*np.nan_to_num(self.norms[chosen])), float(np.mean(self.relative[chosen])) if chosen else nan


def lora_report(
    lora: LoraModel,
    model: Model | None = None,
    clip: Clip | None = None,
    *,
    on_part: OnPart = lambda done, total: None,
) -> LoraReport:
    """What a LoRA touches and how strongly.

    Args:
        lora: The LoRA.
        model: The denoiser to lay it on, with whatever is laid on that already; None to tell of the file alone.
        clip: Its text encoders; without them, what is meant for them is told as the file has it.
        on_part: Told of each parameter.

    Raises:
        BadInput: It was made for models of another family.
    """
    rows: list[tuple[str, str, str, int, float, float]] = []
    left = dict(lora.entries)
    meant = list(meant_parameters(lora, model, clip))
    for done, (wearer, name, spelling) in enumerate(meant):
        on_part(done, len(meant))
        change = left.pop(spelling).change
        weight = weight_of(wearer, name).contiguous()
        length = float(weight.norm())
        with torch.no_grad():
            norm = float((change(weight.clone(), 1.0) - weight).norm())
        part = f"text encoder CLIP {wearer.name.upper()}" if isinstance(wearer, TextEncoder) else "denoiser"
        rows.append((name, part, *_kind(change), norm, norm / length if length else inf))
    on_part(len(meant), len(meant))
    unfit = list(lora.strange)
    for spelling, entry in left.items():
        if (clip is None) if is_of_text(spelling) else (model is None):
            part = "text encoder" if is_of_text(spelling) else "denoiser"
            rows.append((spelling, part, *_kind(entry.change), _norm_alone(entry.change), nan))
        else:
            unfit += entry.names
    names, parts, kinds, ranks, norms, relative = zip(*rows, strict=True) if rows else ((),) * 6
    return LoraReport(
        title=lora.title,
        names=names,
        parts=parts,
        kinds=kinds,
        ranks=np.array(ranks, dtype=np.int32),
        norms=np.array(norms, dtype=np.float64),
        relative=np.array(relative, dtype=np.float64),
        unfit=tuple(unfit),
    )


def _kind(change: Change) -> tuple[str, int]:
    """What a change is called, and its rank."""
    factors = change.factors if isinstance(change, LowRank) else change.first if isinstance(change, Hadamard) else None
    return type(change).__name__, factors.rank if factors else 0


def _norm_alone(change: Change) -> float:
    """Length of a change that is the same whatever it is laid on; NaN for others."""
    match change:
        case LowRank(factors=factors) | Hadamard(first=factors):
            shape = factors.sizes
        case Added(difference=difference):
            shape = (difference.shape[0], prod(difference.shape[1:]))
        case _:
            return nan
    return float(change(torch.zeros(shape), 1.0).norm())
