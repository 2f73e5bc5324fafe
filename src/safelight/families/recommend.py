"""Size and settings that suit a checkpoint: its own words where it has them, else its family's."""

import re
from collections.abc import Mapping
from dataclasses import replace

from safelight.families.base import Family, PredictionName, Recommended

LARGEST_SIDE = 16384  # pixels; a larger number is a slip of the pen
_SIZE = re.compile(r"^\s*(\d+)\s*x\s*(\d+)\s*$", re.IGNORECASE)
_STEPS = re.compile(r"\bsteps\s*[:=]?\s*(\d+)|(\d+)\s*steps\b", re.IGNORECASE)
_CFG = re.compile(r"\bcfg(?:\s+scale)?\s*[:=]?\s*(\d+(?:\.\d+)?)", re.IGNORECASE)
_SAMPLER = re.compile(r"\bsampler\s*[:=]?\s*([a-z0-9_]+)", re.IGNORECASE)
_SCHEDULER = re.compile(r"\bscheduler\s*[:=]?\s*([a-z0-9_]+)", re.IGNORECASE)


def native_size(
    metadata: Mapping[str, str], family: Family | None, prediction: PredictionName
) -> tuple[int, int] | None:
    """Width and height in pixels that a checkpoint was trained at; None where nothing tells.

    Source: `modelspec.resolution`, https://github.com/Stability-AI/ModelSpec.
    """
    if told := _SIZE.match(metadata.get("modelspec.resolution", "")):
        width, height = int(told[1]), int(told[2])
        if 0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE:
            return width, height
    if family is None:
        return None
    return family.native_size_v if prediction == "v" else family.native_size


def recommended(
    metadata: Mapping[str, str], family: Family | None, prediction: PredictionName, *, zero_terminal_snr: bool
) -> Recommended | None:
    """Settings for a checkpoint; None where nothing tells.

    `modelspec.usage_hint` is free text. What is taken from it looks like
    `steps 20, cfg 5, sampler euler_ancestral, scheduler normal`; whatever it leaves out is the family's.
    """
    if family is None:
        return None
    settings = family.recommended
    if zero_terminal_snr:
        # spacing that begins at the very last training step, without which pure noise is never shown:
        # Lin et al. 2023, arXiv:2305.08891, section 3.3
        settings = replace(settings, sampler="euler", scheduler="sgm_uniform")
    if prediction == "flow":
        # straight ways take equal steps: Liu et al. 2022, arXiv:2209.03003, section 2.2
        settings = replace(settings, sampler="euler", scheduler="simple")
    hint = metadata.get("modelspec.usage_hint", "")
    if steps := _STEPS.search(hint):
        settings = replace(settings, steps=int(steps[1] or steps[2]))
    if cfg := _CFG.search(hint):
        settings = replace(settings, cfg=float(cfg[1]))
    if sampler := _SAMPLER.search(hint):
        settings = replace(settings, sampler=sampler[1].lower())
    if scheduler := _SCHEDULER.search(hint):
        settings = replace(settings, scheduler=scheduler[1].lower())
    return settings
