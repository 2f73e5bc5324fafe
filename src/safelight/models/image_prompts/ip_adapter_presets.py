"""Finding the IP-Adapter and the CLIP vision model for it among a person's files, by what their headers say."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from safelight.errors import BadInput
from safelight.files.header import read_header
from safelight.files.tensors import Header
from safelight.models.clip_vision import vision_shape
from safelight.models.image_prompts.ip_adapter import AdapterShape, adapter_shape

VIT_BIG_G = 1280  # numbers of a picture as ViT-bigG gives it


@dataclass(frozen=True)
class Preset:
    """What an adapter must be.

    Attributes:
        kind: Its kind.
        big: Whether it is one of those for ViT-bigG.
        word: What its file's name has in it, where files of one build are trained for different things; the others
            of that build must not have it.
    """

    kind: Literal["plain", "full", "plus"]
    big: bool = False
    word: str = ""


PRESETS: dict[str, Preset] = {
    "LIGHT - SD1.5 only (low strength)": Preset("plain", word="light"),
    "STANDARD (medium strength)": Preset("plain"),
    "VIT-G (medium strength)": Preset("plain", big=True),
    "PLUS (high strength)": Preset("plus"),
    "PLUS FACE (portraits)": Preset("plus", word="face"),
    "FULL FACE - SD1.5 only (portraits)": Preset("full"),
}
_WORDS = tuple(preset.word for preset in PRESETS.values() if preset.word)


def find_adapter(name: str, width: int, files: Iterable[Path]) -> tuple[Path, AdapterShape]:
    """The adapter that a preset means.

    Args:
        name: Of `PRESETS`.
        width: Numbers per token of the prompts that the model takes.
        files: The person's adapters.

    Raises:
        BadInput: There is none.
    """
    preset = PRESETS[name]
    for path, header in _readable(files):
        shape = adapter_shape(header)
        words = [word for word in _WORDS if word in path.stem.lower()]
        if (
            shape is not None
            and (shape.kind.name, shape.width) == (preset.kind, width)
            and (shape.kind.name == "full" or words == ([preset.word] if preset.word else []))
            and (shape.kind.name != "plain" or (shape.seen == VIT_BIG_G) == preset.big)
        ):
            return path, shape
    raise BadInput(
        what=f"There is no IP-Adapter {name} for this kind of model in the models folder ipadapter/.",
        mend="Download it, or choose another preset.",
    )


def find_clip_vision(adapter: AdapterShape, files: Iterable[Path]) -> Path:
    """The CLIP vision model that an adapter was trained with.

    Args:
        adapter: The adapter's sizes.
        files: The person's CLIP vision models.

    Raises:
        BadInput: There is none.
    """
    for path, header in _readable(files):
        shape = vision_shape(header)
        if shape is not None:
            gives = shape.projection if adapter.kind.looks_at == "image_embeds" else shape.width
            if gives == adapter.seen:
                return path
    raise BadInput(
        what=f"The IP-Adapter needs a CLIP vision model that gives {adapter.seen} numbers, and there is none in the "
        "models folder clip_vision/.",
        mend="Download it: ViT-H for most adapters, ViT-bigG for the older SDXL ones.",
    )


def _readable(files: Iterable[Path]) -> Iterator[tuple[Path, Header]]:
    for path in files:
        try:
            yield path, read_header(path)
        except BadInput:  # another file may be the one
            continue
