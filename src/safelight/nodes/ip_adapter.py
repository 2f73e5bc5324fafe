"""Prompts that are pictures."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

from safelight.errors import BadInput
from safelight.graph.node import OPTIONAL, Choice, File, Output, Range, Socket, node
from safelight.models.clip_vision import ClipVision, load_clip_vision
from safelight.models.image_prompts.image_prompt import COMBINES, SCALINGS, with_image_prompt
from safelight.models.image_prompts.ip_adapter import IpAdapter, load_ip_adapter
from safelight.models.image_prompts.ip_adapter_presets import PRESETS, find_adapter, find_clip_vision
from safelight.models.image_prompts.weight_types import WEIGHT_TYPES
from safelight.models.model import Model
from safelight.nodes.run import Run
from safelight.nodes.sockets import Image, Mask

Adapter = Annotated[IpAdapter, Socket("IPADAPTER")]
Share = Annotated[float, Range(0.0, 1.0, step=0.001)]


class Unified(NamedTuple):
    """The model as it was, and an IP-Adapter for it."""

    model: Annotated[Model, Output("model")]
    ipadapter: Annotated[Adapter, Output("ipadapter")]


SIMPLE_TYPES = {"standard": "linear", "prompt is more important": "ease out", "style transfer": "style transfer"}


@node("IPAdapterModelLoader", category="ipadapter/loaders", title="IPAdapter Model Loader")
def ip_adapter_model_loader(*, ipadapter_file: Annotated[str, File("ipadapter")], run: Run) -> Adapter:
    """Load an IP-Adapter, which lets pictures be prompts.

    Args:
        ipadapter_file: A file in the ipadapter folder; plain, plus, plus-face and full ones are supported.
    """
    return run.models.get(load_ip_adapter, run.folders.resolve("ipadapter", ipadapter_file))


@node("IPAdapterUnifiedLoader", category="ipadapter/loaders", title="IPAdapter Unified Loader")
def ip_adapter_unified_loader(
    *, model: Model, preset: Annotated[str, Choice(PRESETS)], ipadapter: Adapter | None = None, run: Run
) -> Unified:
    """Load the IP-Adapter of a kind that fits a model, and the CLIP vision model that belongs to it.

    Args:
        model: The model it is for.
        preset: The kind of adapter.
        ipadapter: Not needed: files are never loaded twice.
    """
    del ipadapter
    path, shape = find_adapter(preset, model.shape.context_width, _files("ipadapter", run))
    clip = run.models.get(load_clip_vision, find_clip_vision(shape, _files("clip_vision", run)))
    return Unified(model, replace(run.models.get(load_ip_adapter, path), clip=clip))


@node("IPAdapter", category="ipadapter", title="IPAdapter")
def ip_adapter(
    *,
    model: Model,
    ipadapter: Adapter,
    image: Image,
    weight: Annotated[float, Range(-1.0, 3.0, step=0.05)] = 1.0,
    start_at: Share = 0.0,
    end_at: Share = 1.0,
    weight_type: Annotated[str, Choice(SIMPLE_TYPES), OPTIONAL] = "standard",
    attn_mask: Mask | None = None,
) -> Model:
    """Show the model a picture beside the prompt; the IP-Adapter has to bring its CLIP vision model.

    Args:
        model: The model.
        ipadapter: The IP-Adapter.
        image: The picture; of a wide or tall one, the middle is seen.
        weight: How much it counts; 0 changes nothing.
        start_at: Share of the way at which it begins to count.
        end_at: Share of the way at which it ceases to.
        weight_type: What it is for.
        attn_mask: Where it counts.
    """
    return ip_adapter_advanced(
        model=model,
        ipadapter=ipadapter,
        image=image,
        weight=weight,
        weight_type=SIMPLE_TYPES[weight_type],
        combine_embeds="concat",
        start_at=start_at,
        end_at=end_at,
        embeds_scaling="V only",
        attn_mask=attn_mask,
    )


@node("IPAdapterAdvanced", category="ipadapter", title="IPAdapter Advanced")
def ip_adapter_advanced(
    *,
    model: Model,
    ipadapter: Adapter,
    image: Image,
    weight: Annotated[float, Range(-1.0, 5.0, step=0.05)] = 1.0,
    weight_type: Annotated[str, Choice(WEIGHT_TYPES)],
    combine_embeds: Annotated[str, Choice(COMBINES)],
    start_at: Share = 0.0,
    end_at: Share = 1.0,
    embeds_scaling: Annotated[str, Choice(SCALINGS)],
    image_negative: Image | None = None,
    attn_mask: Mask | None = None,
    clip_vision: ClipVision | None = None,
) -> Model:
    """Show the model a picture, or several, beside the prompt.

    Args:
        model: The model.
        ipadapter: The IP-Adapter.
        image: The pictures; of wide or tall ones, the middle is seen.
        weight: How much they count; 0 changes nothing.
        weight_type: How the weight is spread over the network; style transfer and composition take only that.
        combine_embeds: What several pictures become: shown one beside the other, or made one.
        start_at: Share of the way at which they begin to count.
        end_at: Share of the way at which they cease to.
        embeds_scaling: What the weight is laid on; those with a penalty stand higher weights.
        image_negative: What to keep away from; nothing, if it is not given.
        attn_mask: Where they count.
        clip_vision: The CLIP vision model that belongs to the IP-Adapter, where that does not bring it.
    """
    clip = clip_vision or ipadapter.clip
    if clip is None:
        raise BadInput(
            what=f"{ipadapter.name} needs a CLIP vision model to look at pictures.",
            mend="Link a CLIPVisionLoader to clip_vision of an IPAdapterAdvanced node.",
        )
    combine = COMBINES[combine_embeds]
    negative = (
        ipadapter.look_at_nothing(clip)
        if image_negative is None
        else combine(ipadapter.look(clip.encode(image_negative)))
    )
    return with_image_prompt(
        model,
        ipadapter,
        {"positive": combine(ipadapter.look(clip.encode(image))), "negative": negative},
        weight=weight,
        weight_type=weight_type,
        scaling=embeds_scaling,
        span=(start_at, end_at),
        mask=attn_mask,
    )


def _files(folder: str, run: Run) -> Iterator[Path]:
    return (run.folders.resolve(folder, name) for name in run.folders.list(folder))
