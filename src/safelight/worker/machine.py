"""What a session runs on, as estimates see it."""

import torch

from safelight.families.shapes import PartKind
from safelight.graph.estimate import Machine
from safelight.graph.speeds import read_speeds
from safelight.models.device import find_device
from safelight.models.precision import Precision, precision
from safelight.settings import Settings


def machine_of(settings: Settings) -> Machine:
    """The device and the precision that `settings` mean, and how fast they have been.

    Raises:
        BadInput: There is no such device.
    """
    device = find_device(settings.device)
    chosen = precision(settings.dtype, device)
    itemsize: dict[PartKind, int] = {
        "unet": chosen.unet.itemsize,
        "vae": chosen.vae.itemsize,
        "text": chosen.text.itemsize,
    }
    return Machine(device_title(device, chosen), itemsize, read_speeds(settings.home))


def device_title(device: torch.device, chosen: Precision) -> str:
    """What measured speeds belong to: the device, and the number type of the denoiser."""
    threads = torch.get_num_threads()
    name = f"CPU, {threads} thread{'s' if threads > 1 else ''}" if device.type == "cpu" else device.type
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    return f"{name}, {str(chosen.unet).removeprefix('torch.')}"
