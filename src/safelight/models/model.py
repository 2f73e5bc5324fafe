"""A denoiser and how it is asked: noisy latent in, estimate of the clean one out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from safelight.diffusion.conditioning import NetworkChange, Role
from safelight.diffusion.control import Control, ControlCall, Residuals
from safelight.diffusion.guidance import Guidance
from safelight.diffusion.noise_schedule import NoiseSchedule
from safelight.diffusion.prediction import PREDICTIONS
from safelight.diffusion.types import Denoiser
from safelight.errors import BadInput
from safelight.families.base import Family
from safelight.families.cost import denoising_bytes
from safelight.families.shapes import FileContents, UNetShape
from safelight.models.memory.measures import Measures
from safelight.models.patches import UNPATCHED, Asked, Patches
from safelight.models.placement import Placement
from safelight.models.unclip import PictureLabel
from safelight.models.unet_forward import NO_RESIDUALS, run_unet
from safelight.models.weight_patches import UNPATCHED as OWN_WEIGHTS
from safelight.models.weight_patches import WeightPatches

if TYPE_CHECKING:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

NORM_GROUPS = 32  # channels of a UNet are normalized in so many groups


class WeightChange(NetworkChange, ABC):
    """A change of weights in some calls of the network only."""

    @abstractmethod
    def weights(self, model: "Model", sigma: float, memory: dict[object, Any]) -> WeightPatches:
        """What the model wears under it.

        Args:
            model: The model, with the weights that are changed.
            sigma: The noise level.
            memory: What is kept from one call to the next of one run, by keys of its owner's own.
        """


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
        weights: What is changed in its weights.
        patches: What is called inside the network while it runs.
        mask_at: The sigmas of a run -> (sigma, mask) -> mask, where masks open with the noise level.
        picture_label: Makes the label of unCLIP models of what CLIP saw; None for others.
        around: What is put around the guided denoiser of each run, from the inside out.
    """

    network: "UNet2DConditionModel"
    family: Family
    contents: FileContents
    prediction: str
    schedule: NoiseSchedule
    dtype: torch.dtype
    placement: Placement
    guidance: Guidance = field(default_factory=Guidance)
    weights: WeightPatches = OWN_WEIGHTS
    patches: Patches = UNPATCHED
    mask_at: Callable[[Tensor], Callable[[Tensor, Tensor], Tensor]] | None = None
    picture_label: PictureLabel | None = None
    around: tuple[Callable[[Denoiser], Denoiser], ...] = ()

    @property
    def shape(self) -> UNetShape:
        """Its sizes."""
        assert self.contents.unet is not None, "a model was loaded from a file with a denoiser"
        return self.contents.unet.shape

    @property
    def label_width(self) -> int:
        """Numbers of the label that the network takes beside the encoded prompt; 0 where it takes none."""
        return self.shape.label_width or 0

    def with_patches(self, patches: Patches) -> "Model":
        """The model with more called inside its network."""
        return replace(self, patches=self.patches.plus(patches))

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
        *,
        asked: Asked | None = None,
        controls: Sequence[Control] = (),
        changes: Sequence[NetworkChange] = (),
        measures: Measures = frozenset(),
    ) -> Tensor:
        """Ask the network once.

        Args:
            x: Noisy latents [B, C, h, w], in the family's scaled latent space.
            sigma: Their noise level, a scalar or [B].
            context: Encoded prompts [n B, T, W]: n for each latent, in n rounds of all latents. What does not hang
                on the prompt is computed once for all n.
            label: Pooled prompts and sizes [n B, L], for families that have them; for upscalers, int64 [n B].
            extra_channels: What variants see beside the latent [n B, K, h, w]: masks, scaled latents and pixels.
            asked: The call as patches see it; taken to be for n positive prompts where it is not given.
            controls: What steers the network from beside.
            changes: How the network differs in this call.
            measures: What is done to take less memory.

        Returns:
            The estimates of the clean latents, [n B, C, h, w], dtype and device of `x`.

        Raises:
            BadInput: The latents are smaller than the network can read.
        """
        device = self.placement.device
        rounds = len(context) // len(x)
        if asked is None:
            roles: list[Role] = ["positive"] * rounds
            asked = Asked(sigma, tuple(roles), (x.shape[-2], x.shape[-1]))
        patches = reduce(Patches.plus, (change for change in changes if isinstance(change, Patches)), self.patches)
        spread = sigma if sigma.ndim == 0 else sigma.to(x.device)[:, None, None, None]
        scaling = PREDICTIONS[self.prediction](spread)
        shown = scaling.calculate_input(x).to(device, self.dtype)
        timestep = self.schedule.timestep(sigma).float().to(device).reshape(-1)
        context = context.to(device, self.dtype)
        label = None if label is None else label.to(device, self.dtype if label.is_floating_point() else label.dtype)
        # Only the network: tensors made in inference mode must not be changed in place outside it.
        with torch.inference_mode():
            residuals = NO_RESIDUALS
            if controls and (counting := self._counting(controls, float(sigma.max()))):
                rows = shown.repeat(rounds, 1, 1, 1)
                call = ControlCall(rows, sigma, timestep, context, label, rounds=rounds, memory=asked.memory)
                residuals = reduce(Residuals.plus, (control(call) for control in counting))
        work = denoising_bytes(self.shape, len(context) * x.shape[-2] * x.shape[-1], self.dtype.itemsize)
        self.placement.bring_layers(self.network, self._weights_under(changes, asked), work=work, measures=measures)
        with torch.inference_mode():
            if extra_channels is not None:
                shown = torch.cat([shown.repeat(rounds, 1, 1, 1), extra_channels.to(shown)], dim=1)
            network: Callable[[Tensor], Tensor] = partial(
                run_unet,
                self.network,
                timestep=timestep,
                context=context,
                label=label,
                residuals=residuals,
                patches=patches,
                asked=asked,
                split="split" in measures,
            )
            for around in patches.network:
                network = partial(around, asked, network)
            with self.placement.at_work(self.network):
                try:
                    output = network(shown)
                except ValueError as error:
                    if (smallest := _smallest_side(self.shape)) <= max(x.shape[-2:]):
                        raise
                    pixels = self.family.latent.compression
                    width, height = x.shape[-1] * pixels, x.shape[-2] * pixels
                    raise BadInput(
                        f"The latent (latent_image) is of {width} by {height} pixels, which is too small for this "
                        f"{self.family.title} model.",
                        mend=f"Make the width or the height at least {smallest * pixels}.",
                    ) from error
        estimates = [scaling.calculate_denoised(x, part) for part in output.to(x).chunk(rounds)]
        return estimates[0] if rounds == 1 else torch.cat(estimates)

    def _weights_under(self, changes: Sequence[NetworkChange], asked: Asked) -> WeightPatches:
        """What the network wears in one call; the same object for the same changes at the same strengths."""
        weights = self.weights
        for change in changes:
            if isinstance(change, WeightChange):
                weights = change.weights(replace(self, weights=weights), float(asked.sigma.max()), asked.memory)
        return weights

    def _counting(self, controls: Sequence[Control], level: float) -> list[Control]:
        """The controls that count at a noise level."""
        sigma_at = self.schedule.percent_to_sigma
        return [control for control in controls if sigma_at(control.end) <= level <= sigma_at(control.start)]


def _smallest_side(shape: UNetShape) -> int:
    """Latent pixels that the longer side needs: at no level may one number be left to a group that is normalized."""
    narrow = [level for level, width in enumerate(shape.block_channels[:-1], 1) if width <= NORM_GROUPS]
    return 2 ** narrow[-1] + 1 if narrow else 1
