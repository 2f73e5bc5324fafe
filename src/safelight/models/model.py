"""A denoiser and how it is asked: noisy latent in, estimate of the clean one out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from safelight.diffusion.guidance import Guidance
from safelight.diffusion.noise_schedule import NoiseSchedule
from safelight.diffusion.prediction import PREDICTIONS
from safelight.families.base import Family
from safelight.families.shapes import FileContents
from safelight.models.placement import Placement
from safelight.models.unet_forward import run_unet

if TYPE_CHECKING:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel


@dataclass(frozen=True)
class Model:
    """A denoiser. Other settings (prediction, schedule) are put in by `dataclasses.replace`; weights are shared.

    Attributes:
        network: Its weights.
        family: What it is sampled, conditioned and decoded as.
        contents: What its file said.
        prediction: What the network predicts: a name of `PREDICTIONS`.
        schedule: The noise it was trained with.
        dtype: What the network runs in.
        placement: Where it runs.
        guidance: How the estimates for the prompts are joined.
        mask_at: The sigmas of a run -> (sigma, mask) -> mask, where masks open with the noise level.
    """

    network: "UNet2DConditionModel"
    family: Family
    contents: FileContents
    prediction: str
    schedule: NoiseSchedule
    dtype: torch.dtype
    placement: Placement
    guidance: Guidance = field(default_factory=Guidance)
    mask_at: Callable[[Tensor], Callable[[Tensor, Tensor], Tensor]] | None = None

    @property
    def label_width(self) -> int:
        """Numbers of the label that the network takes beside the encoded prompt; 0 where it takes none."""
        unet = self.contents.unet
        return (unet and unet.shape.label_width) or 0

    def scale_latent(self, latent: Tensor) -> Tensor:
        """A latent as the VAE gives it, as the denoiser takes it."""
        shift, scale = self._latent_range(latent)
        return (latent - shift) * scale

    def unscale_latent(self, latent: Tensor) -> Tensor:
        """The inverse of `scale_latent`."""
        shift, scale = self._latent_range(latent)
        return latent / scale + shift

    def _latent_range(self, like: Tensor) -> tuple[Tensor | float, Tensor | float]:
        """What is taken off a latent, and what it is multiplied by after: numbers, or one for each channel."""
        latent = self.family.latent
        if not latent.std:
            return latent.shift, latent.scale
        mean, std = (like.new_tensor(values).reshape(1, -1, 1, 1) for values in (latent.mean, latent.std))
        return mean, latent.scale / std

    def predict(
        self,
        x: Tensor,
        sigma: Tensor,
        context: Tensor,
        label: Tensor | None = None,
        extra_channels: Tensor | None = None,
    ) -> Tensor:
        """Ask the network once.

        Args:
            x: Noisy latents [B, C, h, w], in the family's scaled latent space.
            sigma: Their noise level, a scalar or [B].
            context: Encoded prompts [n B, T, W]: n for each latent, in n rounds of all latents. What does not hang
                on the prompt is computed once for all n.
            label: Pooled prompts and sizes [n B, L], for families that have them.
            extra_channels: What variants see beside the latent [n B, K, h, w]: masks and scaled latents.

        Returns:
            The estimates of the clean latents, [n B, C, h, w], dtype and device of `x`.
        """
        self.placement.bring(self.network)
        device = self.placement.device
        rounds = len(context) // len(x)
        spread = sigma if sigma.ndim == 0 else sigma.to(x.device)[:, None, None, None]
        scaling = PREDICTIONS[self.prediction](spread)
        shown = scaling.calculate_input(x)
        if extra_channels is not None:
            shown = torch.cat([shown.repeat(rounds, 1, 1, 1), extra_channels.to(shown)], dim=1)
        # Only the network: tensors made in inference mode must not be changed in place outside it.
        with torch.inference_mode():
            output = run_unet(
                self.network,
                shown.to(device, self.dtype),
                self.schedule.timestep(sigma).float().to(device).reshape(-1),
                context.to(device, self.dtype),
                None if label is None else label.to(device, self.dtype),
            )
        estimates = [scaling.calculate_denoised(x, part) for part in output.to(x).chunk(rounds)]
        return estimates[0] if rounds == 1 else torch.cat(estimates)
