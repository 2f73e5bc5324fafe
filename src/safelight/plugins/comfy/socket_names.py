"""What packs import as `comfy.comfy_types`: names of socket types, and bases that only say what a class is."""

from enum import StrEnum
from typing import Any


class IO(StrEnum):
    """Socket types by name."""

    STRING = "STRING"
    IMAGE = "IMAGE"
    MASK = "MASK"
    LATENT = "LATENT"
    BOOLEAN = "BOOLEAN"
    INT = "INT"
    FLOAT = "FLOAT"
    COMBO = "COMBO"
    CONDITIONING = "CONDITIONING"
    SAMPLER = "SAMPLER"
    SIGMAS = "SIGMAS"
    GUIDER = "GUIDER"
    NOISE = "NOISE"
    CLIP = "CLIP"
    CONTROL_NET = "CONTROL_NET"
    VAE = "VAE"
    MODEL = "MODEL"
    CLIP_VISION = "CLIP_VISION"
    CLIP_VISION_OUTPUT = "CLIP_VISION_OUTPUT"
    STYLE_MODEL = "STYLE_MODEL"
    GLIGEN = "GLIGEN"
    UPSCALE_MODEL = "UPSCALE_MODEL"
    ANY = "*"
    NUMBER = "FLOAT,INT"
    PRIMITIVE = "STRING,FLOAT,INT,BOOLEAN"


class ComfyNodeABC:
    """What some packs derive their classes from."""


class CheckLazyMixin(ComfyNodeABC):
    """Asks for every lazy input that is not there yet."""

    def check_lazy_status(self, **inputs: Any) -> list[str]:
        """Names of the inputs that are None."""
        return [name for name, value in inputs.items() if value is None]


TYPES: dict[str, object] = {
    "IO": IO,
    "ComfyNodeABC": ComfyNodeABC,
    "CheckLazyMixin": CheckLazyMixin,
    "InputTypeDict": dict,
}
