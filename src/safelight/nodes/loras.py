"""LoRA and its relatives: laid on models, and saved."""

from collections.abc import Sequence
from itertools import chain
from typing import Annotated, NamedTuple

from torch import Tensor

from safelight.graph.node import LINKED, OPTIONAL, Choice, File, Range, node
from safelight.models.lora.extraction import EXTRACTIONS, clip_difference, count_weights, model_difference
from safelight.models.lora.file import LoraModel, load_lora
from safelight.models.lora.laying import lay_on_clip, lay_on_model, unfit_for
from safelight.models.model import Model
from safelight.models.saving import tensor_entries
from safelight.models.text_encoder import Clip
from safelight.nodes.run import Run
from safelight.nodes.saving import save_weights

NAMED = 3
"""How many tensors that fit nothing are named in a warning."""

Strength = Annotated[float, Range(-100.0, 100.0, 0.01)]


class Changed(NamedTuple):
    """A model and its text encoders."""

    model: Model
    clip: Clip


@node("LoraLoader", category="loaders", title="Load LoRA")
def lora_loader(
    *,
    model: Model,
    clip: Clip,
    lora_name: Annotated[str, File("loras")],
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    run: Run,
) -> Changed:
    """Change a model with a LoRA; several are laid on by several of these nodes in a row.

    LoCon, LoHa, LoKr, GLoRA, DoRA, OFT, BOFT, (IA)³ and whole differences are taken too.

    Args:
        model: The denoiser.
        clip: Its text encoders.
        lora_name: A file in the loras folder.
        strength_model: How much the denoiser is changed: 1 as the LoRA was trained, 0 not at all, less than 0 the
            other way.
        strength_clip: The same for the text encoders.
    """
    if strength_model == 0 and strength_clip == 0:
        return Changed(model, clip)
    lora = _loaded(lora_name, run)
    changed = Changed(lay_on_model(lora, model, strength_model), lay_on_clip(lora, clip, strength_clip))
    _warn(lora, unfit_for(lora, model, clip), run)
    return changed


@node("LoraLoaderModelOnly", category="loaders")
def lora_loader_model_only(
    *,
    model: Model,
    lora_name: Annotated[str, File("loras")],
    strength_model: Strength = 1.0,
    run: Run,
) -> Model:
    """Change a denoiser with a LoRA, and leave its text encoders.

    Args:
        model: The denoiser.
        lora_name: A file in the loras folder.
        strength_model: 1 as the LoRA was trained, 0 not at all, less than 0 the other way.
    """
    return model if strength_model == 0 else _on_model(_loaded(lora_name, run), model, strength_model, run)


@node("LoraModelLoader", category="loaders", title="Load LoRA Model")
def lora_model_loader(*, model: Model, lora: LoraModel, strength_model: Strength = 1.0, run: Run) -> Model:
    """Change a denoiser with a LoRA that another node gives.

    Args:
        model: The denoiser.
        lora: The LoRA.
        strength_model: 1 as the LoRA was trained, 0 not at all, less than 0 the other way.
    """
    return model if strength_model == 0 else _on_model(lora, model, strength_model, run)


@node("LoraSave", category="_for_testing", title="Extract and Save Lora", output=True)
def lora_save(
    *,
    filename_prefix: str = "loras/ComfyUI_extracted_lora",
    rank: Annotated[int, Range(1, 4096, 1)] = 8,
    lora_type: Annotated[str, Choice(EXTRACTIONS)],
    bias_diff: bool = True,
    model_diff: Model | None = None,
    text_encoder_diff: Clip | None = None,
    run: Run,
) -> None:
    """Save the difference of two models, from the nodes that subtract models, as a LoRA.

    Args:
        filename_prefix: Beginning of the file name, as for Save Image.
        rank: Of the LoRA: the more, the closer and the larger.
        lora_type: `standard` keeps the nearest matrices of that rank, `full_diff` the whole differences.
        bias_diff: Whether biases and norms are kept too; they have no rank.
        model_diff: The difference of two denoisers.
        text_encoder_diff: The difference of two text encoders.
    """
    extract = EXTRACTIONS[lora_type](rank)
    total = count_weights(model_diff, text_encoder_diff)
    parts = [
        *([] if model_diff is None else [model_difference(model_diff, extract, biases=bias_diff)]),
        *([] if text_encoder_diff is None else [clip_difference(text_encoder_diff, extract, biases=bias_diff)]),
    ]
    tensors: dict[str, Tensor] = {}
    for done, found in enumerate(chain(*parts), start=1):
        tensors |= found
        run.step(done, total)
    save_weights(tensor_entries(tensors), {}, filename_prefix, run)


@node("SaveLoRANode", category="loaders", title="Save LoRA Weights", output=True)
def save_lora_node(
    *,
    lora: LoraModel,
    prefix: str = "loras/ComfyUI_trained_lora",
    steps: Annotated[int, LINKED, OPTIONAL] | None = None,
    run: Run,
) -> None:
    """Save a LoRA that another node gives.

    Args:
        lora: The LoRA.
        prefix: Beginning of the file name, as for Save Image.
        steps: How many steps it was trained for, to be kept in the name.
    """
    save_weights(tensor_entries(lora.tensors), {}, prefix if steps is None else f"{prefix}_{steps}_steps", run)


def _loaded(name: str, run: Run) -> LoraModel:
    return run.models.get(load_lora, run.folders.resolve("loras", name))


def _on_model(lora: LoraModel, model: Model, strength: float, run: Run) -> Model:
    changed = lay_on_model(lora, model, strength)
    _warn(lora, unfit_for(lora, model, None), run)
    return changed


def _warn(lora: LoraModel, unfit: Sequence[str], run: Run) -> None:
    """Tell what was left out."""
    if not unfit:
        return
    more = f" and {len(unfit) - NAMED} more" if len(unfit) > NAMED else ""
    run.warn(
        f"{len(unfit)} of the {len(lora.tensors)} tensors of {lora.title} fit nothing in this model and are left out: "
        f"{', '.join(unfit[:NAMED])}{more}."
    )
