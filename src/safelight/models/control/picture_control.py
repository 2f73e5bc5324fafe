"""A network that sees a picture, as it is applied to a prompt (ControlNet, T2I-Adapter)."""

from dataclasses import dataclass, replace
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.batch import repeat_to
from safelight.diffusion.conditioning import Conditioning
from safelight.diffusion.control import Control, ControlCall, Residuals
from safelight.models.model import Model

CELL = 8
"""Pixels of the picture along the side of a latent cell."""


class PictureNetwork(Protocol):
    """A network that steers the denoiser by a picture."""

    def onto(self, model: Model) -> "PictureNetwork":
        """The network on top of a model's own weights, if it was saved as the difference from some; else itself."""
        ...

    def look(self, picture: Tensor, call: ControlCall) -> tuple[Tensor, ...]:
        """What is the same in all steps.

        Args:
            picture: [P, H, W, C], mostly in 0..1.
            call: The call that it is to be fitted to.

        Returns:
            Features, P of each.
        """
        ...

    def steer(self, seen: tuple[Tensor, ...], call: ControlCall) -> Residuals:
        """What is added in one call of the denoiser; `seen` is of `look`, for as many pictures as the call or one."""
        ...


@dataclass(frozen=True, eq=False)
class PictureControl:
    """A control: a network, the picture that it is shown, and how much and when it counts.

    Attributes:
        network: The network.
        picture: [P, H, W, C]; of several, each latent of the batch gets its own in turn.
        strength: What its residuals are multiplied by.
        start, end: See `Control`.
    """

    network: PictureNetwork
    picture: Tensor
    strength: float = 1.0
    start: float = 0.0
    end: float = 1.0

    def __call__(self, call: ControlCall) -> Residuals:
        key = (self, call.shown.shape[-2:])
        if key not in call.memory:
            call.memory[key] = self.network.look(self.picture, call)
        seen = tuple(_to_batch(features, call) for features in call.memory[key])
        return self.network.steer(seen, call).times(self.strength)


def on_model(conds: Conditioning, model: Model, done: dict[Control, Control]) -> Conditioning:
    """Conds whose controls are put on top of the model that they steer, each once.

    Args:
        conds: Any prompt of the run.
        model: The model.
        done: Controls that have been put there; others are added.
    """
    for control in (control for cond in conds for control in cond.controls if control not in done):
        done[control] = control
        if isinstance(control, PictureControl):
            done[control] = replace(control, network=control.network.onto(model))
    return tuple(
        replace(cond, controls=tuple(done[control] for control in cond.controls)) if cond.controls else cond
        for cond in conds
    )


def fitted(picture: Tensor, width: int, height: int) -> Tensor:
    """A picture [P, H, W, C] as a network is shown it, [P, C, height, width]: its edges cut off evenly, not stretched.

    Values are taken over as they are, since some pictures mark places by values that none else has.
    """
    pixels = picture.movedim(-1, 1)
    rows, columns = pixels.shape[-2:]
    top = max(round((rows - columns * height / width) / 2), 0)
    left = max(round((columns - rows * width / height) / 2), 0)
    pixels = pixels[..., top : rows - top, left : columns - left]
    return F.interpolate(pixels, size=(height, width), mode="nearest-exact")


def _to_batch(features: Tensor, call: ControlCall) -> Tensor:
    """One of many pictures for each latent, in all rounds of the call."""
    if len(features) == 1:
        return features
    latents = len(call.shown) // call.rounds
    return torch.cat([repeat_to(features, latents)] * call.rounds)
