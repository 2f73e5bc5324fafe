"""Results as small pictures for the graph, drawn with Pillow alone; `drawing` has better ones, for print."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log10

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont, ImageOps
from torch import Tensor

from safelight.inspect.arrays import Array
from safelight.inspect.plan import Plan

GROUND, GRID, INK, FAINT = (24, 26, 30), (52, 56, 64), (226, 228, 232), (140, 146, 156)
LINE, CALL, BESIDE = (255, 176, 84), (110, 190, 255), (84, 92, 106)
HEAT = np.array([(8, 8, 20), (66, 22, 88), (170, 48, 84), (240, 120, 50), (255, 236, 160)], dtype=np.float32) / 255
"""From nothing to the most: dark to light, so that it is read without its hues as well."""
MARGIN = 56
MARGIN_BELOW = 40
LOWEST_SHOWN = 1e-3
"""Noise levels below are drawn at the ground: a logarithm has no zero."""


def heat(values: Array, top: float | None = None) -> Tensor:
    """Numbers as colours, dark for 0 and light for `top`.

    Args:
        values: [h, w], 0 or more.
        top: What the lightest stands for; None for the largest of them.

    Returns:
        [h, w, 3] in 0..1.
    """
    most = float(values.max()) if top is None else top
    share = (values / most).clip(0, 1) if most > 0 else np.zeros_like(values)
    stops = np.linspace(0, 1, len(HEAT))
    return torch.from_numpy(np.stack([np.interp(share, stops, HEAT[:, hue]) for hue in range(3)], axis=-1)).float()


def grey(values: Array) -> Tensor:
    """Numbers [..., h, w] in 0..1 as grey pictures [..., h, w, 3]."""
    return torch.from_numpy(np.ascontiguousarray(values)).float().unsqueeze(-1).expand(*values.shape, 3)


def enlarged(pictures: Tensor, times: int) -> Tensor:
    """Pictures [B, h, w, C], each pixel a square of so many a side."""
    return pictures.repeat_interleave(times, dim=1).repeat_interleave(times, dim=2)


def plan_picture(plan: Plan, width: int = 768, height: int = 448) -> Tensor:
    """Noise over the steps, on a scale of logarithms, with a mark at each call of the model: [1, H, W, 3]."""
    picture = Image.new("RGB", (width, height), GROUND)
    draw = ImageDraw.Draw(picture)
    top = log10(max(float(plan.sigmas.max(initial=1.0)), LOWEST_SHOWN * 10))
    positive = plan.sigmas[plan.sigmas > 0]
    lowest = max(float(positive.min(initial=1.0)) / 3, LOWEST_SHOWN)
    steps = max(len(plan.sigmas) - 1, 1)

    def at(step: float, sigma: float) -> tuple[float, float]:
        share = (log10(max(sigma, lowest)) - log10(lowest)) / max(top - log10(lowest), 1e-6)
        room = height - MARGIN_BELOW - 40
        return MARGIN + step / steps * (width - MARGIN - 24), 40 + (1 - min(share, 1.0)) * room

    for level in (0.01, 0.1, 1.0, 10.0, 100.0):
        if lowest <= level <= 10**top:
            y = at(0, level)[1]
            draw.line([(MARGIN, y), (width - 24, y)], fill=GRID)
            draw.text((MARGIN - 8, y), f"{level:g}", fill=FAINT, font=_font(13), anchor="rm")
    for step in range(0, steps + 1, max(1, steps // 10)):
        draw.text((at(step, 1.0)[0], height - MARGIN_BELOW + 8), str(step), fill=FAINT, font=_font(13), anchor="mt")
    for others in plan.others.values():
        wide = steps / max(len(others) - 1, 1)
        _line(draw, [at(step * wide, float(sigma)) for step, sigma in enumerate(others)], BESIDE)
    _line(draw, [at(step, float(sigma)) for step, sigma in enumerate(plan.sigmas)], LINE, 3)
    counts = np.bincount(plan.call_steps, minlength=1) if len(plan.call_steps) else np.zeros(1, dtype=np.int64)
    seen: dict[int, int] = {}
    for sigma, step in zip(plan.calls, plan.call_steps, strict=True):
        # the plan's steps and the sampler's are the same, but where it chooses its own: those spread over the width
        wide = steps / max(len(plan.steps), 1)
        part = seen.get(int(step), 0)
        seen[int(step)] = part + 1
        x, y = at((int(step) + part / counts[int(step)]) * wide, float(sigma))
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=CALL, outline=GROUND)
    calls = len(plan.calls)
    title = f"{plan.sampler}, {plan.scheduler}: {steps} steps, {calls} calls of the model"
    draw.text((MARGIN, 12), title, fill=INK, font=_font(15))
    note = "noise level" + (", and that of other schedulers" if plan.others else "")
    draw.text((width - 24, height - 8), f"{note}; a dot for each call", fill=FAINT, font=_font(12), anchor="rs")
    return _tensor(picture)


def map_picture(points: Array, thumbnails: Sequence[Array], side: int = 1024) -> Tensor:
    """Small pictures at their places on a plane, the later ones on top: [1, side, side, 3].

    Args:
        points: [N, 2].
        thumbnails: N pictures [h, w, 3] in 0..1.
        side: Of the whole.
    """
    picture = Image.new("RGB", (side, side), GROUND)
    size = max(32, min(side // 4, round(side / max(len(points), 1) ** 0.5 * 0.8)))
    low, high = points.min(axis=0), points.max(axis=0)
    middle, span = (low + high) / 2, max(float((high - low).max()), 1e-12)
    for (x, y), thumbnail in zip((points - middle) / span, thumbnails, strict=True):
        small = ImageOps.contain(Image.fromarray((thumbnail * 255).round().astype(np.uint8)), (size, size))
        room = side - size - 16
        # upwards is plus, as on paper
        left = round((x + 0.5) * room + 8 + (size - small.width) / 2)
        top = round((0.5 - y) * room + 8 + (size - small.height) / 2)
        picture.paste(small, (left, top))
    return _tensor(picture)


def bars_picture(title: str, values: Mapping[str, float], *, form: str = ".1%", width: int = 768) -> Tensor:
    """Named numbers as bars, 0 or more: [1, H, W, 3].

    Args:
        title: What stands above.
        values: Name -> number; one that is not finite has no bar.
        form: How a number is written.
        width: Of the picture.
    """
    row, above = 24, 44
    picture = Image.new("RGB", (width, above + row * max(len(values), 1) + 12), GROUND)
    draw = ImageDraw.Draw(picture)
    draw.text((12, 12), title, fill=INK, font=_font(15))
    finite = [value for value in values.values() if np.isfinite(value)]
    most = max(finite, default=0.0)
    label = 300
    for place, (name, value) in enumerate(values.items()):
        y = above + place * row + row // 2
        draw.text((label - 10, y), _shortened(name, 38), fill=FAINT, font=_font(13), anchor="rm")
        length = (width - label - 90) * value / most if most > 0 and np.isfinite(value) else 0
        draw.rectangle((label, y - 7, label + max(length, 1), y + 7), fill=LINE)
        written = format(value, form) if np.isfinite(value) else "(from zero)"
        draw.text((label + max(length, 1) + 8, y), written, fill=INK, font=_font(13), anchor="lm")
    return _tensor(picture)


def _line(
    draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], colour: tuple[int, int, int], wide: int = 1
) -> None:
    for start, end in pairwise(points):
        draw.line([start, end], fill=colour, width=wide)


def _shortened(name: str, length: int) -> str:
    """A name, whose beginning is left out where it is long: names of layers differ at their ends."""
    return name if len(name) <= length else f"…{name[1 - length :]}"


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _tensor(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255)[None]
