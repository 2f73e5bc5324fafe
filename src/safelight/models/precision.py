"""What each part of a model is run in."""

from dataclasses import dataclass
from typing import Literal

import torch

PrecisionName = Literal["auto", "fp32", "fp16", "bf16"]


@dataclass(frozen=True)
class Precision:
    """Floating-point types by part of a model."""

    unet: torch.dtype
    text: torch.dtype
    vae: torch.dtype


def precision(name: PrecisionName, device: torch.device) -> Precision:
    """The types that `name` means on a device.

    `auto` is exact on the CPU, where halves are not faster, and half the memory elsewhere. An image autoencoder
    never runs in fp16: SDXL's overflows there and gives black pictures.
    """
    if name == "auto":
        name = "fp32" if device.type == "cpu" else "fp16"
    if name == "fp32":
        return Precision(torch.float32, torch.float32, torch.float32)
    half = torch.bfloat16 if name == "bf16" else torch.float16
    vae = torch.bfloat16 if name == "bf16" or _has_bf16(device) else torch.float32
    return Precision(half, half, vae)


def _has_bf16(device: torch.device) -> bool:
    """Whether the device computes in bf16, not merely stores it (NVIDIA: Ampere, 2020, and later)."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
