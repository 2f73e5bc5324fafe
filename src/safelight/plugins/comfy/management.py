"""What packs import as `comfy.model_management`: the device, and whether the person has stopped the job."""

import gc
from collections.abc import Iterable

import torch

from safelight.errors import Cancelled
from safelight.models.device import HOST
from safelight.models.placement import free_bytes
from safelight.plugins.comfy.host import Host
from safelight.plugins.comfy.live import current


class ModelManagement:
    """Its public names are those of the module. Where our models are is for our own placement to decide."""

    InterruptProcessingException = Cancelled
    OOM_EXCEPTION = torch.OutOfMemoryError

    def __init__(self, host: Host) -> None:
        self._host = host

    def get_torch_device(self) -> torch.device:
        """Where tensors are computed."""
        return self._host.device

    unet_inital_load_device = text_encoder_device = vae_device = get_torch_device

    def intermediate_device(self) -> torch.device:
        """Where pictures and latents are between nodes."""
        return HOST

    unet_offload_device = vae_offload_device = text_encoder_offload_device = intermediate_device

    def get_torch_device_name(self, device: torch.device) -> str:
        """A device's name for people."""
        return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type

    def is_device_cpu(self, device: torch.device) -> bool:
        """Whether it is the CPU."""
        return device.type == "cpu"

    def is_device_mps(self, device: torch.device) -> bool:
        """Whether it is Apple's GPU."""
        return device.type == "mps"

    def is_nvidia(self) -> bool:
        """Whether tensors are computed by CUDA."""
        return self._host.device.type == "cuda" and torch.version.cuda is not None

    def should_use_fp16(self, device: torch.device | None = None, *_: object, **__: object) -> bool:
        """Whether half precision pays: everywhere but on the CPU."""
        return (device or self._host.device).type != "cpu"

    def get_free_memory(self, dev: torch.device | None = None, torch_free_too: bool = False) -> int | tuple[int, int]:
        """Bytes that are free on a device."""
        free = free_bytes(dev or self._host.device)
        return (free, free) if torch_free_too else free

    def soft_empty_cache(self, force: bool = False) -> None:
        """Give back what the device's allocator holds and nobody uses."""
        del force
        if torch.accelerator.is_available():
            torch.accelerator.empty_cache()

    def unload_all_models(self) -> None:
        """Make room; models that are used again come back by themselves."""
        gc.collect()
        self.soft_empty_cache()

    def load_models_gpu(self, models: Iterable[object], *_: object, **__: object) -> None:
        """Nothing to do: models come to the device when they are called."""
        del models

    def throw_exception_if_processing_interrupted(self) -> None:
        """Raise `InterruptProcessingException` when the job is to stop."""
        if (live := current()) is not None:
            live.check()

    def processing_interrupted(self) -> bool:
        """Whether the job is to stop."""
        try:
            self.throw_exception_if_processing_interrupted()
        except Cancelled:
            return True
        return False

    def interrupt_current_processing(self, value: bool = True) -> None:
        """Stop the running job, at the end of the node at the latest."""
        if (live := current()) is not None:
            live.stopped = value
