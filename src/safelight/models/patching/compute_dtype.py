"""A model run in another floating-point type than it was loaded in."""

from dataclasses import replace

import torch

from safelight.models.device import HOST
from safelight.models.model import Model
from safelight.models.unet import build_unet
from safelight.models.weight_patches import UNPATCHED


def in_dtype(model: Model, dtype: torch.dtype) -> Model:
    """The model with a copy of its network in `dtype`; the model itself where it runs in that already.

    What was patched on the weights stays patched on, on the copy.
    """
    if dtype == model.dtype:
        return model
    network = build_unet(model.shape)
    own = model.placement.wardrobe.weights(model.network, UNPATCHED)
    network.load_state_dict({name: weight.to(HOST, dtype) for name, weight in own}, assign=True)
    network.eval().requires_grad_(False)
    return replace(model, network=network, dtype=dtype)
