"""Where in the picture each token of a prompt is looked at, heard in the network while it runs."""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.placement import Box
from safelight.models.patches import Mix, Site

MOST_PLACES = 32 * 32  # of a map of up to `USUAL_TOKENS` tokens; of more, so many fewer that all take no more room
USUAL_TOKENS = 2 * 77
MOST_PICTURES = 4  # of a batch


class _Part(NamedTuple):
    """What is heard apart until the step is over: maps of one size, of one part of the latent."""

    size: tuple[int, int]
    box: Box | None


class Listener:
    """Hears the cross attentions of one prompt. Nothing that is computed changes by it.

    Args:
        prompt: The encoded prompt [1, T, W]; others that the network is shown with it are not listened to.
    """

    def __init__(self, prompt: Tensor) -> None:
        self._prompt = prompt
        self._heard: dict[_Part, tuple[Tensor, int]] = {}
        self._size: tuple[int, int] | None = None  # that of all maps: the largest of the first step

    def __call__(self, site: Site, mix: Mix, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Hear one attention, as a patch around its inside."""
        self._hear(site, q, k)
        return mix(q, k, v)

    def taken(self, whole: tuple[int, int]) -> Tensor | None:
        """What was heard since this was asked last, brought to one size; None where nothing was.

        Args:
            whole: Height and width of the latent.

        Returns:
            The share of attention that each token got at each place [B, T, y, x], float16, on the CPU; averaged over
            heads, layers and calls. 0 where the network was not shown the prompt.
        """
        if not self._heard:
            return None
        if self._size is None:
            self._size = max((_grown(part, whole) for part in self._heard), key=math.prod)
        summed: Tensor | None = None
        counts: Tensor | None = None
        for part, (looked, count) in self._heard.items():
            rows, columns = _span(part.box, whole, self._size)
            height, width = rows.stop - rows.start, columns.stop - columns.start
            maps = looked.transpose(1, 2).reshape(len(looked), -1, *part.size)
            if (height, width) != part.size:
                maps = F.interpolate(maps, size=(height, width), mode="bilinear", align_corners=False)
            if summed is None or counts is None:
                summed = maps.new_zeros(*maps.shape[:2], *self._size)
                counts = maps.new_zeros(self._size)
            summed[..., rows, columns] += maps
            counts[rows, columns] += count
        assert summed is not None, "something was heard"
        assert counts is not None, "and counted with it"
        self._heard.clear()
        return (summed / counts.clamp(min=1)).half().cpu()

    def _hear(self, site: Site, q: Tensor, k: Tensor) -> None:
        asked, length, shown = site.asked, self._prompt.shape[1], k.shape[2]
        height, width = site.size
        if asked.changed or shown % length or q.shape[2] != height * width:
            return
        batch = len(q) // len(asked.roles)
        step = math.ceil(math.sqrt(height * width / _most_places(length)))
        for place, prompt in enumerate(asked.prompts):
            if prompt is not self._prompt or asked.roles[place] != "positive":
                continue
            rows = slice(place * batch, place * batch + min(batch, MOST_PICTURES))
            asking = q[rows]
            if step > 1:
                asking = asking.reshape(*asking.shape[:2], height, width, -1)
                asking = asking[:, :, step // 2 :: step, step // 2 :: step].flatten(2, 3)
            looked = torch.softmax(asking @ k[rows].transpose(-1, -2) * q.shape[-1] ** -0.5, dim=-1).mean(dim=1)
            if shown > length:  # repeated to the length of another prompt, of which each time counts
                looked = looked.reshape(*looked.shape[:2], shown // length, length).sum(dim=-2)
            size = tuple(len(range(step // 2, side, step)) for side in site.size)
            part = _Part((size[0], size[1]), asked.box)
            known, count = self._heard.get(part, (None, 0))
            self._heard[part] = (looked.float() if known is None else known + looked, count + 1)
            return  # a prompt that stands there twice is heard once


def _most_places(tokens: int) -> int:
    """How many places a map may have."""
    return max(1, MOST_PLACES * USUAL_TOKENS // max(tokens, USUAL_TOKENS))


def _grown(part: _Part, whole: tuple[int, int]) -> tuple[int, int]:
    """The size of the whole picture's map where its part has the map that it has."""
    if part.box is None:
        return part.size
    return (
        max(1, round(part.size[0] * whole[0] / part.box.height)),
        max(1, round(part.size[1] * whole[1] / part.box.width)),
    )


def _span(box: Box | None, whole: tuple[int, int], size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a map that a part of the latent takes up."""
    if box is None:
        return slice(0, size[0]), slice(0, size[1])
    return _cells(box.y, box.height, whole[0], size[0]), _cells(box.x, box.width, whole[1], size[1])


def _cells(start: int, length: int, whole: int, cells: int) -> slice:
    first = min(round(start * cells / whole), cells - 1)
    return slice(first, max(first + 1, min(round((start + length) * cells / whole), cells)))
