"""Other ways to join the estimates for several prompts than plain classifier-free guidance.

Functions here make the parts of a `Guidance`: rules that join, and changes before and after. Every picture of a batch
is treated by itself.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.guidance import After, Before, Guess, Rule, classifier_free

LATENT = (1, 2, 3)  # the axes of one picture in a batch [B, C, H, W]


def dual(rule: Rule, cfg_negative: float) -> Rule:
    """Two prompts at once: the way from the negative to the second, and on from the second to the first.

    `cond` is the estimate for the first prompt, the first of `others` that for the second, and `cfg` how far to go
    from the second to the first.

    Args:
        rule: Joins the second prompt and the negative.
        cfg_negative: Guidance strength between these two.

    Source: Brooks et al. 2022, arXiv:2211.09800, equation 3.
    """

    def join(guess: Guess) -> Tensor:
        second = guess.others[0]
        base = rule(replace(guess, cond=second, cfg=cfg_negative, others=()))
        return base + (guess.cond - second) * guess.cfg

    return join


def dual_nested(rule: Rule, cfg_negative: float) -> Rule:
    """As `dual`, but the two prompts are joined first, and what they make is led away from the negative.

    Args:
        rule: Joins the two prompts, with the second as the one to go away from.
        cfg_negative: Guidance strength between both and the negative.
    """

    def join(guess: Guess) -> Tensor:
        both = rule(replace(guess, uncond=guess.others[0], others=()))
        return guess.uncond + (both - guess.uncond) * cfg_negative

    return join


def perpendicular_negative(strength: float) -> Rule:
    """Take from the negative prompt only what does not go against the positive one.

    Both are measured from an empty prompt, the first of `others`; the share of the negative along the positive is
    left out.

    Args:
        strength: Weight of the negative.

    Source: Armandpour et al. 2023, arXiv:2304.04968.
    """

    def join(guess: Guess) -> Tensor:
        empty = guess.others[0]
        wanted, unwanted = guess.cond - empty, guess.uncond - empty
        along = _dot(unwanted, wanted) / _dot(wanted, wanted)
        return empty + guess.cfg * (wanted - strength * (unwanted - along * wanted))

    return join


def tangential_damping(guess: Guess) -> Guess:
    """Keep of the negative prompt's noise only the direction that both prompts share the most of.

    That is the first right singular vector of the two, taken as the rows of a matrix.

    Source: Kwon et al. 2025, arXiv:2503.18137 (TCFG), algorithm 1.
    """
    noise, noise_uncond = guess.x - guess.cond, guess.x - guess.uncond
    rows = torch.stack([noise_uncond.flatten(1), noise.flatten(1)], dim=1).float()
    shared = torch.linalg.svd(rows, full_matrices=False).Vh[:, 0].reshape(noise.shape).to(noise)
    return replace(guess, uncond=guess.x - _dot(noise_uncond, shared) * shared)


def adaptive_projection(eta: float, norm_threshold: float, momentum: float) -> Before:
    """Guidance that is led past the colours it would burn: shortened, and turned away from `cond` itself.

    Args:
        eta: What is kept of the part along `cond`, which saturates; 1 keeps all of it.
        norm_threshold: The longest the difference of the prompts may be; 0 leaves its length alone.
        momentum: Share of the steps before that is added to this one's difference; below 0 it is taken off.

    Source: Sadat et al. 2024, arXiv:2410.02416, algorithm 1. The strength here counts from `cond`, so that `cfg`
    w is the paper's w + 1; at 0 nothing is changed.
    """
    key = object()

    def change(guess: Guess) -> Guess:
        if guess.cfg == 0:
            return guess
        difference = guess.cond - guess.uncond
        guided = difference
        if momentum:
            sigma, past = guess.memory.get(key, (0.0, difference))
            if sigma >= float(guess.sigma):
                guided = guided + momentum * past
            guess.memory[key] = float(guess.sigma), guided
        if norm_threshold > 0:
            guided = guided * (norm_threshold / _dot(guided, guided).sqrt()).clamp(max=1)
        direction = guess.cond / _dot(guess.cond, guess.cond).sqrt().clamp(min=1e-12)
        along = _dot(guided, direction) * direction
        turned = guided - along + eta * along
        return replace(guess, cond=guess.uncond + turned + difference / guess.cfg)

    return change


def frequency_scaling(low: float, high: float, cutoff: int) -> Before:
    """Guide coarse and fine detail each by a strength of its own.

    Args:
        low: Factor on the guidance of the lowest frequencies.
        high: Factor on all others.
        cutoff: How many frequencies along each axis are low, to either side of 0.

    Source: Huang et al. 2025, arXiv:2504.02154 (FreSca).
    """

    def change(guess: Guess) -> Guess:
        difference = (guess.cond - guess.uncond).float()
        weights = torch.full(difference.shape[-2:], float(high), device=difference.device)
        middle = [length // 2 for length in weights.shape]  # where frequency 0 is
        rows, columns = (slice(max(centre - cutoff, 0), min(centre + cutoff, 2 * centre)) for centre in middle)
        weights[rows, columns] = low
        spectrum = torch.fft.fftshift(torch.fft.fft2(difference), dim=(-2, -1))
        filtered = torch.fft.ifft2(torch.fft.ifftshift(spectrum * weights, dim=(-2, -1))).real
        return replace(guess, cond=filtered.to(guess.cond) + guess.uncond)

    return change


def operation_on_guidance(operation: Callable[[Tensor], Tensor]) -> Before:
    """Apply an operation on latents to the difference of the prompts; to `cond` itself where nothing is guided."""

    def change(guess: Guess) -> Guess:
        if guess.uncond is guess.cond:
            changed = operation(guess.cond)
            return replace(guess, cond=changed, uncond=changed)
        return replace(guess, cond=operation(guess.cond - guess.uncond) + guess.uncond)

    return change


def leap_by_similarity(guess: Guess, denoised: Tensor) -> Tensor:
    """Follow the positive prompt alone where guidance strays far from it, and the guided estimate where it does not.

    How far is told by the cosine between the negative estimate and the mean of both, along the channels, after a
    square root of their size.

    Source: yoinked, 2024, the "Mahiro" function.
    """
    leap = guess.cond * guess.cfg
    away, merged = (_rooted(latent) for latent in (guess.uncond * guess.cfg, (leap + denoised) / 2))
    similarity = F.cosine_similarity(away, merged).mean(dim=(1, 2)).reshape(-1, 1, 1, 1)
    return torch.lerp(leap, denoised, (similarity + 1) / 2)


def zero_star(guess: Guess, denoised: Tensor) -> Tensor:
    """Scale the negative estimate so that it errs the least against the positive one.

    Source: Fan et al. 2025, arXiv:2503.18886 (CFG-Zero*), on the noise found in the latent.
    """
    noise, noise_uncond = guess.x - guess.cond, guess.x - guess.uncond
    scale = _dot(noise, noise_uncond) / (_dot(noise_uncond, noise_uncond) + 1e-8)
    return denoised + (1 - scale) * (guess.cfg - 1) * guess.uncond


def limited_norm(strength: float) -> After:
    """Keep each channel vector from growing longer than the positive prompt's.

    Args:
        strength: Factor on the result.
    """

    def finish(guess: Guess, denoised: Tensor) -> Tensor:
        share: Tensor = guess.cond.norm(dim=1, keepdim=True) / (denoised.norm(dim=1, keepdim=True) + 1e-8)
        return denoised * share.clamp(max=1) * strength

    return finish


def renormalized(limit: float, below: float) -> Rule:
    """Classifier-free guidance whose result is kept from growing larger than the positive prompt's estimate.

    Args:
        limit: The largest norm that it may have, in norms of that estimate; 0 leaves it alone.
        below: The noise level below which there is guidance at all.

    Source: Qin et al. 2025, arXiv:2503.21758 (Lumina-Image 2.0).
    """

    def join(guess: Guess) -> Tensor:
        if guess.sigma >= below:
            return guess.cond
        guided = classifier_free(guess)
        if not limit:
            return guided
        most = limit * _dot(guess.cond, guess.cond).sqrt()
        return guided * (most / _dot(guided, guided).sqrt()).clamp(max=1)

    return join


def scaled_noise(factor: float) -> After:
    """Divide the noise found in the latent, which sampling overrates as its own errors add up.

    Args:
        factor: A little above 1.

    Source: Ning et al. 2023, arXiv:2308.15321, equation 15.
    """

    def finish(guess: Guess, denoised: Tensor) -> Tensor:
        return guess.x - (guess.x - denoised) / factor

    return finish


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """The scalar product of each picture in two batches [B, C, H, W], as [B, 1, 1, 1]."""
    return (a * b).sum(dim=LATENT, keepdim=True)


def _rooted(x: Tensor) -> Tensor:
    return x.abs().sqrt() * x.sign()
