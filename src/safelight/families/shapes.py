"""What detection finds in a file: its parts, their sizes, and how the whole is to be run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from safelight.families.base import Family, PredictionName, Recommended, TowerName

PartKind = Literal["unet", "vae", "text"]
Layout = Literal["ldm", "diffusers", "transformers", "openclip"]
Variant = Literal["base", "inpaint", "ip2p", "upscale"]
FileKind = Literal["checkpoint", "unet", "vae", "text"]


@dataclass(frozen=True)
class UNetShape:
    """Sizes of a denoiser (Rombach et al. 2022, arXiv:2112.10752; SDXL: Podell et al. 2023, arXiv:2307.01952).

    Attributes:
        in_channels: Latent channels, and for variants those of the mask and the picture.
        out_channels: Latent channels.
        block_channels: Width of each level, finest first.
        layers_per_block: Residual blocks per level on the way down; one more on the way up.
        transformer_depth: Transformer blocks per attention at each level; 0 means no attention.
        mid_depth: The same for the middle block.
        context_width: Features of the encoded prompt.
        heads: Attention heads at each level, also where there is no attention.
        linear_projection: Whether attention is entered by linear maps (SD 2.x, SDXL), not 1x1 convolutions.
        label_width: Features of the pooled conditioning (SDXL), or None.
        label_classes: Rows of the table that the label is a number of (SD 2.x upscaler), or None.
        cross_only: Levels at which both attentions of a transformer block are on the prompt (SD 2.x upscaler).
    """

    in_channels: int
    out_channels: int
    block_channels: tuple[int, ...]
    layers_per_block: int
    transformer_depth: tuple[int, ...]
    mid_depth: int
    context_width: int
    heads: tuple[int, ...]
    linear_projection: bool
    label_width: int | None
    label_classes: int | None = None
    cross_only: tuple[int, ...] = ()


@dataclass(frozen=True)
class VaeShape:
    """Sizes of an image autoencoder.

    Attributes:
        block_channels: Width of each level, finest first; each level but the last halves the picture.
        layers_per_block: Residual blocks per level of the encoder; the decoder has one more.
        latent_channels: Numbers per latent pixel.
        quant_conv: Whether 1x1 convolutions stand before and after the latent.
    """

    block_channels: tuple[int, ...]
    layers_per_block: int
    latent_channels: int
    quant_conv: bool


@dataclass(frozen=True)
class TextShape:
    """Sizes of a CLIP text tower (Radford et al. 2021, arXiv:2103.00020).

    Attributes:
        tower: Which of the towers it is.
        width: Features per token.
        layers: Transformer blocks.
        heads: Attention heads.
        intermediate: Features inside the feed-forward maps.
        vocabulary: Rows of the token table.
        positions: Tokens per chunk.
        activation: What stands inside the feed-forward maps.
        projection: Features of the projected pooled vector, or None without a projection.
        layers_left_out: Last blocks that the tower was trained with and the file omits, because its family never
            uses them: diffusers' SD 2.x has 23 of 24. Counting layers from the end begins with these.
    """

    tower: TowerName
    width: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    activation: Literal["quick_gelu", "gelu"]
    projection: int | None
    layers_left_out: int = 0


Shape = TypeVar("Shape", UNetShape, VaeShape, TextShape)


@dataclass(frozen=True)
class Part(Generic[Shape]):
    """One network in a file.

    Attributes:
        kind: What it is for.
        prefix: What its tensors' names begin with; `layouts.tensors_of` takes it off.
        layout: Whose names follow the prefix.
        dtype: How most of its numbers are stored: `fp32`, `fp16`, `bf16`, …
        parameters: How many numbers it has.
        shape: Its sizes.
    """

    kind: PartKind
    prefix: str
    layout: Layout
    dtype: str
    parameters: int
    shape: Shape


@dataclass(frozen=True)
class FileContents:
    """All that a file's header says about it.

    Attributes:
        kind: A checkpoint holds more than one of the three kinds of network; other files hold one.
        family: None where a file (a VAE alone, say) could serve several.
        unet: The denoiser.
        vae: The image autoencoder.
        text: The text towers, in the family's order.
        prediction: What the denoiser predicts; where there is none to tell, the family's or `eps`.
        zero_terminal_snr: Whether it was trained to start from pure noise (Lin et al. 2023, arXiv:2305.08891).
        variant: What the denoiser sees beside the latent: `inpaint` a mask and a masked picture, `ip2p` a
            picture, `upscale` a small one.
        native_size: Width and height in pixels, from the metadata, else the family.
        recommended: Settings, from the metadata, else the family.
        metadata: The header's own words.
        ema_parameters: Numbers in a second, averaged copy of the denoiser, which is not used.
    """

    kind: FileKind
    family: Family | None
    unet: Part[UNetShape] | None
    vae: Part[VaeShape] | None
    text: tuple[Part[TextShape], ...]
    prediction: PredictionName
    zero_terminal_snr: bool
    variant: Variant
    native_size: tuple[int, int] | None
    recommended: Recommended | None
    metadata: Mapping[str, str]
    ema_parameters: int

    @property
    def parts(self) -> tuple[Part[UNetShape] | Part[VaeShape] | Part[TextShape], ...]:
        """Every network in the file: denoiser, VAE, text towers."""
        return tuple(part for part in (self.unet, self.vae, *self.text) if part is not None)
