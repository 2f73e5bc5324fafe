"""The forward process of one step: which noise levels, and which noise. All of it follows from seed and step."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from safelight.runs.settings import Loss

GOLDEN = 0x9E3779B97F4A7C15  # spreads neighbouring steps over all seeds
MASK = 2**63 - 1


def generator_at(seed: int, step: int) -> Generator:
    """The source of chance for one step: the same on every machine, whichever steps came before."""
    return Generator().manual_seed((seed * GOLDEN + (step + 1) * 0xD1B54A32D192ED03) & MASK)


def _uniform(count: int, source: Generator) -> Tensor:
    return torch.rand(count, generator=source)


def _logit_normal(count: int, source: Generator) -> Tensor:
    """The middle more often than the ends (Esser et al. 2024, arXiv:2403.03206, section 3.1)."""
    return torch.randn(count, generator=source).sigmoid()


def _high_noise(count: int, source: Generator) -> Tensor:
    """Density rises in proportion to the share: what makes composition and brightness."""
    return torch.rand(count, generator=source).sqrt()


def _low_noise(count: int, source: Generator) -> Tensor:
    """Density falls in proportion to it: what makes detail."""
    return 1 - torch.rand(count, generator=source).sqrt()


LEVELS: dict[str, Callable[[int, Generator], Tensor]] = {
    "uniform": _uniform,
    "logit_normal": _logit_normal,
    "high_noise": _high_noise,
    "low_noise": _low_noise,
}
"""(count, source) -> shares of the schedule in 0..1, 1 all noise [count]."""


def draw_levels(settings: Loss, sigmas: Tensor, count: int, source: Generator) -> Tensor:
    """Noise levels of a schedule's table.

    Args:
        settings: Which are drawn how often, and between which shares of the schedule.
        sigmas: The table [n], rising.
        count: How many.
        source: Of chance.

    Returns:
        Levels [count].
    """
    share = LEVELS[settings.levels](count, source) * (settings.highest - settings.lowest) + settings.lowest
    return sigmas[(share * len(sigmas)).long().clamp(0, len(sigmas) - 1)]


def draw_noise(settings: Loss, like: Tensor, source: Generator) -> Tensor:
    """Noise for latents.

    Args:
        settings: What is added to unit noise: offsets of whole channels (Guttenberg 2023, "Diffusion with offset
            noise"), and coarser noise at each halving of its size ("pyramid" or multi-resolution noise, Whitaker
            2023), after which it is brought back to unit variance.
        like: Latents [B, C, h, w], whose shape and device it takes.
        source: Of chance; on the CPU, so that every device learns from the same noise.
    """
    batch, channels, height, width = like.shape
    noise = torch.randn(like.shape, generator=source)
    if settings.pyramid_noise:
        share, rows, columns = 1.0, height, width
        while min(rows, columns) > 1:
            rows, columns, share = rows // 2, columns // 2, share * settings.pyramid_noise
            coarse = torch.randn((batch, channels, rows, columns), generator=source)
            noise = noise + share * F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)
        noise = noise / noise.std((1, 2, 3), keepdim=True)
    if settings.offset_noise:
        noise = noise + settings.offset_noise * torch.randn((batch, channels, 1, 1), generator=source)
    return noise.to(like)
