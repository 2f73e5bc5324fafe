"""Where, when and how strongly each cond counts, worked out for one latent and one schedule."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.batch import repeat_to
from safelight.diffusion.conditioning import Area, Cond

FEATHER = 8  # cells over which an area's weight rises from its edges inside the picture
MIN_BOUNDS = 8  # cells: the least side of the box around a mask


class Box(NamedTuple):
    """A rectangle of latent cells."""

    height: int
    width: int
    y: int
    x: int

    def crop(self, x: Tensor) -> Tensor:
        """The part of [..., H, W] inside the box, as a view."""
        return x[..., self.y : self.y + self.height, self.x : self.x + self.width]


@dataclass(frozen=True)
class Placed:
    """A cond in its place.

    Attributes:
        cond: What the network is told.
        box: The part of the latent that is shown to the network; None for all of it.
        weight: Its share at each cell of the box, [B or 1, 1, h, w].
        sigma_start, sigma_end: It counts at noise levels from the first down to the second.
    """

    cond: Cond
    box: Box | None
    weight: Tensor
    sigma_start: float
    sigma_end: float

    def counts_at(self, sigma: float) -> bool:
        """Whether it is evaluated at this noise level."""
        return self.sigma_end <= sigma <= self.sigma_start


def place(
    conds: Sequence[Cond], like: Tensor, percent_to_sigma: Callable[[float], float], sigmas: Tensor
) -> tuple[Placed, ...]:
    """Put conds into their places.

    Args:
        conds: Any number, at least one.
        like: A latent [B, C, H, W] of the size and device wanted.
        percent_to_sigma: The schedule's, for parts of the way through it.
        sigmas: The run's noise levels [steps + 1], for parts of its steps.
    """
    return tuple(_place(cond, like, percent_to_sigma, sigmas) for cond in conds)


def with_shared_boxes(conds: tuple[Placed, ...], others: tuple[Placed, ...]) -> tuple[Placed, ...]:
    """`conds`, and for each box among `others` that none of them has, one of them shown that box too.

    Guidance compares two predictions of the same crop: a network sees a crop as a picture of its own,
    so a negative prompt evaluated on the whole picture says little about a part of it. The cond with the
    smallest box around the wanted one is used, under the controls and the shared changes of the other.
    """
    shared = list(conds)
    for other in others:
        if other.box is None:
            continue
        around = [placed for placed in shared if _surrounds(placed.box, other.box)]
        if not around:
            continue
        closest = min(around, key=lambda placed: _cells(placed.box))
        if closest.box != other.box:
            shared.append(replace(other, cond=_like(closest.cond, other.cond)))
    return tuple(shared)


def _like(cond: Cond, other: Cond) -> Cond:
    """A cond under the controls and the shared changes of another."""
    if (cond.controls, cond.shared_changes) == (other.controls, other.shared_changes):
        return cond
    own = (change for change in cond.changes if not change.shared)
    return replace(cond, controls=other.controls, changes=(*own, *other.shared_changes))


def _place(cond: Cond, like: Tensor, percent_to_sigma: Callable[[float], float], sigmas: Tensor) -> Placed:
    height, width = like.shape[-2:]
    box = _box_of_area(cond.area, height, width) if cond.area else None
    mask = None
    if cond.mask is not None:
        mask = F.interpolate(cond.mask[:, None].to(like), size=(height, width), mode="bilinear", align_corners=False)
        if cond.mask_bounds:
            box = _box_around(mask[:, 0])
    start, end = percent_to_sigma(cond.start), percent_to_sigma(cond.end)
    if cond.steps is not None:
        start, end = _sigmas_of_steps(cond.steps, sigmas)
    return Placed(cond, box, _weight(cond, box, mask, like), start, end)


def _weight(cond: Cond, box: Box | None, mask: Tensor | None, like: Tensor) -> Tensor:
    if mask is not None:
        mask = mask[: like.shape[0]] * (cond.mask_strength * cond.strength)
        if len(mask) > 1:
            mask = repeat_to(mask, len(like))
        return box.crop(mask) if box else mask
    weight = torch.full((1, 1, *like.shape[-2:]), cond.strength, dtype=like.dtype, device=like.device)
    return _feathered(box.crop(weight), box, like.shape[-2:]) if box else weight


def _feathered(weight: Tensor, box: Box, size: Sequence[int]) -> Tensor:
    """`weight` [1, 1, h, w] with ramps at those edges of the box that are not edges of the picture."""
    weight = weight.clone()
    for axis, (length, start, whole) in enumerate(
        zip((box.height, box.width), (box.y, box.x), size, strict=True), start=2
    ):
        cells = min(FEATHER, length // 4)
        if not cells:
            continue
        ramp = torch.arange(1, cells + 1, dtype=weight.dtype, device=weight.device) / cells
        ramp = ramp.reshape((1, 1, -1, 1) if axis == 2 else (1, 1, 1, -1))
        if start > 0:
            weight.narrow(axis, 0, cells).mul_(ramp)
        if start + length < whole:
            weight.narrow(axis, length - cells, cells).mul_(ramp.flip(axis))
    return weight


def _box_of_area(area: Area, height: int, width: int) -> Box:
    if area.relative:
        rows, columns = max(1, round(area.height * height)), max(1, round(area.width * width))
        box = Box(rows, columns, round(area.y * height), round(area.x * width))
    else:
        box = Box(int(area.height), int(area.width), int(area.y), int(area.x))
    y, x = min(box.y, height - 1), min(box.x, width - 1)
    return Box(min(box.height, height - y), min(box.width, width - x), y, x)


def _box_around(mask: Tensor) -> Box:
    """The smallest box of at least `MIN_BOUNDS` cells a side around what is not 0 in [B, H, W]."""
    height, width = mask.shape[-2:]
    covered = (mask != 0).any(dim=0)
    rows, columns = covered.any(dim=1).nonzero().flatten(), covered.any(dim=0).nonzero().flatten()
    if not len(rows):
        return Box(min(MIN_BOUNDS, height), min(MIN_BOUNDS, width), 0, 0)
    y, x = int(rows[0]), int(columns[0])
    box = Box(max(MIN_BOUNDS, int(rows[-1]) - y + 1), max(MIN_BOUNDS, int(columns[-1]) - x + 1), y, x)
    return Box(min(box.height, height - y), min(box.width, width - x), y, x)


def _sigmas_of_steps(steps: tuple[float, float], sigmas: Tensor) -> tuple[float, float]:
    """The noise levels of the first and last step of a part of the run, each step belonging to one part."""
    total = len(sigmas) - 1
    first, after = round(steps[0] * total), round(steps[1] * total)
    levels = sigmas.tolist()
    start = float("inf") if first == 0 else levels[min(first, total)]
    last_before = levels[min(after, total)]
    end = 0.0 if after >= total else _just_above(last_before)
    return start, end


def _just_above(value: float) -> float:
    return value * (1 + 1e-6)


def _surrounds(box: Box | None, inner: Box) -> bool:
    if box is None:
        return True
    return (
        box.y <= inner.y
        and box.x <= inner.x
        and box.y + box.height >= inner.y + inner.height
        and box.x + box.width >= inner.x + inner.width
    )


def _cells(box: Box | None) -> float:
    return float("inf") if box is None else box.height * box.width
