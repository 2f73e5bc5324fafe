"""Models made of two, and models with parts of them made stronger or weaker."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated

from safelight.graph.catalog import InputSpec
from safelight.graph.node import AnyNode, Node, Range, node
from safelight.models.merging import Shares, merged_clips, merged_models, merged_vaes, scaled
from safelight.models.model import Model
from safelight.models.text_encoder import Clip
from safelight.models.vae import Vae

Ratio = Annotated[float, Range(0.0, 1.0, step=0.01)]
Multiplier = Annotated[float, Range(-10.0, 10.0, step=0.01)]
Factor = Annotated[float, Range(0.0, 10.0, step=0.01)]

MERGING = "advanced/model_merging"
ATTENTION = "_for_testing/attention_experiments"


@node("ModelMergeSimple", category=MERGING)
def model_merge_simple(*, model1: Model, model2: Model, ratio: Ratio = 1.0) -> Model:
    """Mix two models.

    Args:
        model1: Gives all that is not weights, too.
        model2: Of the same family.
        ratio: Share of the first: 1 is the first alone, 0 the second.
    """
    return merged_models(model1, model2, _constant(ratio, 1.0 - ratio))


@node("ModelMergeAdd", category=MERGING)
def model_merge_add(*, model1: Model, model2: Model) -> Model:
    """Add the second's weights to the first's, mostly a difference that was made by subtracting.

    An inpainting model reads more channels than others: where only one of the two is such, these stay the first's.
    """
    return merged_models(model1, model2, _constant(1.0, 1.0))


@node("ModelMergeSubtract", category=MERGING)
def model_merge_subtract(*, model1: Model, model2: Model, multiplier: Multiplier = 1.0) -> Model:
    """What the first model has learned beyond the second, to be added to another.

    Args:
        model1: The model.
        model2: What is taken off.
        multiplier: Factor on the difference.
    """
    return merged_models(model1, model2, _constant(multiplier, -multiplier))


@node("ModelMergeBlocks", category=MERGING)
def model_merge_blocks(
    *, model1: Model, model2: Model, input: Ratio = 1.0, middle: Ratio = 1.0, out: Ratio = 1.0
) -> Model:
    """Mix two models, each part of the network in a ratio of its own.

    Args:
        model1: Gives all that is not weights, too.
        model2: Of the same family.
        input: Share of the first on the way down, and in what belongs to no part.
        middle: Share of the first in the middle.
        out: Share of the first on the way up.
    """
    return merged_models(model1, model2, _by_block({"input": input, "middle": middle, "out": out}))


def _merge_by_name(class_type: str, title: str, names: tuple[str, ...]) -> AnyNode:
    """A node with one ratio for each block of a family's network; its inputs have names that Python cannot say."""

    def merge(*, model1: Model, model2: Model, **ratios: float) -> Model:
        return merged_models(model1, model2, _by_block(ratios))

    simple = model_merge_simple.spec
    *models, ratio = simple.inputs
    spec = replace(
        simple,
        class_type=class_type,
        title=class_type,
        category=f"{MERGING}/model_specific",
        description=f"Mix two {title} models, each block of the network in a ratio of its own: 1 is the first alone.",
        inputs=(*models, *(_named(ratio, name) for name in names)),
    )
    return Node(spec, merge, wants_run=False)


def _named(ratio: InputSpec, name: str) -> InputSpec:
    return replace(ratio, name=name, tooltip=f"Share of the first model in the weights called {name}…")


def _blocks(dot: str, down: int, up: int) -> tuple[str, ...]:
    """The blocks of a network by LDM's names; `dot` ends the numbered ones."""
    return (
        "time_embed.",
        "label_emb.",
        *(f"input_blocks.{number}{dot}" for number in range(down)),
        *(f"middle_block.{number}{dot}" for number in range(3)),
        *(f"output_blocks.{number}{dot}" for number in range(up)),
        "out.",
    )


model_merge_sd1 = _merge_by_name("ModelMergeSD1", "SD 1.x", _blocks(".", 12, 12))
model_merge_sd2 = _merge_by_name("ModelMergeSD2", "SD 2.x", _blocks(".", 12, 12))
model_merge_sdxl = _merge_by_name("ModelMergeSDXL", "SDXL", _blocks("", 9, 9))


@node("CLIPMergeSimple", category=MERGING)
def clip_merge_simple(*, clip1: Clip, clip2: Clip, ratio: Ratio = 1.0) -> Clip:
    """Mix two text encoders.

    Args:
        clip1: Gives all that is not weights, too.
        clip2: Of the same family.
        ratio: Share of the first: 1 is the first alone, 0 the second.
    """
    return merged_clips(clip1, clip2, Shares(ratio, 1.0 - ratio))


@node("CLIPMergeAdd", category=MERGING)
def clip_merge_add(*, clip1: Clip, clip2: Clip) -> Clip:
    """Add the second's weights to the first's, mostly a difference that was made by subtracting."""
    return merged_clips(clip1, clip2, Shares(1.0, 1.0))


@node("CLIPMergeSubtract", category=MERGING)
def clip_merge_subtract(*, clip1: Clip, clip2: Clip, multiplier: Multiplier = 1.0) -> Clip:
    """What the first text encoder has learned beyond the second, to be added to another.

    Args:
        clip1: The text encoder.
        clip2: What is taken off.
        multiplier: Factor on the difference.
    """
    return merged_clips(clip1, clip2, Shares(multiplier, -multiplier))


@node("VAEMergeSimple", category=MERGING)
def vae_merge_simple(*, vae1: Vae, vae2: Vae, ratio: Ratio = 1.0) -> Vae:
    """Mix two VAEs.

    Args:
        vae1: Gives all that is not weights, too.
        vae2: Of the same kind.
        ratio: Share of the first: 1 is the first alone, 0 the second.
    """
    return merged_vaes(vae1, vae2, _constant(ratio, 1.0 - ratio))


@node("VAEMergeBlocks", category=MERGING)
def vae_merge_blocks(*, vae1: Vae, vae2: Vae, encoder: Ratio = 1.0, decoder: Ratio = 1.0) -> Vae:
    """Mix two VAEs, each half in a ratio of its own.

    Args:
        vae1: Gives all that is not weights, too.
        vae2: Of the same kind.
        encoder: Share of the first in what makes latents of pictures.
        decoder: Share of the first in what makes pictures of latents.
    """
    # the maps next to the latent belong to the halves: quant_conv ends the encoder, post_quant_conv begins the decoder
    ratios = {"encoder": encoder, "quant_conv": encoder, "decoder": decoder, "post_quant_conv": decoder}
    return merged_vaes(vae1, vae2, _by_block(ratios))


@node("VAEMergeAdd", category=MERGING)
def vae_merge_add(*, vae1: Vae, vae2: Vae) -> Vae:
    """Add the second's weights to the first's, mostly a difference that was made by subtracting."""
    return merged_vaes(vae1, vae2, _constant(1.0, 1.0))


@node("VAEMergeSubtract", category=MERGING)
def vae_merge_subtract(*, vae1: Vae, vae2: Vae, multiplier: Multiplier = 1.0) -> Vae:
    """What the first VAE has learned beyond the second, to be added to another.

    Args:
        vae1: The VAE.
        vae2: What is taken off.
        multiplier: Factor on the difference.
    """
    return merged_vaes(vae1, vae2, _constant(multiplier, -multiplier))


@node("UNetSelfAttentionMultiply", category=ATTENTION)
def unet_self_attention_multiply(
    *, model: Model, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0
) -> Model:
    """Multiply the maps of the attention by which parts of the picture see each other.

    Args:
        model: The model.
        q: Factor on what asks.
        k: Factor on what is looked at.
        v: Factor on what is handed over.
        out: Factor on what is made of it.
    """
    return _multiplied(model, "attn1", (q, k, v, out))


@node("UNetCrossAttentionMultiply", category=ATTENTION)
def unet_cross_attention_multiply(
    *, model: Model, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0
) -> Model:
    """Multiply the maps of the attention by which the picture sees the prompt.

    Args:
        model: The model.
        q: Factor on what asks.
        k: Factor on what is looked at.
        v: Factor on what is handed over.
        out: Factor on what is made of it.
    """
    return _multiplied(model, "attn2", (q, k, v, out))


@node("CLIPAttentionMultiply", category=ATTENTION)
def clip_attention_multiply(
    *, clip: Clip, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0
) -> Clip:
    """Multiply the maps of the attention by which words see each other.

    Args:
        clip: The text encoder.
        q: Factor on what asks.
        k: Factor on what is looked at.
        v: Factor on what is handed over.
        out: Factor on what is made of it.
    """
    factors = {f"self_attn.{name}": factor for name, factor in zip(CLIP_MAPS, (q, k, v, out), strict=True)}
    towers = (replace(tower, weights=scaled(tower.weights, tower.network, factors)) for tower in clip.towers)
    return replace(clip, towers=tuple(towers))


CLIP_MAPS = ("q_proj", "k_proj", "v_proj", "out_proj")
UNET_MAPS = ("to_q", "to_k", "to_v", "to_out.0")


def _multiplied(model: Model, attention: str, factors: tuple[float, ...]) -> Model:
    named = {f"{attention}.{name}": factor for name, factor in zip(UNET_MAPS, factors, strict=True)}
    return replace(model, weights=scaled(model.weights, model.network, named))


def _constant(own: float, other: float) -> Callable[[str], Shares]:
    return lambda name: Shares(own, other)


def _by_block(ratios: Mapping[str, float]) -> Callable[[str], Shares]:
    """Shares by the longest beginning of a weight's name that has a ratio; the first ratio where none has."""
    names = sorted(ratios, key=len, reverse=True)
    otherwise = next(iter(ratios))

    def shares(name: str) -> Shares:
        ratio = ratios[next((start for start in names if name.startswith(start)), otherwise)]
        return Shares(ratio, 1.0 - ratio)

    return shares
