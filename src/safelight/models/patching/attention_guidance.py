"""Guidance by what the network makes when its self-attention is disturbed: an estimate to go away from."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.conditioning import Role
from safelight.diffusion.guidance import After, Guess
from safelight.models.patches import Mix, Patches, Site

ATTENDED = 1.0  # what all cells together give the average cell


def perturbed_attention(scale: float) -> After:
    """Go away from the estimate in which the middle block's cells see nothing but themselves.

    Args:
        scale: How far.

    Source: Ahn et al. 2024, arXiv:2403.17377 (PAG), equation 16.
    """
    perturbed = Patches(self_mix=(_own_values,))

    def finish(guess: Guess, denoised: Tensor) -> Tensor:
        if scale == 0:
            return denoised
        return denoised + scale * (guess.cond - _again(guess, "positive", guess.x, perturbed))

    return finish


def _own_values(site: Site, mix: Mix, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return v if site.way == "middle" else mix(q, k, v)


def self_attention_guidance(scale: float, blur: Callable[[Tensor], Tensor]) -> tuple[Patches, After]:
    """Go away from the estimate for a latent that is blurred where the network looks the most.

    Args:
        scale: How far.
        blur: Blurs a latent [B, C, h, w].

    Returns:
        What has to stand in the network, which keeps its attention in the memory of the run; and the guidance.

    Source: Hong et al. 2023, arXiv:2210.00939 (SAG), algorithm 1 with classifier-free guidance: it is the negative
    prompt that is looked at and asked again, or the positive one where there is no other.
    """
    key = object()

    def recording(role: Role) -> Patches:
        def record(site: Site, mix: Mix, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            asked = site.asked
            rows = asked.rows(q, role)[: len(q) // len(asked.roles)]
            # tiles of the picture tell nothing about the whole of it
            if site.way == "middle" and site.layer == 0 and rows and q.shape[2] == site.size[0] * site.size[1]:
                # by the size asked for: a prompt for an area is shown that part of the latent only
                received = _attention_received(q[rows], k[rows])
                asked.memory.setdefault(key, {})[asked.size] = received.reshape(-1, *site.size)
            return mix(q, k, v)

        return Patches(self_mix=(record,))

    of_negative, of_positive = recording("negative"), recording("positive")

    def finish(guess: Guess, denoised: Tensor) -> Tensor:
        if scale == 0:
            return denoised
        size = (guess.x.shape[-2], guess.x.shape[-1])
        maps = guess.memory.setdefault(key, {})
        role: Role = "negative"
        uncond = guess.uncond
        if size not in maps:  # at cfg 1 the negative prompt was not asked for
            uncond = _again(guess, role, guess.x)
        if size not in maps:
            role, uncond = "positive", _again(guess, "positive", guess.x, of_positive)
        if size not in maps:  # no prompt is for the whole picture
            return denoised
        mask = F.interpolate((maps[size] > ATTENDED)[:, None].to(uncond), size=size)
        degraded = torch.lerp(uncond, blur(uncond), mask)
        again = _again(guess, role, degraded + guess.x - uncond)
        maps.clear()
        return denoised + scale * (degraded - again)

    return of_negative, finish


def _attention_received(q: Tensor, k: Tensor) -> Tensor:
    """What each cell gets from all cells together, averaged over the heads: [N, H, T, D] -> [N, T]."""
    q, k = q.float(), k.float()
    weights: Tensor = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).softmax(dim=-1)
    return weights.mean(dim=1).sum(dim=1)


def _again(guess: Guess, role: Role, x: Tensor, change: Patches | None = None) -> Tensor:
    assert guess.again is not None, "a model stands behind the estimates"
    return guess.again(role, x, change)
