"""What is in a weight file, part by part and layer by layer, from its header alone."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from safelight.families.detect import EMA, TOWER_OF_PREFIX
from safelight.families.layouts import TOWER_BODY, UNCLIP_TOWERS, prefixes, tensors_of
from safelight.files.tensors import STORED_TYPES, Header, TensorInfo

AnatomyKind = Literal["unet", "vae", "text", "vision", "ema", "other", "block", "layer"]
"""Kinds of pieces: the parts that a file has, and what they are made of."""

TITLES: dict[AnatomyKind, str] = {
    "unet": "denoiser",
    "text": "text encoder",
    "vae": "VAE",
    "vision": "CLIP vision",
    "ema": "averaged copy of the denoiser",
    "other": "everything else",
}
"""What the parts are called, in the order in which they are told."""

VISION = ("vision_model.", "visual_projection.", "visual.", UNCLIP_TOWERS)
"""What the names of CLIP's vision tower begin with, where it is alone or beside other parts."""


class Place(NamedTuple):
    """Where a tensor belongs.

    Attributes:
        kind: Of the part.
        part: What the part is called; no two parts of a file have one name.
        name: The tensor's name within the part, in the file's own spelling.
    """

    kind: AnatomyKind
    part: str
    name: str


@dataclass(frozen=True)
class Piece:
    """A part of a file, a block of it, or a layer; a piece is as large as all that is in it.

    Attributes:
        name: Within the piece around it; blocks that hold nothing but one block are one, `0.attn1`.
        kind: What it is.
        parameters: How many numbers it has.
        bytes: What they take in the file.
        dtypes: How they are stored: `fp16` -> how many numbers.
        pieces: What it is made of: what is numbered by its numbers, all else in the file's order; none for a layer.
        shapes: Of a layer: `weight` -> its sizes.
    """

    name: str
    kind: AnatomyKind
    parameters: int
    bytes: int
    dtypes: Mapping[str, int]
    pieces: tuple["Piece", ...] = ()
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def layers(self) -> Iterator["Piece"]:
        """The layers in it, however deep; one that is a layer has itself."""
        if not self.pieces:
            yield self
        for piece in self.pieces:
            yield from piece.layers


def anatomy(header: Header) -> tuple[Piece, ...]:
    """The parts of a file.

    Args:
        header: Of any file of weights; what is no part of a Stable Diffusion model is told as `other`.
    """
    parts: dict[tuple[AnatomyKind, str], dict[str, TensorInfo]] = {}
    for name, place in places(header).items():
        parts.setdefault((place.kind, place.part), {})[place.name] = header.tensors[name]
    order = list(TITLES)
    pieces = []
    for (kind, title), tensors in sorted(parts.items(), key=lambda item: order.index(item[0][0])):
        if kind == "ema":  # its names are the denoiser's without their dots: there is nothing to nest by
            pieces.append(_piece(title, kind, tensors.values()))
        else:
            named = [(tuple(name.split(".")), info) for name, info in tensors.items()]
            inside = tuple(_pieces(named))
            pieces.append(_piece(title, kind, tensors.values(), inside))
    return tuple(pieces)


def places(header: Header) -> dict[str, Place]:
    """Tensor of a file -> where it belongs."""
    found: dict[str, Place] = {}
    titles: dict[str, tuple[AnatomyKind, str]] = {}
    used: Counter[str] = Counter()
    kind: AnatomyKind
    for network, layout, prefix in prefixes(header.tensors):
        kind = network
        tower = TOWER_OF_PREFIX.get(prefix) if kind == "text" else None
        title = TITLES[kind] + (f" CLIP {tower.upper()}" if tower else "")
        used[title] += 1
        if used[title] > 1:
            title = f"{title} {used[title]}"
        titles[prefix] = kind, title
        for local, name in tensors_of(prefix, network, layout, header.tensors).items():
            found[name] = Place(kind, title, local)
    for name in header.tensors:
        if name in found:
            continue
        around = next((prefix for prefix in titles if prefix and name.startswith(prefix)), None)
        if around is not None:  # constants that older libraries saved, and what was left of training
            found[name] = Place(*titles[around], name.removeprefix(around).removeprefix(TOWER_BODY))
        else:
            kind = "ema" if name.startswith(EMA) else "vision" if name.startswith(VISION) else "other"
            found[name] = Place(kind, TITLES[kind], name)
    return found


def layer_of(name: str) -> str:
    """The layer that a tensor is of: `attn1.to_q` of `attn1.to_q.weight`; a tensor without one is a layer."""
    return name.rpartition(".")[0] or name


def block_of(name: str) -> str:
    """The block that a layer is of: its name as far as the first number, `down_blocks.0`; else the first word."""
    words = name.split(".")
    numbered = next((place for place, word in enumerate(words) if word.isdecimal()), 0)
    return ".".join(words[: numbered + 1])


_Named = tuple[tuple[str, ...], TensorInfo]


def _pieces(named: Sequence[_Named]) -> Iterator[Piece]:
    """Tensors by the words of their names, as pieces by the first word."""
    groups: dict[str, list[_Named]] = {}
    for words, info in named:
        groups.setdefault(words[0], []).append((words[1:], info))
    order = sorted(groups, key=int) if all(map(str.isdecimal, groups)) else list(groups)
    for first in order:
        yield _group(first, groups[first])


def _group(name: str, members: Sequence[_Named]) -> Piece:
    infos = [info for _, info in members]
    if all(len(words) <= 1 for words, _ in members):
        shapes = {words[0] if words else name: info.shape for words, info in members}
        return _piece(name, "layer", infos, shapes=shapes)
    inside = tuple(_pieces([(words or (name,), info) for words, info in members]))
    if len(inside) == 1:
        (only,) = inside
        return replace(only, name=f"{name}.{only.name}")
    return _piece(name, "block", infos, inside)


def _piece(
    name: str,
    kind: AnatomyKind,
    infos: Iterable[TensorInfo],
    pieces: tuple[Piece, ...] = (),
    shapes: Mapping[str, tuple[int, ...]] | None = None,
) -> Piece:
    dtypes: Counter[str] = Counter()
    size = 0
    for info in infos:
        stored = STORED_TYPES[info.dtype]
        dtypes[stored.name] += info.numbers
        size += info.numbers * stored.bits // 8
    return Piece(name, kind, dtypes.total(), size, dict(dtypes), pieces, shapes or {})
