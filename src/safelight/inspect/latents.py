"""Latent space: its channels, what the VAE keeps of a picture, and the ways between two latents or two prompts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from safelight.diffusion.conditioning import Conditioning
from safelight.errors import BadInput
from safelight.inspect.arrays import Array, array_of
from safelight.models.vae import Vae

PICTURE_BITS = 8
"""Bits of a picture's number: one of 256 brightnesses."""
LATENT_BITS = 16
"""Bits of a latent's number where it is kept in half precision, which loses nothing that is seen."""
PARALLEL = 1e-4
"""Sine of the angle below which two directions are one, or opposite: no arc leads from one to the other."""


@dataclass(frozen=True)
class Channels:
    """A latent's channels as pictures.

    Attributes:
        pictures: Each from its lowest to its highest number, grey, in 0..1 [C, h, w]; an even channel is 0.
        low, high, mean, std: Of each channel, in the latent's own numbers [C].
    """

    pictures: Array
    low: Array
    high: Array
    mean: Array
    std: Array


def channels_of(latent: Tensor) -> Channels:
    """The channels of one latent [C, h, w]."""
    numbers = latent.detach().float().cpu()
    flat = numbers.flatten(1)
    low, high = flat.amin(dim=1), flat.amax(dim=1)
    span = (high - low)[:, None, None]
    pictures = torch.where(span > 0, (numbers - low[:, None, None]) / span.clamp(min=1e-30), 0.0)
    return Channels(*map(array_of, (pictures, low, high, flat.mean(dim=1), flat.std(dim=1, correction=0))))


@dataclass(frozen=True)
class Reconstruction:
    """What is left of a picture that went through the VAE and back.

    Attributes:
        picture: What was encoded: cut to whole latent cells [H, W, 3] in 0..1.
        reconstruction: What came back, likewise.
        error: Root mean square of the difference over the colours, in 0..1 [H, W].
        psnr: Peak signal to noise in decibels: 10 log10(1 / mean square of the difference); infinite where nothing
            differs.
        mean_error, max_error: Of the absolute difference of single numbers, in 0..1.
        numbers_in, numbers_out: Of the picture, and of its latent.
        bits_in, bits_out: The same in bits: a picture has 8 to a number, a latent is kept with 16.
    """

    picture: Array
    reconstruction: Array
    error: Array
    psnr: float
    mean_error: float
    max_error: float
    numbers_in: int
    numbers_out: int
    bits_in: int
    bits_out: int

    @property
    def fewer_numbers(self) -> float:
        """How many times as many numbers the picture has as its latent."""
        return self.numbers_in / self.numbers_out

    @property
    def fewer_bits(self) -> float:
        """How many times as many bits."""
        return self.bits_in / self.bits_out


def reconstruct(vae: Vae, image: Tensor) -> Reconstruction:
    """Send one picture through the VAE and back.

    Args:
        vae: The VAE.
        image: [H, W, 3 or more] in 0..1. What does not fill a latent cell at its edges is cut off.

    Raises:
        BadInput: It is smaller than one latent cell.
    """
    latent = vae.encode(image[None])
    back = vae.decode(latent)[0]
    height, width = back.shape[:2]
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    picture = image[top : top + height, left : left + width, :3].float().cpu()
    difference = (back - picture).double()
    mean_square = float(difference.square().mean())
    numbers_in, numbers_out = picture.numel(), latent.numel()
    return Reconstruction(
        picture=array_of(picture),
        reconstruction=array_of(back),
        error=array_of(difference.square().mean(dim=-1).sqrt()),
        psnr=float("inf") if mean_square == 0 else -10 * float(np.log10(mean_square)),
        mean_error=float(difference.abs().mean()),
        max_error=float(difference.abs().amax()),
        numbers_in=numbers_in,
        numbers_out=numbers_out,
        bits_in=numbers_in * PICTURE_BITS,
        bits_out=numbers_out * LATENT_BITS,
    )


Way = Callable[[Tensor, Tensor, float], Tensor]
"""(first, second, share of the second) -> what lies there; all of one shape, a batch whose items are vectors."""


def straight(first: Tensor, second: Tensor, share: float) -> Tensor:
    """The straight line. Halfway between two unlike latents its numbers are too small: the picture turns grey."""
    return torch.lerp(first, second, share)


def spherical(first: Tensor, second: Tensor, share: float) -> Tensor:
    """The arc between two directions, while the length goes evenly from one to the other.

    Each item of the batch is one vector. Where the two point the same or opposite ways, or one is all zeros, there is
    no such arc, or there are many: the straight line is taken.

    Source: Shoemake 1985, "Animating rotation with quaternion curves", section 3.3.
    """
    one, other = first.flatten(1).double(), second.flatten(1).double()
    lengths = one.norm(dim=1, keepdim=True), other.norm(dim=1, keepdim=True)
    a, b = (vector / length.clamp(min=1e-30) for vector, length in zip((one, other), lengths, strict=True))
    angle = (a * b).sum(dim=1, keepdim=True).clamp(-1, 1).acos()
    sine = angle.sin()
    direction = (((1 - share) * angle).sin() * a + (share * angle).sin() * b) / sine.clamp(min=1e-30)
    arc = direction * torch.lerp(*lengths, share)
    without_arc = (sine < PARALLEL) | (lengths[0] * lengths[1] == 0)
    return torch.where(without_arc, torch.lerp(one, other, share), arc).view_as(first).to(first.dtype)


WAYS: dict[str, Way] = {"spherical": spherical, "linear": straight}
"""By name."""


def between(first: Tensor, second: Tensor, frames: int, way: str = "spherical") -> Tensor:
    """A film from one latent to another.

    Args:
        first, second: [C, h, w], of one shape.
        frames: How many, both ends counted; at least 2.
        way: A name in `WAYS`.

    Returns:
        [frames, C, h, w].

    Raises:
        BadInput: The two are of different shapes.
    """
    if first.shape != second.shape:
        sizes = [" by ".join(map(str, (x.shape[-1], x.shape[-2]))) for x in (first, second)]
        raise BadInput(
            f"The two latents differ in size: one has {first.shape[0]} channels of {sizes[0]}, the other "
            f"{second.shape[0]} of {sizes[1]}.",
            mend="Make both pictures equally large, and encode them with the same VAE.",
        )
    return torch.cat([WAYS[way](first[None], second[None], share) for share in shares_of(frames)])


def shares_of(frames: int) -> Sequence[float]:
    """How far each frame of a film is, from 0 to 1."""
    return [float(share) for share in np.linspace(0, 1, frames)]


def between_conds(first: Conditioning, second: Conditioning, share: float, way: str = "spherical") -> Conditioning:
    """The prompt that lies between two.

    Args:
        first: Its limits (area, strength, …) are kept.
        second: Its first cond counts. A shorter prompt is repeated to the length of the longer, where that divides.
        share: Of the second, 0 to 1.
        way: A name in `WAYS`.

    Raises:
        BadInput: The prompts were encoded for different families.
    """
    other = second[0]
    mixed = []
    for cond in first:
        context, there = _as_long(cond.context, other.context)
        if context.shape != there.shape:
            raise BadInput(
                f"The two prompts have {cond.context.shape[-1]} and {other.context.shape[-1]} numbers per token: they "
                "were encoded for different models.",
                mend="Encode both with the text encoder of the same checkpoint.",
            )
        pooled = cond.pooled
        if pooled is not None and other.pooled is not None:
            pooled = WAYS[way](pooled, other.pooled.to(pooled), share)
        mixed.append(replace(cond, context=WAYS[way](context, there.to(context), share), pooled=pooled))
    return tuple(mixed)


def _as_long(*contexts: Tensor) -> tuple[Tensor, ...]:
    """Encoded prompts [1, T, W] repeated to one length: attention over a repeated prompt is attention over it."""
    length = int(np.lcm.reduce([context.shape[1] for context in contexts]))
    return tuple(context.repeat(1, length // context.shape[1], 1) for context in contexts)
