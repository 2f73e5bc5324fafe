"""Prompts combined, limited to a part of the picture or of the sampling, and joined with pictures to edit."""

from dataclasses import replace
from typing import Annotated, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.conditioning import Area, Cond
from safelight.diffusion.latent import Latent
from safelight.graph.node import Choice, Output, Range, node
from safelight.models.vae import Vae
from safelight.nodes.noise_mask import CELL
from safelight.nodes.resize import crop_to_multiple, resize
from safelight.nodes.run import Run
from safelight.nodes.sockets import Conditioning, Image, Mask

Side = Annotated[int, Range(64, 16384, step=8)]
Place = Annotated[int, Range(0, 16384, step=8)]
Share = Annotated[float, Range(0, 1.0, step=0.01)]
Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
Moment = Annotated[float, Range(0.0, 1.0, step=0.001)]


class Edit(NamedTuple):
    """Both prompts, joined with what the model sees of the picture, and the latent to sample."""

    positive: Annotated[Conditioning, Output("positive")]
    negative: Annotated[Conditioning, Output("negative")]
    latent: Annotated[Latent, Output("latent")]


@node("ConditioningCombine", category="conditioning", title="Conditioning (Combine)")
def conditioning_combine(*, conditioning_1: Conditioning, conditioning_2: Conditioning) -> Conditioning:
    """Let two prompts guide at once: the model is asked for each, and the answers are averaged."""
    return conditioning_1 + conditioning_2


@node("ConditioningConcat", category="conditioning", title="Conditioning (Concat)")
def conditioning_concat(*, conditioning_to: Conditioning, conditioning_from: Conditioning, run: Run) -> Conditioning:
    """Put the second prompt's words behind the first's, as if they were one long prompt."""
    tail = _only(conditioning_from, run).context
    return tuple(replace(cond, context=torch.cat([cond.context, tail], dim=1)) for cond in conditioning_to)


@node("ConditioningAverage", category="conditioning")
def conditioning_average(
    *,
    conditioning_to: Conditioning,
    conditioning_from: Conditioning,
    conditioning_to_strength: Annotated[float, Range(0.0, 1.0, step=0.01)] = 1.0,
    run: Run,
) -> Conditioning:
    """Mix two prompts into one that lies between them.

    Args:
        conditioning_to_strength: Share of the first.
    """
    other = _only(conditioning_from, run)
    return tuple(_mixed(cond, other, conditioning_to_strength) for cond in conditioning_to)


@node("ConditioningSetArea", category="conditioning", title="Conditioning (Set Area)")
def conditioning_set_area(
    *,
    conditioning: Conditioning,
    width: Side = 64,
    height: Side = 64,
    x: Place = 0,
    y: Place = 0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a prompt count in a rectangle only, given in pixels.

    Args:
        strength: Its weight where it overlaps others.
    """
    area = Area(height // CELL, width // CELL, y // CELL, x // CELL)
    return tuple(replace(cond, area=area, strength=strength, mask_bounds=False) for cond in conditioning)


@node("ConditioningSetAreaPercentage", category="conditioning", title="Conditioning (Set Area with Percentage)")
def conditioning_set_area_percentage(
    *,
    conditioning: Conditioning,
    width: Share = 1.0,
    height: Share = 1.0,
    x: Share = 0,
    y: Share = 0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a prompt count in a rectangle only, given in shares of the picture, 0 to 1.

    Args:
        strength: Its weight where it overlaps others.
    """
    area = Area(height, width, y, x, relative=True)
    return tuple(replace(cond, area=area, strength=strength, mask_bounds=False) for cond in conditioning)


@node("ConditioningSetAreaStrength", category="conditioning")
def conditioning_set_area_strength(*, conditioning: Conditioning, strength: Strength = 1.0) -> Conditioning:
    """Set how much a prompt counts where it overlaps others."""
    return tuple(replace(cond, strength=strength) for cond in conditioning)


@node("ConditioningSetMask", category="conditioning", title="Conditioning (Set Mask)")
def conditioning_set_mask(
    *,
    conditioning: Conditioning,
    mask: Mask,
    strength: Strength = 1.0,
    set_cond_area: Annotated[str, Choice(["default", "mask bounds"])],
) -> Conditioning:
    """Let a prompt count only where a mask shows it.

    Args:
        strength: Its weight there.
        set_cond_area: `mask bounds` shows the model only the part around the mask, which then gets its
            whole attention; `default` shows it the whole picture.
    """
    mask = mask.reshape(-1, *mask.shape[-2:])
    bounds = set_cond_area == "mask bounds"
    return tuple(replace(cond, mask=mask, mask_strength=strength, mask_bounds=bounds) for cond in conditioning)


@node("ConditioningSetTimestepRange", category="advanced/conditioning")
def conditioning_set_timestep_range(
    *, conditioning: Conditioning, start: Moment = 0.0, end: Moment = 1.0
) -> Conditioning:
    """Let a prompt count in a part of the sampling only.

    Args:
        start: 0 is all noise.
        end: 1 is the finished picture.
    """
    return tuple(replace(cond, start=start, end=end) for cond in conditioning)


@node("ConditioningZeroOut", category="advanced/conditioning")
def conditioning_zero_out(*, conditioning: Conditioning) -> Conditioning:
    """Blank a prompt: zeros in place of its words, which some models were taught to read as no prompt."""
    return tuple(
        replace(
            cond,
            context=torch.zeros_like(cond.context),
            pooled=None if cond.pooled is None else torch.zeros_like(cond.pooled),
        )
        for cond in conditioning
    )


@node("InpaintModelConditioning", category="conditioning/inpaint")
def inpaint_model_conditioning(
    *,
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    pixels: Image,
    mask: Mask,
    noise_mask: bool = True,
) -> Edit:
    """Show an inpainting model the picture with a hole in it, and the hole.

    Args:
        mask: 1 is painted anew.
        noise_mask: Keep the rest of the picture exactly; else the model repaints it as well.
    """
    hole = resize(mask.reshape(-1, 1, *mask.shape[-2:]), pixels.shape[2], pixels.shape[1], "bilinear")
    hole = crop_to_multiple(hole, CELL)
    picture = crop_to_multiple(pixels[..., :3].movedim(-1, 1), CELL)
    # Grey is what these models were trained to see in place of what is to be painted.
    holed = (picture - 0.5) * (1 - hole.round()) + 0.5
    kept = vae.encode(holed.movedim(1, -1))
    latent = Latent(vae.encode(picture.movedim(1, -1)), noise_mask=hole if noise_mask else None)
    return Edit(_seeing(positive, kept, hole), _seeing(negative, kept, hole), latent)


@node("InstructPixToPixConditioning", category="conditioning/instructpix2pix")
def instruct_pix_to_pix_conditioning(
    *, positive: Conditioning, negative: Conditioning, vae: Vae, pixels: Image
) -> Edit:
    """Show an instruct-pix2pix model the picture that the prompt tells it to change."""
    picture = crop_to_multiple(pixels[..., :3].movedim(-1, 1), CELL).movedim(1, -1)
    seen = vae.encode(picture)
    return Edit(_seeing(positive, seen, None), _seeing(negative, seen, None), Latent(torch.zeros_like(seen)))


def _seeing(conditioning: Conditioning, latent: Tensor, mask: Tensor | None) -> Conditioning:
    return tuple(replace(cond, inpaint_latent=latent, inpaint_mask=mask) for cond in conditioning)


def _only(conditioning: Conditioning, run: Run) -> Cond:
    if len(conditioning) > 1:
        run.warn("conditioning_from holds several prompts; only the first is used.")
    return conditioning[0]


def _mixed(to: Cond, other: Cond, share: float) -> Cond:
    """`share` of `to` and the rest of `other`, whose words are cut or filled up with zeros to the number of `to`'s."""
    length = to.context.shape[1]
    context = other.context[:, :length]
    context = F.pad(context, (0, 0, 0, length - context.shape[1]))
    pooled = to.pooled
    if other.pooled is not None:
        pooled = other.pooled if pooled is None else torch.lerp(other.pooled, pooled, share)
    return replace(to, context=torch.lerp(context, to.context, share), pooled=pooled)
