"""LoRA files and their relatives, read into changes of weights."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

from torch import Tensor

from safelight.errors import BadInput
from safelight.families.additions import identify_addition
from safelight.models.lora.changes import (
    Added,
    Butterfly,
    Change,
    Decomposed,
    Factors,
    Generalised,
    Hadamard,
    Kronecker,
    LowRank,
    Put,
    Rotated,
    Scaled,
)
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.weights import open_weights

Parts = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Entry:
    """What a file has for one parameter.

    Attributes:
        change: What it does to it.
        names: Its tensors' names in the file.
    """

    change: Change
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class LoraModel:
    """A LoRA or one of its relatives, of which a network has not been found yet.

    Attributes:
        title: What it is called in messages.
        family: The model family that it was made for, as in `families.additions`; None where nothing tells.
        tensors: All of its tensors, by their names in the file.
        entries: A parameter, in the spelling of the file -> what is done to it.
        strange: Tensors of no known meaning.
    """

    title: str
    family: str | None
    tensors: Mapping[str, Tensor]
    entries: Mapping[str, Entry]
    strange: tuple[str, ...]


def load_lora(path: Path, placement: Placement, precision: Precision) -> LoraModel:
    """Open a LoRA file. Its tensors stay memory-mapped.

    Args:
        path: The file.
        placement: Not used: changes follow the weights that they are laid on.
        precision: Not used either.

    Raises:
        BadInput: The file cannot be read, or has nothing of a LoRA in it.
    """
    del placement, precision
    weights = open_weights(path)
    addition = identify_addition(weights.header)
    if addition is not None and addition.kind != "lora":
        raise BadInput(f"{path.name} is {addition.title}, not a LoRA.", mend="Choose a file of the loras folder.")
    lora = read_lora(path.name, addition.family if addition else None, weights)
    if not lora.entries:
        raise BadInput(f"{path.name} has nothing of a LoRA in it.", mend="Choose a LoRA, or download the file again.")
    return lora


def read_lora(title: str, family: str | None, tensors: Mapping[str, Tensor]) -> LoraModel:
    """What tensors named as in a LoRA file do to weights; for the rest see `LoraModel`."""
    modules: dict[str, dict[str, str]] = {}
    strange = []
    for name in tensors:
        if found := _NAME.fullmatch(name):
            modules.setdefault(found[1], {})[_PARTS[found[2]]] = name
        else:
            strange.append(name)
    entries = {}
    for module, names in modules.items():
        left = dict(names)
        for kind in _KINDS:
            if left.keys() >= set(kind.needs) and f"{module}.{kind.leaf}" not in entries:
                used = {part: left.pop(part) for part in (*kind.needs, *kind.may) if part in left}
                change = kind.make({part: tensors[name] for part, name in used.items()})
                entries[f"{module}.{kind.leaf}"] = Entry(change, tuple(used.values()))
        strange += left.values()
    return LoraModel(title, family, tensors, entries, tuple(strange))


@dataclass(frozen=True)
class _Kind:
    """A kind of change: the parts of a module that it is made of.

    Attributes:
        leaf: Which of the module's parameters is changed.
        needs: Parts that tell it.
        may: Parts that may be there too.
        make: Makes it of them.
    """

    leaf: Literal["weight", "bias"]
    needs: tuple[str, ...]
    may: tuple[str, ...]
    make: Callable[[Parts], Change]


def _scale(parts: Parts, rank: int) -> float:
    """Alpha by rank; 1 where no alpha is given (Hu et al. 2021, section 4.1)."""
    return float(parts["alpha"]) / rank if "alpha" in parts else 1.0


def _decomposed(change: Change, parts: Parts) -> Change:
    return Decomposed(change, parts["magnitude"]) if "magnitude" in parts else change


def _low_rank(parts: Parts) -> Change:
    factors = Factors(parts["up"], parts["down"], parts.get("mid"))
    return _decomposed(LowRank(factors, _scale(parts, factors.rank)), parts)


def _lycoris_factors(parts: Parts, part: str, core: str) -> Factors:
    """LyCORIS keeps the first factor as [r, O] where there is a core."""
    up = parts[f"{part}_a"]
    return Factors(up.T, parts[f"{part}_b"], parts[core]) if core in parts else Factors(up, parts[f"{part}_b"])


def _hadamard(parts: Parts) -> Change:
    first = _lycoris_factors(parts, "hada_w1", "hada_t1")
    second = _lycoris_factors(parts, "hada_w2", "hada_t2")
    return _decomposed(Hadamard(first, second, _scale(parts, first.rank)), parts)


def _kronecker(parts: Parts) -> Change:
    first = parts["lokr_w1"] if "lokr_w1" in parts else Factors(parts["lokr_w1_a"], parts["lokr_w1_b"])
    second = parts["lokr_w2"] if "lokr_w2" in parts else _lycoris_factors(parts, "lokr_w2", "lokr_t2")
    ranks = [part.rank for part in (second, first) if isinstance(part, Factors)]
    # two whole matrices have no rank, and no scale
    return _decomposed(Kronecker(first, second, _scale(parts, ranks[0]) if ranks else 1.0), parts)


def _generalised(parts: Parts) -> Change:
    a, b = (parts["a1"], parts["a2"]), (parts["b1"], parts["b2"])
    if a[0].shape[0] < a[0].shape[1]:  # LyCORIS before 2.0 had the two factors the other way round
        a, b = a[::-1], b[::-1]
    outer = Factors(*b, parts.get("bm"))
    return _decomposed(Generalised(Factors(*a), outer, _scale(parts, outer.rank)), parts)


def _turned(parts: Parts) -> Change:
    blocks, rescale = parts["oft_blocks"], parts.get("rescale")
    constraint = float(parts["alpha"]) if "alpha" in parts else 0.0  # no scale here: a limit
    return (Rotated if blocks.ndim == 3 else Butterfly)(blocks, constraint, rescale)


_LORA = ("alpha", "magnitude")
_WHOLE_OR_FACTORS = product(
    (("lokr_w1",), ("lokr_w1_a", "lokr_w1_b")),
    (("lokr_w2",), ("lokr_w2_a", "lokr_w2_b")),
)
_KINDS = (
    _Kind("weight", ("up", "down"), ("mid", *_LORA), _low_rank),
    _Kind("weight", ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"), ("hada_t1", "hada_t2", *_LORA), _hadamard),
    *(_Kind("weight", (*first, *second), ("lokr_t2", *_LORA), _kronecker) for first, second in _WHOLE_OR_FACTORS),
    _Kind("weight", ("a1", "a2", "b1", "b2"), ("bm", *_LORA), _generalised),
    _Kind("weight", ("oft_blocks",), ("rescale", "alpha"), _turned),
    _Kind("weight", ("oft_diag",), ("alpha",), lambda parts: Rotated(parts["oft_diag"], None, None)),
    _Kind("weight", ("shares", "on_input"), ("alpha",), lambda p: Scaled(p["shares"], int(p["on_input"].item()))),
    _Kind("weight", ("diff",), ("alpha",), lambda parts: Added(parts["diff"])),
    _Kind("bias", ("diff_b",), (), lambda parts: Added(parts["diff_b"])),
    _Kind("weight", ("w_norm",), ("alpha",), lambda parts: Added(parts["w_norm"])),
    _Kind("bias", ("b_norm",), (), lambda parts: Added(parts["b_norm"])),
    _Kind("weight", ("set",), (), lambda parts: Put(parts["set"])),
)

_ENDINGS: dict[str, tuple[str, ...]] = {
    "up": (
        ".lora_up.weight",
        ".lora_B.weight",
        ".lora_B.default.weight",
        ".lora.up.weight",
        "_lora.up.weight",
        ".lora_linear_layer.up.weight",
    ),
    "down": (
        ".lora_down.weight",
        ".lora_A.weight",
        ".lora_A.default.weight",
        ".lora.down.weight",
        "_lora.down.weight",
        ".lora_linear_layer.down.weight",
    ),
    "mid": (".lora_mid.weight",),
    "magnitude": (
        ".dora_scale",
        ".lora_magnitude_vector",
        ".lora_magnitude_vector.weight",
        ".lora_magnitude_vector.default.weight",
    ),
    "shares": (".weight",),
    "set": (".set_weight",),
    **{part: (f".{part}.weight",) for part in ("a1", "a2", "b1", "b2", "bm")},
    **{
        part: (f".{part}",)
        for part in (
            *("alpha", "diff", "diff_b", "w_norm", "b_norm", "on_input", "oft_blocks", "oft_diag", "rescale"),
            *("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"),
            *("lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"),
        )
    },
}
"""Part -> how the name of its tensor ends, behind the module, in the files of one trainer or another."""
_PARTS = {ending: part for part, endings in _ENDINGS.items() for ending in endings}
_NAME = re.compile(rf"(.+?)({'|'.join(map(re.escape, _PARTS))})")
