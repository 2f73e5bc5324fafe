"""A second network that tells pictures from reconstructions, patch by patch (Isola et al. 2017, arXiv:1611.07004,
section 3.2.2), so that the first learns to leave no sign of itself."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from safelight.models.fresh import fill_with_chance
from safelight.models.placement import Placement

WIDTH = 32
GROUPS = 8
PREFIX = "judge."


class Judge(nn.Module):
    """Four convolutions; each number of its answer is about 22 by 22 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, WIDTH, 4, 2, 1)
        self.second = nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1)
        self.second_norm = nn.GroupNorm(GROUPS, 2 * WIDTH)
        self.third = nn.Conv2d(2 * WIDTH, 4 * WIDTH, 3, 1, 1)
        self.third_norm = nn.GroupNorm(GROUPS, 4 * WIDTH)
        self.last = nn.Conv2d(4 * WIDTH, 1, 3, 1, 1)

    def forward(self, image: Tensor) -> Tensor:  # [B, 3, H, W] in -1..1 -> [B, 1, H / 4, W / 4], above 0 for pictures
        x = F.leaky_relu(self.first(image), 0.2)
        x = F.leaky_relu(self.second_norm(self.second(x)), 0.2)
        x = F.leaky_relu(self.third_norm(self.third(x)), 0.2)
        answer: Tensor = self.last(x)
        return answer


def begin_judge(seed: int, placement: Placement) -> Judge:
    """One without experience."""
    with torch.device("meta"):
        judge = Judge()
    fill_with_chance(judge, seed, placement, torch.float32)
    return judge


def adversarial(judge: Judge, learned: dict[str, Tensor], image: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
    """What both sides have to make smaller, in one pass back: neither's gradients reach the other.

    Args:
        judge: The network, whose own weights are not used.
        learned: Its weights by their names in it.
        image: Pictures [B, 3, H, W].
        made: Their reconstructions.

    Returns:
        What reconstructions lack to be taken for pictures, and the judge's hinge loss (Lim & Ye 2017,
        arXiv:1705.02894); scalars.
    """
    as_it_is = {name: tensor.detach() for name, tensor in learned.items()}
    missing = -functional_call(judge, as_it_is, (made,)).mean()
    real, false = (functional_call(judge, learned, (shown,)) for shown in (image, made.detach()))
    return missing, (F.relu(1 - real).mean() + F.relu(1 + false).mean()) / 2
