"""Guidance by CLIP: each step's estimate is moved to where CLIP finds it more like a text.

The gradient is taken at the estimate of the clean latent rather than at the noisy one: it flows back through the
decoder and CLIP, but not through the denoiser, which costs a fraction of the time and memory (Bansal et al. 2023,
arXiv:2302.07121, section 3.2, backward guidance). It is the same for networks that predict noise, v or a flow.
"""

from dataclasses import replace
from math import ceil

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.clip.model import ClipModel
from safelight.diffusion.guidance import Guess
from safelight.errors import BadInput
from safelight.models.memory.thrift import Thrift
from safelight.models.model import Model
from safelight.models.vae import Vae

# gradients of one picture in half precision would else be rounded to nothing; only their direction counts
LOUDER = 1000.0
CLOSE = 0.8  # share of each side that is seen from close by


def guided_by_clip(
    model: Model, clip: ClipModel, vae: Vae, text: str, *, strength: float, start: float, end: float
) -> Model:
    """A model whose estimates are moved towards a text, as CLIP understands it.

    Args:
        model: The model.
        clip: Compares picture and text.
        vae: Makes pictures of the model's latents.
        text: What the picture is to be like.
        strength: Length of each move, as a share of the estimate's own; below 0 it goes away from the text.
        start, end: When, as shares of the way from all noise (0) to none (1).

    Raises:
        BadInput: The VAE is another family's.
    """
    channels = model.family.latent.channels
    if vae.latent_channels != channels:
        raise BadInput(
            f"The model's latents have {channels} channels, and those of the VAE {vae.latent_channels}.",
            mend="Use the VAE of the model's own checkpoint.",
        )
    if strength == 0:
        return model
    wanted = clip.texts([text])[0]
    highest, lowest = model.schedule.percent_to_sigma(start), model.schedule.percent_to_sigma(end)

    def move(guess: Guess, denoised: Tensor) -> Tensor:
        if not lowest <= float(guess.sigma) <= highest:
            return denoised
        slope = torch.cat([_slope(model, clip, vae, wanted, latent) for latent in torch.split(denoised, 1)])
        # towards the end there is little noise left to make anything of but grain
        share = guess.sigma**2 / (guess.sigma**2 + model.schedule.process.signal(guess.sigma) ** 2)
        return denoised + strength * share.to(denoised) * _length(denoised) / _length(slope) * slope

    guidance = model.guidance
    return replace(model, guidance=replace(guidance, after=(*guidance.after, move)))


def _slope(model: Model, clip: ClipModel, vae: Vae, wanted: Tensor, denoised: Tensor) -> Tensor:
    """Where a clean latent [1, C, h, w] has to go to be more like a text: the gradient of its similarity."""

    def attempt(_: object) -> Tensor:
        # the way back leads through the decoder once more, so that it must not leave for CLIP
        with torch.enable_grad(), vae.placement.at_work(vae.network):
            latent = denoised.float().clone().requires_grad_()
            picture = vae.follow(_reduced(model.unscale_latent(latent), clip.vision.shape.image // vae.compression))
            seen = F.normalize(clip.vision.follow(_views(picture)).float(), dim=-1)
            (slope,) = torch.autograd.grad((seen @ wanted.to(seen)).sum() * LOUDER, latent)
        return slope.to(denoised)

    slope = Thrift(vae.placement, vae.network).attempt(attempt)
    vae.placement.finished(vae.network)
    return slope


def _views(picture: Tensor) -> Tensor:
    """A picture [1, H, W, C] as it is, mirrored, and its corners from close by [6, H, W, C].

    What pleases CLIP from one place only is mostly noise that no person would see; seen from several, it has to be the
    picture itself that changes.
    """
    height, width = picture.shape[1:3]
    whole = picture.movedim(-1, 1)
    rows, columns = round(height * CLOSE), round(width * CLOSE)
    near = [
        F.interpolate(
            whole[..., top : top + rows, left : left + columns], size=(height, width), mode="bilinear", antialias=True
        )
        for top in (0, height - rows)
        for left in (0, width - columns)
    ]
    return torch.cat([whole, whole.flip(-1), *near]).movedim(1, -1)


def _reduced(latent: Tensor, side: int) -> Tensor:
    """A latent whose shorter side is at most `side`: CLIP would see no more of the picture, and memory stays small."""
    factor = side / min(latent.shape[-2:])
    if factor >= 1:
        return latent
    size = [ceil(length * factor) for length in latent.shape[-2:]]
    return F.interpolate(latent, size=size, mode="area")


def _length(latent: Tensor) -> Tensor:
    """Root mean square of each latent [B, 1, 1, 1]."""
    return latent.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
