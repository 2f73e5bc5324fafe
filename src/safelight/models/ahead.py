"""Importing what builds networks before anybody asks for one: it takes seconds that the first picture need not wait."""

from collections.abc import Callable
from importlib import import_module

PARTS = (
    "diffusers",
    "diffusers.models.modeling_utils",
    "diffusers.models.unets.unet_2d_condition",
    "diffusers.models.autoencoders.autoencoder_kl",
)
"""In steps, each of which brings some of the next."""


def import_ahead(is_idle: Callable[[], bool]) -> None:
    """Import part after part for as long as nothing else is to be done; what is left is imported when it is needed.

    Args:
        is_idle: Asked before each part.
    """
    for part in PARTS:
        if not is_idle():
            return
        import_module(part)
