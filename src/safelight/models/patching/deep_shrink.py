"""Deep shrink: large pictures are begun on smaller features, so that they are composed as one (kohya, 2023)."""

from collections.abc import Callable

from torch import Tensor

from safelight.models.patches import Patches, Site

Resize = Callable[[Tensor, int, int], Tensor]
"""(features [N, C, h, w], width, height) -> features of that size."""


def deep_shrink(
    block: int, factor: float, span: tuple[float, float], down: Resize, up: Resize, *, after_skip: bool
) -> Patches:
    """Scale the features down at one block of the way down, and back where they meet what was not.

    Args:
        block: The block, numbered as in LDM's files (`input_blocks.N`).
        factor: What sides are divided by.
        span: The noise levels from which, and down to which, it is done.
        down: Scales down.
        up: Scales back.
        after_skip: Whether what is handed over to the way up keeps its size.
    """
    start, end = span

    def shrink(site: Site, x: Tensor) -> Tensor:
        if site.block != block or not end <= float(site.asked.sigma) <= start:
            return x
        height, width = (max(1, round(side / factor)) for side in site.size)
        return down(x, width, height)

    def restore(site: Site, x: Tensor, skip: Tensor) -> tuple[Tensor, Tensor]:
        height, width = skip.shape[-2:]
        return (x if x.shape[-2:] == skip.shape[-2:] else up(x, width, height)), skip

    return Patches(kept=(shrink,), up=(restore,)) if after_skip else Patches(down=(shrink,), up=(restore,))
