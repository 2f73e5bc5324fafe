"""What people change inside a model while it runs: at its attentions, at its blocks, in how it is computed."""

from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor

from safelight.diffusion.filters import gaussian_blur
from safelight.diffusion.guidance import After
from safelight.graph.node import Choice, Range, node
from safelight.models.model import Model
from safelight.models.patching.attention_guidance import perturbed_attention, self_attention_guidance
from safelight.models.patching.compiling import compiled
from safelight.models.patching.compute_dtype import in_dtype
from safelight.models.patching.deep_shrink import deep_shrink
from safelight.models.patching.freeu import Gain, by_structure, evenly, freeu
from safelight.models.patching.hypertile import hypertile
from safelight.models.patching.token_merging import token_merging
from safelight.nodes.noise_mask import CELL
from safelight.nodes.resize import METHODS

CATEGORY = "model_patches/unet"

Factor = Annotated[float, Range(0.0, 10.0, step=0.01)]
Moment = Annotated[float, Range(0.0, 1.0, step=0.001)]

SCALE_METHODS = ("bicubic", "nearest-exact", "bilinear", "area", "bislerp")
SMALLEST_TILE = 32  # pixels
BLUR_RADIUS = 4  # cells

# name in workflows -> type
DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@node("FreeU", category=CATEGORY)
def free_u(*, model: Model, b1: Factor = 1.1, b2: Factor = 1.2, s1: Factor = 0.9, s2: Factor = 0.2) -> Model:
    """Sharpen what the model paints, at no cost in time.

    Args:
        model: The model.
        b1: Weight of what the coarsest level made up; 1 leaves it as it is.
        b2: Weight of what the level after it made up.
        s1: Weight of the large shapes that the coarsest level is reminded of; 1 leaves them as they are.
        s2: Weight of the large shapes that the level after it is reminded of.
    """
    return _with_free_u(model, (b1, s1), (b2, s2), evenly)


@node("FreeU_V2", category=CATEGORY)
def free_u_v2(*, model: Model, b1: Factor = 1.3, b2: Factor = 1.4, s1: Factor = 0.9, s2: Factor = 0.2) -> Model:
    """Sharpen what the model paints, at no cost in time; more where there is more in the picture.

    Args:
        model: The model.
        b1: Weight of what the coarsest level made up, where it made up the most; 1 leaves it as it is.
        b2: Weight of what the level after it made up.
        s1: Weight of the large shapes that the coarsest level is reminded of; 1 leaves them as they are.
        s2: Weight of the large shapes that the level after it is reminded of.
    """
    return _with_free_u(model, (b1, s1), (b2, s2), by_structure)


@node("HyperTile", category=CATEGORY)
def hyper_tile(
    *,
    model: Model,
    tile_size: Annotated[int, Range(1, 2048)] = 256,
    swap_size: Annotated[int, Range(1, 128)] = 2,
    max_depth: Annotated[int, Range(0, 10)] = 0,
    scale_depth: bool = False,
) -> Model:
    """Make large pictures faster, by letting the model compare only what lies in the same tile.

    Args:
        model: The model.
        tile_size: Least side of a tile, in pixels.
        swap_size: How many sizes of tiles are taken turns with.
        max_depth: How many of the model's levels are tiled beside the finest.
        scale_depth: Whether tiles of coarser levels cover more of the picture.
    """
    return model.with_patches(hypertile(max(SMALLEST_TILE, tile_size) // CELL, swap_size, max_depth, grows=scale_depth))


@node("TomePatchModel", category=CATEGORY)
def tome_patch_model(*, model: Model, ratio: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.3) -> Model:
    """Make pictures faster, by treating places that look alike as one; does nothing to SDXL.

    Args:
        model: The model.
        ratio: Share of the places that are merged into others; 0 changes nothing.
    """
    return model.with_patches(token_merging(ratio))


@node("PerturbedAttentionGuidance", category=CATEGORY)
def perturbed_attention_guidance(
    *, model: Model, scale: Annotated[float, Range(0.0, 100.0, step=0.01, round=0.01)] = 3.0
) -> Model:
    """Go away from what the model paints when it cannot see how things hang together; a call more for each step.

    Args:
        model: The model.
        scale: How far; 0 changes nothing and costs nothing.
    """
    return _guided(model, perturbed_attention(scale))


@node("SelfAttentionGuidance", category="_for_testing", title="Self-Attention Guidance", experimental=True)
def self_attention_guidance_node(
    *,
    model: Model,
    scale: Annotated[float, Range(-2.0, 5.0, step=0.01)] = 0.5,
    blur_sigma: Annotated[float, Range(0.0, 10.0, step=0.1)] = 2.0,
) -> Model:
    """Go away from what the model paints when the parts that it looks at most are blurred; a call more for each step.

    Args:
        model: The model.
        scale: How far; 0 changes nothing and costs nothing.
        blur_sigma: How much they are blurred, in cells of the latent.
    """

    def blur(latent: Tensor) -> Tensor:
        return gaussian_blur(latent, BLUR_RADIUS, blur_sigma / BLUR_RADIUS) if blur_sigma else latent

    recording, guidance = self_attention_guidance(scale, blur)
    return _guided(model.with_patches(recording) if scale else model, guidance)


@node("PatchModelAddDownscale", category=CATEGORY, title="PatchModelAddDownscale (Kohya Deep Shrink)")
def patch_model_add_downscale(
    *,
    model: Model,
    block_number: Annotated[int, Range(1, 32, step=1)] = 3,
    downscale_factor: Annotated[float, Range(0.1, 9.0, step=0.001)] = 2.0,
    start_percent: Moment = 0.0,
    end_percent: Moment = 0.35,
    downscale_after_skip: bool = True,
    downscale_method: Annotated[str, Choice(SCALE_METHODS)],
    upscale_method: Annotated[str, Choice(SCALE_METHODS)],
) -> Model:
    """Compose large pictures as the model would small ones, so that nothing is repeated in them.

    Args:
        model: The model.
        block_number: The block of the way down after which features are made smaller.
        downscale_factor: What their sides are divided by.
        start_percent: From which share of the way through the noise.
        end_percent: Until which share; detail needs the rest of the way at full size.
        downscale_after_skip: Whether the block's own features keep their size on the way up.
        downscale_method: How they are made smaller.
        upscale_method: How they are brought back to size.
    """
    at = model.schedule.percent_to_sigma
    down, up = METHODS[downscale_method], METHODS[upscale_method]
    span = at(start_percent), at(end_percent)
    patches = deep_shrink(block_number, downscale_factor, span, down, up, after_skip=downscale_after_skip)
    return model.with_patches(patches)


@node("ModelComputeDtype", category="advanced/debug/model")
def model_compute_dtype(*, model: Model, dtype: Annotated[str, Choice(("default", *DTYPES))]) -> Model:
    """Run a model in another floating-point type; a copy of it is kept in that.

    Args:
        model: The model.
        dtype: `default` is what it was loaded in.
    """
    return model if dtype == "default" else in_dtype(model, DTYPES[dtype])


@node("TorchCompileModel", category="_for_testing", experimental=True)
def torch_compile_model(*, model: Model, backend: Annotated[str, Choice(("inductor", "cudagraphs"))]) -> Model:
    """Have the model compiled for this device: the first step takes minutes, the others less time than before.

    Args:
        model: The model.
        backend: What compiles it.
    """
    return compiled(model, backend)


def _with_free_u(model: Model, coarse: tuple[float, float], fine: tuple[float, float], gain: Gain) -> Model:
    return model.with_patches(freeu(model.shape.block_channels[0], coarse, fine, gain))


def _guided(model: Model, finish: After) -> Model:
    return replace(model, guidance=replace(model.guidance, after=(*model.guidance.after, finish)))
