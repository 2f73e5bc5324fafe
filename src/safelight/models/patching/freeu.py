"""FreeU: lean more on what the network made up, less on what came over from the way down (arXiv:2309.11497)."""

from collections.abc import Callable

import torch
from torch import Tensor

from safelight.models.patches import Patches, Site

Gain = Callable[[Tensor, float], Tensor | float]
"""(features [N, C, h, w], factor) -> what half of them is multiplied by."""


def evenly(x: Tensor, factor: float) -> float:
    """The same everywhere, as in the paper's first version."""
    return factor


def by_structure(x: Tensor, factor: float) -> Tensor:
    """From 1 where the features are weakest on average to `factor` where they are strongest, [N, 1, h, w].

    Source: the paper's second version, equation 5.
    """
    mean = x.mean(dim=1, keepdim=True)
    low, high = mean.amin(dim=(2, 3), keepdim=True), mean.amax(dim=(2, 3), keepdim=True)
    # a map that is even throughout, as one of a single cell, has nothing to raise
    share = (mean - low) / (high - low).clamp(min=torch.finfo(x.dtype).tiny)
    return 1 + (factor - 1) * share


def freeu(width: int, coarse: tuple[float, float], fine: tuple[float, float], gain: Gain) -> Patches:
    """Raise half of the features of the two coarsest levels, and change the low frequencies of what is joined to them.

    Args:
        width: Channels of the network's finest level.
        coarse: Factors on the features, and on the low frequencies, where there are four times as many channels.
        fine: The same where there are twice as many.
        gain: How the first factor is spread.
    """
    factors = {4 * width: coarse, 2 * width: fine}

    def change(site: Site, x: Tensor, skip: Tensor) -> tuple[Tensor, Tensor]:
        channels = x.shape[1]
        if channels not in factors:
            return x, skip
        backbone, low = factors[channels]
        raised, rest = x[:, : channels // 2], x[:, channels // 2 :]
        return torch.cat([raised * gain(x, backbone), rest], dim=1), _scale_low_frequencies(skip, low)

    return Patches(up=(change,))


def _scale_low_frequencies(x: Tensor, factor: float) -> Tensor:
    """`x` [N, C, h, w] with its mean, and what goes through once along an axis the negative way, times a factor."""
    spectrum = torch.fft.fft2(x.float())
    lowest = torch.tensor([0, -1], device=x.device)
    spectrum[..., lowest[:, None], lowest] *= factor
    scaled: Tensor = torch.fft.ifft2(spectrum).real.to(x)
    return scaled
