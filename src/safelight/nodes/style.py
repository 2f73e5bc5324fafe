"""Prompts that take the style of a picture."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor

from safelight.diffusion.conditioning import Cond
from safelight.errors import BadInput
from safelight.graph.node import Choice, File, Range, node
from safelight.models.clip_vision import ClipVisionOutput
from safelight.models.image_prompts.style_model import StyleModel, emphasis, load_style_model
from safelight.nodes.run import Run
from safelight.nodes.sockets import Conditioning


def _multiplied(cond: Cond, tokens: Tensor, strength: float) -> Cond:
    return replace(cond, context=torch.cat([cond.context, tokens * strength], dim=1))


def _emphasised(cond: Cond, tokens: Tensor, strength: float) -> Cond:
    joined = _multiplied(cond, tokens, 1.0)
    if strength == 1:
        return joined
    return replace(joined, changes=(*cond.changes, emphasis(cond.context.shape[1], joined.context.shape[1], strength)))


STRENGTHS: dict[str, Callable[[Cond, Tensor, float], Cond]] = {"multiply": _multiplied, "attn_bias": _emphasised}


@node("StyleModelLoader", category="loaders", title="Load Style Model")
def style_model_loader(*, style_model_name: Annotated[str, File("style_models")], run: Run) -> StyleModel:
    """Load a model that makes words of a picture's style.

    Args:
        style_model_name: A file in the style_models folder.
    """
    return run.models.get(load_style_model, run.folders.resolve("style_models", style_model_name))


@node("StyleModelApply", category="conditioning/style_model", title="Apply Style Model")
def style_model_apply(
    *,
    conditioning: Conditioning,
    style_model: StyleModel,
    clip_vision_output: ClipVisionOutput,
    strength: Annotated[float, Range(0.0, 10.0, step=0.001)] = 1.0,
    strength_type: Annotated[str, Choice(STRENGTHS)],
) -> Conditioning:
    """Add the style of a picture to a prompt.

    Args:
        conditioning: The prompt.
        style_model: The style model.
        clip_vision_output: The picture, as CLIP sees it.
        strength: How much the style counts.
        strength_type: Whether the strength is laid on the words for the style, or on how much they are heeded.
    """
    tokens = style_model.tokens(clip_vision_output.last_hidden_state)
    for cond in conditioning:
        if cond.context.shape[-1] != tokens.shape[-1]:
            raise BadInput(
                what=f"{style_model.name} is for prompts of {tokens.shape[-1]} numbers per token, and this one "
                f"has {cond.context.shape[-1]}.",
                mend="Use a checkpoint of the family that the style model was made for, mostly SD 1.x.",
            )
    return tuple(STRENGTHS[strength_type](cond, tokens, strength) for cond in conditioning)
