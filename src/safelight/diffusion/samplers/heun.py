"""Heun's method, and its extension to a third slope."""

from itertools import pairwise

import torch
from torch import Tensor

from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def heun(denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, noise: NoiseSource, on_step: OnStep) -> Tensor:
    """Steps along the mean of the slopes at both ends: two model calls a step, one on the last.

    Arguments are `Sampler`'s.

    Source: Karras et al. 2022, arXiv:2206.00364, algorithm 1.
    """
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        slope = (x - denoised) / sigma
        if sigma_next > 0:
            slope = (slope + _slope(denoiser, x + slope * (sigma_next - sigma), sigma_next)) / 2
        x = x + slope * (sigma_next - sigma)
    return x


def heunpp2(denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, noise: NoiseSource, on_step: OnStep) -> Tensor:
    """Steps along a weighted mean of the slopes at this and the next two sigmas, as far as there are any.

    A slope ahead weighs as much as its sigma is of the first, so that late slopes, which err more, count for
    less. Three model calls a step, two on the last but one, one on the last. Arguments are `Sampler`'s.

    Source: the Heun++ of Duan et al. 2023, arXiv:2306.07691 (Optimal Linear Subspace Search).
    """
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        slopes = [(x - denoised) / sigma]
        ahead, here = x, sigma
        usable = [later for later in sigmas[index + 1 : index + 3] if later > sigmas[-1]]
        for later in usable:
            ahead = ahead + slopes[-1] * (later - here)
            slopes.append(_slope(denoiser, ahead, later))
            here = later
        weights = [later / (len(slopes) * sigmas[0]) for later in usable]
        rest = torch.ones_like(sigma)
        for weight in weights:
            rest = rest - weight
        slope = rest * slopes[0]
        for weight, later_slope in zip(weights, slopes[1:], strict=True):
            slope = slope + weight * later_slope
        x = x + slope * (sigma_next - sigma)
    return x


def _slope(denoiser: Denoiser, x: Tensor, sigma: Tensor) -> Tensor:
    return (x - denoiser(x, sigma)) / sigma
