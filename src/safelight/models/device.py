"""Where tensors are computed, and how much memory there is."""

import os
from pathlib import Path
from typing import NamedTuple

import torch

from safelight.errors import BadInput

HOST = torch.device("cpu")


class Memory(NamedTuple):
    """Bytes of memory: all there is, and what nobody has taken."""

    total: int
    free: int


def find_device(name: str) -> torch.device:
    """The device that a setting means.

    Args:
        name: `auto` for the first accelerator there is, else the CPU; or `cpu`, `cuda`, `cuda:1`, `mps`, `xpu`.

    Raises:
        BadInput: This machine has no such device, or this build of torch cannot use it.
    """
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    count = torch.accelerator.device_count()
    if name == "auto":
        return accelerator or torch.device("cpu")
    device = torch.device(name)
    if device.type == "cpu":
        return device
    if accelerator is None or accelerator.type != device.type or (device.index or 0) >= count:
        raise BadInput(
            f"There is no device {name} here.",
            mend="Use `auto` or `cpu`; for an NVIDIA GPU, install the CUDA build of torch and its driver.",
        )
    return device


def devices() -> tuple[torch.device, ...]:
    """All accelerators of this machine (CUDA, which is also ROCm's name in torch, XPU, MPS); without one, the CPU."""
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    if accelerator is None:
        return (HOST,)
    return tuple(torch.device(accelerator.type, index) for index in range(torch.accelerator.device_count()))


def empty_cache(device: torch.device) -> None:
    """Give the driver back what torch holds in reserve on a device."""
    if device.type != "cpu":
        getattr(torch, device.type).empty_cache()


def memory(device: torch.device) -> Memory:
    """The memory of a device; that of the host within the limits of its container."""
    if device.type == "cpu":
        return Memory(*map(min, _built_in(), _container()))
    if device.type == "mps":
        total = torch.mps.recommended_max_memory()
        return Memory(total, max(0, min(total - torch.mps.current_allocated_memory(), memory(HOST).free)))
    free, total = getattr(torch, device.type).mem_get_info(device)
    return Memory(total, free)


def _built_in() -> Memory:
    """What the machine has, and what Linux says can be had without swapping; elsewhere half of it."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return Memory(total, total // 2)
    sizes = dict(line.split(":", 1) for line in lines)
    total, free = (int(sizes[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
    return Memory(total, free)


def _container() -> Memory:
    """The control group's limit, and what is left under it; without one, more than any machine has."""
    unlimited = Memory(2**62, 2**62)
    root = Path("/sys/fs/cgroup")
    try:
        limit = (root / "memory.max").read_text(encoding="ascii").strip()
        used = int((root / "memory.current").read_text(encoding="ascii"))
    except OSError:
        return unlimited
    return unlimited if limit == "max" else Memory(int(limit), max(0, int(limit) - used))
