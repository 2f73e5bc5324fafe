"""Parts of what somebody wants of a picture; files are names in the folder of their kind."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lora:
    """A change of the model; `strength` 1 is as it was trained."""

    name: str
    strength: float = 1.0


@dataclass(frozen=True)
class Control:
    """A picture that is followed.

    Attributes:
        model: A ControlNet or T2I-Adapter.
        image: In the input folder.
        strength: How much it counts.
        start, end: Shares of the way between which it counts.
        preprocess: What the network is shown of the picture: `canny`, a kind of ControlNetPreprocessor, or None for the
            picture itself.
    """

    model: str
    image: str
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0
    preprocess: str | None = None


@dataclass(frozen=True)
class Reference:
    """A picture as a part of the prompt.

    Attributes:
        image: In the input folder.
        weight: How much it counts.
        model: An IP-Adapter; None for one that fits.
    """

    image: str
    weight: float = 1.0
    model: str | None = None


@dataclass(frozen=True)
class Outpaint:
    """Pixels added around a picture; `feather` is how far the new part reaches into it, fading out."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0
    feather: int = 24


@dataclass(frozen=True)
class Upscale:
    """A second pass, at a larger size.

    Attributes:
        by: How many times as wide and high.
        denoise: How much of the larger picture is painted anew; 0 for none, which leaves the second sampling out; None
            for what suits the checkpoint.
        steps: None for as many as the first.
        model: An upscale model; None to scale plainly.
    """

    by: float = 2.0
    denoise: float | None = None
    steps: int | None = None
    model: str | None = None


@dataclass(frozen=True)
class Variation:
    """Other noise mixed into that of the seed; a `strength` of 1 is all other. No seed: one is drawn."""

    seed: int | None = None
    strength: float = 0.1


@dataclass(frozen=True)
class Area:
    """A part of a picture, in pixels; `of` are width and height of the whole."""

    x: int
    y: int
    width: int
    height: int
    of: tuple[int, int]
