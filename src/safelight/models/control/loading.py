"""From a file to a network that steers by a picture, whatever its kind and layout."""

from pathlib import Path

import torch

from safelight.errors import BadInput
from safelight.families.additions import FOREIGN, identify_addition
from safelight.families.describe import describe_file
from safelight.families.measure import Shapes
from safelight.models.assemble import fill_from
from safelight.models.control.control_lora import LOW_RANK, multiplied
from safelight.models.control.controlnet import ControlNet
from safelight.models.control.controlnet_network import (
    ANCHORS,
    ControlLayout,
    build_controlnet,
    control_shape,
    control_source,
)
from safelight.models.control.t2i_adapter import T2IAdapter, adapter_of
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.weights import Weights, open_weights

UNSUPPORTED = ("LLLite",)
"""Kinds of ControlNets, as `identify_addition` calls them."""

DIFFERENCE = "difference"
"""A tensor that says that a file holds differences from a denoiser's weights."""
OF_DENOISER = ("conv_in.", "time_embedding.", "class_embedding.", "down_blocks.", "mid_block.")
"""How names begin of the parameters that a ControlNet has from the denoiser."""

POOLED_FILES = ("_shuffle", "_shuffle_fp16")
"""How names of files end whose residuals are to be averaged over the picture (ControlNet 1.1 Shuffle, 2023); nothing
in the file itself tells it from the others."""


def load_control(path: Path, placement: Placement, precision: Precision) -> ControlNet | T2IAdapter:
    """Load a ControlNet or a T2I-Adapter.

    Args:
        path: A file in LDM's, diffusers' or the authors' own layout.
        placement: Where it is to run.
        precision: What it is to run in.

    Raises:
        BadInput: The file is neither, is damaged, or is of a kind that is not supported.
    """
    weights = open_weights(path)
    addition = identify_addition(weights.header)
    if addition and addition.kind == "controlnet" and (addition.detail in UNSUPPORTED or addition.family in FOREIGN):
        raise BadInput(
            what=f"{path.name} is {addition}, which is not supported.",
            mend="Choose a ControlNet or a T2I-Adapter for Stable Diffusion 1.x, 2.x or SDXL.",
        )
    if found := _prefix(weights):
        return _controlnet(weights, *found, placement, precision)
    if addition and addition.kind == "t2i_adapter":
        return adapter_of(weights, placement, precision)
    raise BadInput(
        what=f"{path.name} is no ControlNet or T2I-Adapter. What it is: {describe_file(weights.header)}.",
        mend="Choose another file.",
    )


def _prefix(weights: Weights) -> tuple[ControlLayout, str] | None:
    """The layout of the ControlNet in a file, and what its tensors' names begin with; None where there is none."""
    for layout, anchor in ANCHORS.items():
        for name in weights:
            if name.endswith(anchor):
                return layout, name.removesuffix(anchor)
    return None


def _controlnet(
    weights: Weights, layout: ControlLayout, prefix: str, placement: Placement, precision: Precision
) -> ControlNet:
    marks, given = {DIFFERENCE, LOW_RANK} & weights.keys(), weights
    if LOW_RANK in marks:
        weights = Weights(given.header, multiplied(given))
    stored = {name.removeprefix(prefix): name for name in weights if name.startswith(prefix) and name not in marks}
    sizes = {local: tuple(weights[name].shape) for local, name in stored.items()}
    shape = control_shape(Shapes(weights.path.name, "ControlNet", sizes), layout)
    network, source = build_controlnet(shape), control_source(shape, layout)
    added = {name for name, _ in network.named_parameters() if name.startswith(OF_DENOISER)} if marks else set[str]()
    if LOW_RANK in marks:
        # what such a file has whole takes the place of the denoiser's, and what it leaves out is the denoiser's
        added = {name for name in added if source(name).name not in given}
        absent = {
            place: torch.zeros(network.get_parameter(name).shape)
            for name in added
            if (place := source(name).name) not in stored
        }
        weights = Weights(given.header, {**weights, **absent})
        stored |= {name: name for name in absent}
    dtype = precision.unet
    fill_from(network, weights, stored, source, part="ControlNet", prefix=prefix, placement=placement, dtype=dtype)
    pooled = weights.path.stem.endswith(POOLED_FILES)
    return ControlNet(network, shape, weights.path.name, pooled, dtype, placement, added=frozenset(added))
