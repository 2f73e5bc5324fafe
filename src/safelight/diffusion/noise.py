"""Seeded noise: the same on every worker and device, because it is always drawn on the CPU."""

import math
from collections.abc import Sequence
from functools import cached_property

import torch
import torchsde
from torch import Tensor

PLACES = 6  # decimal places a Brownian tree tells apart
SAME = 1e-2  # sine of the angle below which two draws are one


def initial_noise(seed: int, shape: Sequence[int], batch_index: Sequence[int] | None = None) -> Tensor:
    """The noise that sampling starts from.

    Args:
        seed: Of the run, 0 to 2^64 - 1.
        shape: Of the latent, [B, C, H, W].
        batch_index: For each item, its place in the batch it was taken from. It then gets the noise it
            would have had there, if items were drawn one by one.

    Returns:
        Unit noise of `shape`, float32, on the CPU.
    """
    generator = torch.Generator().manual_seed(seed)
    if batch_index is None:
        return torch.randn(tuple(shape), generator=generator)
    items = [torch.randn((1, *shape[1:]), generator=generator) for _ in range(max(batch_index) + 1)]
    return torch.cat([items[index] for index in batch_index])


def mixed_noise(noise: Tensor, other: Tensor, strength: float) -> Tensor:
    """Noise between two draws, on the sphere that both lie on: a straight mix would have less variance.

    Args:
        noise, other: Unit noise [B, C, H, W].
        strength: 0 is `noise` itself, 1 is `other`.

    Source: spherical linear interpolation, Shoemake 1985, "Animating rotation with quaternion curves", section 3.3.
    """
    if strength <= 0:
        return noise
    first, second = noise.flatten(1), other.flatten(1)
    cosine = (first * second).sum(1) / (first.norm(dim=1) * second.norm(dim=1))
    angle = cosine.clamp(-1, 1).acos().reshape(-1, *[1] * (noise.ndim - 1))
    weights = torch.sin((1 - strength) * angle), torch.sin(strength * angle)
    mixed = (weights[0] * noise + weights[1] * other) / torch.sin(angle)
    return torch.where(torch.sin(angle) < SAME, noise, mixed)  # of the same seed, both are one


class GaussianNoise:
    """Independent draws from one stream; the first equals `initial_noise` of the same seed.

    Args:
        seed: Of the run.
        like: A latent [B, C, H, W] whose shape, dtype and device the draws take.
    """

    def __init__(self, seed: int, like: Tensor) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._like = like

    def __call__(self, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        """The next draw, whatever the noise levels."""
        return torch.randn(self._like.shape, generator=self._generator).to(self._like)


class BrownianNoise:
    """Increments of one Brownian path over sigma, which stay the same when the steps between change.

    Args:
        seed: Of the run.
        like: A latent [B, C, H, W] whose shape, dtype and device the draws take.
        sigmas: The noise levels of the run; the path spans the positive ones.

    Source: Li et al. 2020, arXiv:2001.01328, section 4 (the virtual Brownian tree).
    """

    def __init__(self, seed: int, like: Tensor, sigmas: Tensor) -> None:
        positive = sigmas[sigmas > 0]
        self._seed = seed
        self._like = like
        self._low, self._high = float(positive.min()), float(positive.max())

    @cached_property
    def _tree(self) -> torchsde.BrownianTree:
        # grown at the first draw: a run of one step has no path, and draws nothing
        return torchsde.BrownianTree(t0=self._low, w0=torch.zeros(self._like.shape), t1=self._high, entropy=self._seed)

    def __call__(self, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        """The increment on the way down from `sigma` to `sigma_next`, brought to unit variance."""
        # the tree rounds its ends, and warns of a place beyond them
        low = max(float(sigma_next), round(self._low, PLACES))
        high = min(float(sigma), round(self._high, PLACES))
        increment: Tensor = self._tree(low, high)
        return (-increment / math.sqrt(sigma - sigma_next)).to(self._like)
