"""Prompts as packs know them: a list of [words, options] for each, and back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from safelight.diffusion.conditioning import Area, Cond, Conditioning

Listed = list[list[Any]]
"""[words [1, T, W], options by name] of each prompt."""

COND = "safelight"
"""Where the options of a prompt keep the whole `Cond`, for what has no name there."""

OPTIONS = {
    "pooled_output": "pooled",
    "strength": "strength",
    "mask": "mask",
    "mask_strength": "mask_strength",
    "set_area_to_bounds": "mask_bounds",
    "start_percent": "start",
    "end_percent": "end",
    "concat_latent_image": "inpaint_latent",
    "concat_mask": "inpaint_mask",
}
"""Options of a prompt there -> fields of `Cond`."""
SIZES = {
    "width": "width",
    "height": "height",
    "crop_w": "crop_left",
    "crop_h": "crop_top",
    "target_width": "target_width",
    "target_height": "target_height",
    "aesthetic_score": "aesthetic_score",
}
"""Options of a prompt there -> fields of its `SizeConditioning`."""
RELATIVE = "percentage"
"""What an area given in shares of the picture begins with."""


def listed(conds: Conditioning) -> Listed:
    """Prompts as packs know them."""
    return [[cond.context, _options(cond)] for cond in conds]


def conditioning(value: Listed) -> Conditioning:
    """Prompts of a pack as we know them; an option that it has taken out is the usual one again."""
    return tuple(_cond(context, options) for context, options, *_ in value)


def _options(cond: Cond) -> dict[str, object]:
    """The pooled words, and what else differs from the usual: packs look for keys that are there."""
    usual = Cond(cond.context)
    found: dict[str, object] = {COND: cond, "pooled_output": cond.pooled}
    for key, name in OPTIONS.items():
        if (value := getattr(cond, name)) is not getattr(usual, name):
            found[key] = value
    for key, name in SIZES.items():
        if (value := getattr(cond.size, name)) != getattr(usual.size, name):
            found[key] = value
    if (area := cond.area) is not None:
        sides = (area.height, area.width, area.y, area.x)
        found["area"] = (RELATIVE, *sides) if area.relative else sides
    return found


def _cond(context: Tensor, options: Mapping[str, Any]) -> Cond:
    kept = options.get(COND)
    usual = Cond(context)
    base = replace(kept, context=context) if isinstance(kept, Cond) else usual
    fields = {name: options.get(key, getattr(usual, name)) for key, name in OPTIONS.items()}
    size = {name: options.get(key, getattr(usual.size, name)) for key, name in SIZES.items()}
    return replace(base, **fields, size=replace(base.size, **size), area=_area(options.get("area")))


def _area(sides: tuple[Any, ...] | None) -> Area | None:
    if sides is None:
        return None
    is_relative = sides[0] == RELATIVE
    height, width, y, x = sides[1:] if is_relative else sides
    return Area(height, width, y, x, is_relative)
