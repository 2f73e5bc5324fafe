"""Where tensors are computed."""

import torch

from safelight.errors import BadInput

HOST = torch.device("cpu")


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
