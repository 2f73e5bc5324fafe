"""What a model family is: plain data, read by everything and subclassed by nothing."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from safelight.families.shapes import UNetShape

TowerName = Literal["l", "h", "g"]
PredictionName = Literal["eps", "v", "flow"]


@dataclass(frozen=True)
class LatentFormat:
    """How the VAE's latents are scaled for the denoiser, and how they look without a VAE.

    Attributes:
        channels: Numbers per latent pixel.
        compression: Image pixels per latent pixel, along each side.
        scale: The denoiser's latent is `(vae_latent - shift) * scale`, of about unit variance.
        shift: See `scale`.
        mean, std: Of each channel, where channels are brought to unit variance one by one: the denoiser's latent is
            then `(vae_latent - mean) / std * scale`.
        rgb_factors: One row per channel of the scaled latent: its share of red, green and blue, each about
            -1..1, for previews that cost nothing.
        taesd: Name of the tiny autoencoder for previews, as its files are called (Bohan 2023, MIT); empty for none.
        rgb_bias: Red, green and blue, each about -1..1, of a latent of zeros.
    """

    channels: int
    compression: int
    scale: float
    shift: float
    rgb_factors: tuple[tuple[float, float, float], ...]
    taesd: str
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    rgb_bias: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Tower:
    """A text encoder of a family.

    Attributes:
        name: `l` is OpenAI's CLIP ViT-L/14, `h` and `g` are OpenCLIP's ViT-H/14 and ViT-bigG/14.
        layer: The hidden layer used when none is asked for, counted from the end; 1 is the last.
        final_norm: Whether the tower's last layer norm follows, whichever layer is used.
        pad_token: What fills a chunk after the end token.
    """

    name: TowerName
    layer: int
    final_norm: bool
    pad_token: int


@dataclass(frozen=True)
class Recommended:
    """Settings that suit a checkpoint, by the names of the sampler and scheduler tables."""

    steps: int
    cfg: float
    sampler: str
    scheduler: str


@dataclass(frozen=True)
class Family:
    """Stable Diffusion checkpoints that are sampled, conditioned and decoded alike.

    Attributes:
        name: Stable identifier.
        title: For people.
        architectures: What `modelspec.architecture` begins with in files of this family.
        native_size: Width and height in pixels that it was trained at.
        native_size_v: The same for its models that predict v.
        latent: Its latent space.
        prediction: What the network predicts where the file does not say.
        schedule: Name of the training noise schedule.
        towers: Text encoders. Their hidden states are joined along the features, in this order.
        size_conditioning: Numbers that follow the last tower's pooled vector in the label, in this order; none
            where the denoiser takes no label.
        recommended: Settings where the file does not say.
        recognises: (a denoiser's sizes, the text encoders beside it) -> whether it is of this family, for families
            that the sizes of the others do not tell; asked before those are looked at.
    """

    name: str
    title: str
    architectures: tuple[str, ...]
    native_size: tuple[int, int]
    native_size_v: tuple[int, int]
    latent: LatentFormat
    prediction: PredictionName
    schedule: Literal["scaled_linear", "scaled_linear_x4"]
    towers: tuple[Tower, ...]
    size_conditioning: tuple[str, ...]
    recommended: Recommended
    recognises: Callable[["UNetShape", Collection[TowerName]], bool] | None = None
