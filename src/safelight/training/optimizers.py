"""Optimizers, from the libraries that keep them, and how the learning rate goes."""

import math
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer as TorchOptimizer

from safelight.errors import BadInput
from safelight.runs.beginning import FROM_SCRATCH
from safelight.runs.settings import Optimizer

Groups = list[dict[str, Any]]


def _adamw(groups: Groups, settings: Optimizer) -> TorchOptimizer:
    """Loshchilov & Hutter 2019, arXiv:1711.05101; all tensors at once."""
    return torch.optim.AdamW(
        groups, lr=settings.rate, betas=settings.betas, weight_decay=settings.weight_decay, fused=True
    )


def _adamw8bit(groups: Groups, settings: Optimizer) -> TorchOptimizer:
    """Dettmers et al. 2022, arXiv:2110.02861: its memory in 8 bits."""
    make = _library("bitsandbytes.optim", "bitsandbytes").AdamW8bit
    made: TorchOptimizer = make(groups, lr=settings.rate, betas=settings.betas, weight_decay=settings.weight_decay)
    return made


def _prodigy(groups: Groups, settings: Optimizer) -> TorchOptimizer:
    """Mishchenko & Defazio 2023, arXiv:2306.06101: finds the rate by itself; `rate` is 1 then."""
    make = _library("prodigyopt", "prodigyopt").Prodigy
    made: TorchOptimizer = make(
        groups,
        lr=settings.rate,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
        decouple=True,
        safeguard_warmup=True,
        use_bias_correction=True,
    )
    return made


def _adafactor(groups: Groups, settings: Optimizer) -> TorchOptimizer:
    """Shazeer & Stern 2018, arXiv:1804.04235: a row and a column of memory for each matrix."""
    return torch.optim.Adafactor(groups, lr=settings.rate, weight_decay=settings.weight_decay)


def _lion(groups: Groups, settings: Optimizer) -> TorchOptimizer:
    """Chen et al. 2023, arXiv:2302.06675: the sign of a mean; a tenth of AdamW's rate suits it."""
    make = _library("lion_pytorch", "lion-pytorch").Lion
    made: TorchOptimizer = make(groups, lr=settings.rate, betas=settings.betas, weight_decay=settings.weight_decay)
    return made


OPTIMIZERS: dict[str, Callable[[Groups, Optimizer], TorchOptimizer]] = {
    "adamw": _adamw,
    "adamw8bit": _adamw8bit,
    "prodigy": _prodigy,
    "adafactor": _adafactor,
    "lion": _lion,
}


RATES = {"lora": 1e-4, "inversion": 5e-3, "full": 1e-5, "controlnet": 1e-5, "denoiser": 1e-3, "vae": 8e-4, "clip": 1e-3}
"""Learning rates of AdamW that suit Stable Diffusion 1.5, by the kind of run; those from scratch suit the starter."""
AS_THEY_ARE = FROM_SCRATCH | {"inversion"}
"""Kinds whose rate does not hang on the width of the network."""
WIDTH = 320  # channels of its first level
NARROWER = 1.5
"""Narrower networks learn faster, by this power of the width. Maximal-update theory has 1 for a long run (Yang et al.
2022, arXiv:2203.03466, table 3); with the few steps of such runs 1.5 did better on the starter (32 channels)."""
SHARES = {"prodigy": None, "lion": 0.1, "adafactor": 10.0}
"""What other optimizers take of AdamW's rate; None for those that find it by themselves, whose rate is 1."""


def suitable_rate(kind: str, optimizer: str, width: int) -> float:
    """A learning rate to begin with.

    Args:
        kind: Of the run.
        optimizer: Its name.
        width: Channels of the denoiser's first level.
    """
    share = SHARES.get(optimizer, 1.0)
    if share is None:
        return 1.0
    narrow = 1.0 if kind in AS_THEY_ARE else (WIDTH / width) ** NARROWER
    return float(f"{RATES[kind] * share * narrow:.2g}")


def optimizer_of(settings: Optimizer, groups: Mapping[str, list[Tensor]]) -> TorchOptimizer:
    """An optimizer over groups of tensors; those of a group named `text` learn at `text_rate`.

    Each of its groups keeps its rate at full height as `height`.

    Raises:
        BadInput: Its library is not installed.
    """
    heights = {"text": settings.text_rate or settings.rate}
    rows = [
        {"params": tensors, "lr": heights.get(name, settings.rate), "height": heights.get(name, settings.rate)}
        for name, tensors in groups.items()
        if tensors
    ]
    return OPTIMIZERS[settings.name](rows, settings)


def share_of_rate(settings: Optimizer, step: int, steps: int) -> float:
    """How much of its height the rate has in a step, counted from 0, of `steps`."""
    warm = round(settings.warmup * steps)
    if step < warm:
        return (step + 1) / warm
    if settings.plan == "constant":
        return 1.0
    done = (step - warm) / max(1, steps - warm)
    falling = 0.5 * (1 + math.cos(math.pi * done)) if settings.plan == "cosine" else 1 - done
    return settings.end + (1 - settings.end) * falling


def _library(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise BadInput(
            f"The optimizer needs the library {package}, which is not installed.",
            where="optimizer.name",
            mend=f"Install it with: pip install {package}; or choose adamw.",
        ) from error
