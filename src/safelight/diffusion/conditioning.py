"""What guides the denoiser: encoded words and where, when and how strongly they count."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple

from torch import Tensor

from safelight.diffusion.control import Control

Role = Literal["positive", "negative"]
"""Which side of the guidance a prompt is on."""


class Area(NamedTuple):
    """A rectangle of the picture, in latent cells (pixels / 8), or in shares of the picture when `relative`."""

    height: float
    width: float
    y: float
    x: float
    relative: bool = False


@dataclass(frozen=True)
class SizeConditioning:
    """SDXL's picture size, crop and target size in pixels, and the refiner's aesthetic score.

    None means: as the picture being made.
    """

    height: int | None = None
    width: int | None = None
    crop_top: int = 0
    crop_left: int = 0
    target_height: int | None = None
    target_width: int | None = None
    aesthetic_score: float | None = None


class NetworkChange:
    """How a network is to differ from the model's own; what it may hold is known where networks are (`models`).

    Attributes:
        shared: Whether it counts for the conds of the other prompts too, where those have none that does.
    """

    shared: ClassVar[bool] = False


@dataclass(frozen=True)
class SeenPicture:
    """What an unCLIP model is told of a picture.

    Attributes:
        embeds: What CLIP saw in it, or in several, [B, P].
        strength: How much it counts.
        noise: How loosely it is followed: the noise put into `embeds`, as a share of the most there is, 0 to 1.
    """

    embeds: Tensor
    strength: float
    noise: float


@dataclass(frozen=True)
class SmallPicture:
    """A picture that an upscaling model is to make larger.

    Attributes:
        pixels: In -1..1, as many as the latent has cells, [B, 3, h, w].
        noise: How loosely it is followed: the noise put into `pixels`, as a share of the most there is, 0 to 1.
    """

    pixels: Tensor
    noise: float


@dataclass(frozen=True)
class Cond:
    """One encoded prompt and its limits.

    Attributes:
        context: Text hidden states for cross-attention, [1, T, W].
        pooled: The prompt as one vector, [1, P], for families that use it.
        size: Picture-size conditioning (SDXL).
        area: Where it counts; None for everywhere.
        strength: Its weight where several overlap.
        mask: Where it counts, [B or 1, H, W] in 0..1, of any size; None for everywhere.
        mask_strength: Weight of the mask.
        mask_bounds: Whether only the mask's bounding box is shown to the model.
        start, end: The part of the noise schedule in which it counts, as shares of the way from
            all noise (0) to none (1).
        steps: The part of the sampling steps in which it counts, as shares (prompt editing).
        part, part_weight: Conds of one part are averaged where they overlap; the guidance of several
            parts is added up, each times its weight (the `AND` of prompts).
        inpaint_latent, inpaint_mask: What an inpainting or instruct-pix2pix model sees beside the
            noisy latent: the latent to keep [B, 4, h, w] (unscaled), and the mask [B, 1, H, W].
        pictures: What an unCLIP model is shown.
        small_picture: What an upscaling model is shown.
        controls: What steers the network from beside where it is shown this cond.
        controls_shared: Whether they count for the conds of the other prompts too, where those have none.
        control_context: What the controls are shown in place of `context`, [1, T, W].
        changes: How the network differs where it is shown this cond.
        fallback: Whether it counts only where no other cond of its prompt does.
        role: Which side of the guidance it is on; set for each run.
    """

    context: Tensor
    pooled: Tensor | None = None
    size: SizeConditioning = field(default_factory=SizeConditioning)
    area: Area | None = None
    strength: float = 1.0
    mask: Tensor | None = None
    mask_strength: float = 1.0
    mask_bounds: bool = False
    start: float = 0.0
    end: float = 1.0
    steps: tuple[float, float] | None = None
    part: int = 0
    part_weight: float = 1.0
    inpaint_latent: Tensor | None = None
    inpaint_mask: Tensor | None = None
    pictures: tuple[SeenPicture, ...] = ()
    small_picture: SmallPicture | None = None
    controls: tuple[Control, ...] = ()
    controls_shared: bool = False
    control_context: Tensor | None = None
    changes: tuple[NetworkChange, ...] = ()
    fallback: bool = False
    role: Role = "positive"

    @property
    def shared_changes(self) -> tuple[NetworkChange, ...]:
        """The changes that count for the conds of the other prompts too."""
        return tuple(change for change in self.changes if change.shared)


Conditioning = tuple[Cond, ...]
"""Several conds: each is evaluated, and where they overlap the results are averaged by strength."""
