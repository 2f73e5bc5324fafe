"""Token merging: cells that are much alike ask as one (Bolya & Hoffman 2023, arXiv:2303.17604)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.models.patches import Attend, Patches, Site

CELL = 2  # of each square of so many cells a side, one stays and takes others in


@dataclass(frozen=True)
class Merging:
    """Which tokens become one.

    Attributes:
        owner: The merged token that each token is part of [N, T].
        count: How many merged tokens there are.
    """

    owner: Tensor
    count: int

    def merge(self, x: Tensor) -> Tensor:
        """The means of what becomes one, [N, T, C] -> [N, count, C]."""
        merged = x.new_zeros(x.shape[0], self.count, x.shape[2])
        return merged.scatter_reduce(1, self._owner_of(x), x, "mean", include_self=False)

    def unmerge(self, x: Tensor) -> Tensor:
        """Each token with what the merged one got, [N, count, C] -> [N, T, C]."""
        return x.gather(1, self._owner_of(x))

    def _owner_of(self, x: Tensor) -> Tensor:
        return self.owner[..., None].expand(-1, -1, x.shape[2])


def token_merging(ratio: float) -> Patches:
    """Merge tokens of the finest level before they ask for self-attention, and spread the answers after it.

    Keys and values stay whole. Networks without attention at the finest level (SDXL's) are left as they are.

    Args:
        ratio: Share of the tokens that is merged away; there is an end at three quarters.
    """
    key = object()

    def around(site: Site, attend: Attend, x: Tensor, key_input: Tensor, value_input: Tensor) -> Tensor:
        height, width = site.size
        merged = int(height * width * ratio)
        # other patches may have taken tokens away
        if site.size != site.asked.size or x.shape[1] != height * width or not merged or min(site.size) < CELL:
            return attend(x, key_input, value_input)
        draws = site.asked.memory.setdefault(key, torch.Generator().manual_seed(0))
        merging = merge_alike(x, site.size, merged, draws)
        return merging.unmerge(attend(merging.merge(x), key_input, value_input))

    return Patches(self_attention=(around,))


def merge_alike(x: Tensor, size: tuple[int, int], count: int, draws: torch.Generator) -> Merging:
    """Find the tokens that are most like one that stays.

    Args:
        x: Tokens of a picture, row by row [N, h * w, C].
        size: Its height and width, at least 2.
        count: How many to merge away, at most.
        draws: Says which of each 2 by 2 cells stays.
    """
    total = x.shape[1]
    staying = _drawn_cells(size, draws).to(x.device)
    moves = torch.ones(total, dtype=torch.bool, device=x.device)
    moves[staying] = False
    moving = moves.nonzero().flatten()

    direction = F.normalize(x, dim=-1)
    likeness, closest = (direction[:, moving] @ direction[:, staying].transpose(1, 2)).max(dim=-1)
    order = likeness.argsort(dim=-1, descending=True)
    gone, kept = order[:, :count], order[:, count:]

    # merged tokens: those that stay first, then those that moved nowhere
    owner = torch.empty(x.shape[:2], dtype=torch.long, device=x.device)
    owner[:, staying] = torch.arange(len(staying), device=x.device)
    owner.scatter_(1, moving[gone], closest.gather(1, gone))
    places = torch.arange(len(staying), len(staying) + kept.shape[1], device=x.device)
    owner.scatter_(1, moving[kept], places.expand(len(x), -1))
    return Merging(owner, len(staying) + kept.shape[1])


def _drawn_cells(size: tuple[int, int], draws: torch.Generator) -> Tensor:
    """One cell of each whole 2 by 2 square, as indices into h * w."""
    height, width = size
    rows, columns = height // CELL, width // CELL
    drawn = torch.randint(CELL * CELL, (rows, columns), generator=draws)
    row = torch.arange(rows)[:, None] * CELL + drawn // CELL
    column = torch.arange(columns) * CELL + drawn % CELL
    return (row * width + column).flatten()
