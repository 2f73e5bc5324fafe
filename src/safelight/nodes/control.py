"""Prompts joined with pictures that steer the composition: ControlNets and T2I-Adapters."""

from dataclasses import replace
from typing import Annotated, NamedTuple

import torch

from safelight.graph.node import OPTIONAL, Choice, File, Output, Range, Socket, node
from safelight.models.control.controlnet import UNION_TYPES, ControlNet
from safelight.models.control.loading import load_control
from safelight.models.control.picture_control import PictureControl, PictureNetwork
from safelight.models.model import Model
from safelight.models.text_encoder import Clip
from safelight.models.vae import Vae
from safelight.nodes.resize import resize
from safelight.nodes.run import Run
from safelight.nodes.sockets import Conditioning, Image, Mask
from safelight.nodes.text import Prompt, clip_text_encode

ControlNetwork = Annotated[PictureNetwork, Socket("CONTROL_NET")]
"""A ControlNet or a T2I-Adapter."""
Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
Moment = Annotated[float, Range(0.0, 1.0, step=0.001)]

TO_FILL = -1.0
"""What ControlNet 1.1's inpainting network (2023) is shown where it is to fill in."""


class Steered(NamedTuple):
    """Both prompts, with the control."""

    positive: Annotated[Conditioning, Output("positive")]
    negative: Annotated[Conditioning, Output("negative")]


@node("ControlNetLoader", category="loaders", title="Load ControlNet Model")
def controlnet_loader(*, control_net_name: Annotated[str, File("controlnet")], run: Run) -> ControlNetwork:
    """Load a ControlNet or a T2I-Adapter: a network that makes pictures follow lines, depths, poses or tiles.

    Args:
        control_net_name: A file in the controlnet folder.
    """
    return run.models.get(load_control, run.folders.resolve("controlnet", control_net_name))


@node("DiffControlNetLoader", category="loaders", title="Load ControlNet Model (diff)")
def diff_controlnet_loader(
    *, model: Model, control_net_name: Annotated[str, File("controlnet")], run: Run
) -> ControlNetwork:
    """Load a ControlNet whose file holds what is to be added to a model's own weights.

    Args:
        model: What it is added to. Without this node it is the model that samples.
        control_net_name: A file in the controlnet folder; one that is whole is loaded as it is.
    """
    return run.models.get(load_control, run.folders.resolve("controlnet", control_net_name)).onto(model)


@node("SetUnionControlNetType", category="conditioning/controlnet")
def set_union_controlnet_type(
    *, control_net: ControlNetwork, type: Annotated[str, Choice(("auto", *UNION_TYPES))]
) -> ControlNetwork:
    """Tell a union ControlNet what kind of picture it is shown.

    Args:
        control_net: One that knows several kinds.
        type: What kind; auto leaves it to the network.
    """
    return control_net.of_type(type) if isinstance(control_net, ControlNet) else control_net


@node("ControlNetApply", category="conditioning/controlnet", title="Apply ControlNet (OLD)", deprecated=True)
def controlnet_apply(
    *, conditioning: Conditioning, control_net: ControlNetwork, image: Image, strength: Strength = 1.0
) -> Conditioning:
    """Steer a prompt by a picture, and the negative prompt with it if nothing else steers that.

    Args:
        control_net: What steers.
        image: What it is shown.
        strength: How much it counts.
    """
    if strength == 0:
        return conditioning
    return _with(conditioning, PictureControl(control_net, image, strength), shared=True)


@node("ControlNetApplyAdvanced", category="conditioning/controlnet", title="Apply ControlNet")
def controlnet_apply_advanced(
    *,
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNetwork,
    image: Image,
    strength: Strength = 1.0,
    start_percent: Moment = 0.0,
    end_percent: Moment = 1.0,
    vae: Vae | None = None,
) -> Steered:
    """Steer both prompts by a picture, in a part of the sampling.

    Args:
        control_net: What steers.
        image: What it is shown.
        strength: How much it counts.
        start_percent: When it begins to count; 0 is all noise.
        end_percent: When it ends; 1 is the finished picture.
        vae: For networks that are shown latents; those of Stable Diffusion 1 to SDXL are shown pixels, and need none.
    """
    del vae
    return _steered(positive, negative, PictureControl(control_net, image, strength, start_percent, end_percent))


@node("ControlNetInpaintingAliMamaApply", category="conditioning/controlnet")
def controlnet_inpainting_alimama_apply(
    *,
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlNetwork,
    vae: Vae,
    image: Image,
    mask: Mask,
    strength: Strength = 1.0,
    start_percent: Moment = 0.0,
    end_percent: Moment = 1.0,
    run: Run,
) -> Steered:
    """Steer both prompts by a picture of which a part is to be painted anew.

    Networks for Stable Diffusion 1 to SDXL see no mask beside the picture: mark the part in the picture with
    InpaintPreprocessor instead.

    Args:
        control_net: What steers.
        vae: For networks that are shown latents.
        image: What it is shown.
        mask: For networks that are shown one.
        strength: How much it counts.
        start_percent: When it begins to count; 0 is all noise.
        end_percent: When it ends; 1 is the finished picture.
    """
    del vae, mask
    run.warn("This ControlNet sees no mask, so the mask is not used.")
    return _steered(positive, negative, PictureControl(control_net, image, strength, start_percent, end_percent))


@node("InpaintPreprocessor", category="image/preprocessors", title="Inpaint Preprocessor")
def inpaint_preprocessor(
    *, image: Image, mask: Mask, black_pixel_for_xinsir_cn: Annotated[bool, OPTIONAL] = False
) -> Image:
    """Mark in a picture what an inpainting ControlNet is to paint anew.

    Args:
        image: The picture.
        mask: 1 is painted anew.
        black_pixel_for_xinsir_cn: Mark it black, as union networks were taught, not by -1 as ControlNet 1.1 was.
    """
    hole = resize(mask.reshape(-1, 1, *mask.shape[-2:]), image.shape[2], image.shape[1], "bilinear")
    mark = 0.0 if black_pixel_for_xinsir_cn else TO_FILL
    return torch.where(hole.movedim(1, -1) > 0.5, image.new_tensor(mark), image)


@node("CLIPTextEncodeControlnet", category="_for_testing/conditioning")
def clip_text_encode_controlnet(*, clip: Clip, conditioning: Conditioning, text: Prompt, run: Run) -> Conditioning:
    """Show what steers a prompt another text than the model.

    Args:
        conditioning: The prompt, before or after a ControlNet is applied to it.
        text: What ControlNets read in its place.
    """
    (told,) = clip_text_encode(text=text, clip=clip, run=run)
    return tuple(replace(cond, control_context=told.context) for cond in conditioning)


def _steered(positive: Conditioning, negative: Conditioning, control: PictureControl) -> Steered:
    """Both under one control, so that the model is asked for both at once."""
    if control.strength == 0:
        return Steered(positive, negative)
    return Steered(*(_with(conds, control, shared=False) for conds in (positive, negative)))


def _with(conditioning: Conditioning, control: PictureControl, *, shared: bool) -> Conditioning:
    return tuple(replace(cond, controls=(*cond.controls, control), controls_shared=shared) for cond in conditioning)
