"""Laying LoRA and its relatives on models: which parameters they mean, and by how much."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from torch import nn

from safelight.families.additions import family_title, misfit
from safelight.families.base import Family
from safelight.models.lora.file import LoraModel
from safelight.models.lora.names import is_of_text, text_spellings, unet_spellings
from safelight.models.model import Model
from safelight.models.placement import Wearer
from safelight.models.text_encoder import Clip, TextEncoder
from safelight.models.weight_patches import WeightPatch


def lay_on_model(lora: LoraModel, model: Model, strength: float) -> Model:
    """A denoiser with a LoRA laid on its weights.

    Args:
        lora: The LoRA.
        model: The denoiser.
        strength: 1 for the LoRA as trained, less than 0 for the opposite; 0 gives the very same model.

    Raises:
        BadInput: The LoRA was made for models of another family.
    """
    _require_family(lora, model.family)
    patches = _patches(lora, _meant_in_model(lora, model), strength)
    return replace(model, weights=model.weights.plus(patches)) if patches else model


def lay_on_clip(lora: LoraModel, clip: Clip, strength: float) -> Clip:
    """Text encoders with a LoRA laid on their weights. Parameters and errors as for `lay_on_model`."""
    _require_family(lora, clip.family)
    patches = [_patches(lora, _meant_in_tower(lora, tower, at), strength) for at, tower in enumerate(clip.towers)]
    if not any(patches):
        return clip
    towers = zip(clip.towers, patches, strict=True)
    return replace(clip, towers=tuple(replace(tower, weights=tower.weights.plus(more)) for tower, more in towers))


def unfit_for(lora: LoraModel, model: Model, clip: Clip | None) -> tuple[str, ...]:
    """The tensors of a LoRA that fit nothing.

    Args:
        lora: The LoRA.
        model: The denoiser.
        clip: Its text encoders; where there are none, what is meant for them is not missed.
    """
    meant = set(_meant_in_model(lora, model))
    for at, tower in enumerate(clip.towers if clip else ()):
        meant |= _meant_in_tower(lora, tower, at).keys()
    unfit = (
        name
        for spelling, entry in lora.entries.items()
        if spelling not in meant and not (clip is None and is_of_text(spelling))
        for name in entry.names
    )
    return (*unfit, *lora.strange)


def meant_parameters(lora: LoraModel, model: Model | None, clip: Clip | None) -> Iterator[tuple[Wearer, str, str]]:
    """Which parameters a LoRA would change.

    Args:
        lora: The LoRA.
        model: A denoiser of its family, or None.
        clip: Text encoders, or None.

    Yields:
        The network in question, the parameter, and what the file calls it, a key of `LoraModel.entries`.

    Raises:
        BadInput: The LoRA was made for models of another family.
    """
    if model is not None:
        _require_family(lora, model.family)
        yield from ((model, name, spelling) for spelling, name in _meant_in_model(lora, model).items())
    if clip is not None:
        _require_family(lora, clip.family)
        for at, tower in enumerate(clip.towers):
            yield from ((tower, name, spelling) for spelling, name in _meant_in_tower(lora, tower, at).items())


def _require_family(lora: LoraModel, family: Family) -> None:
    if lora.family is not None and lora.family != family.name:
        raise misfit(lora.title, "a LoRA", family_title(lora.family), family.title)


def _meant_in_model(lora: LoraModel, model: Model) -> dict[str, str]:
    return _meant(lora, model.network, unet_spellings(_names(model.network), model.shape))


def _meant_in_tower(lora: LoraModel, tower: TextEncoder, place: int) -> dict[str, str]:
    return _meant(lora, tower.network, text_spellings(_names(tower.network), tower.name, place))


def _meant(lora: LoraModel, network: nn.Module, spellings: Mapping[str, str]) -> dict[str, str]:
    """Spellings of the file -> the parameters that they mean, where the sizes agree."""
    shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
    found = ((spelling, spellings.get(spelling), entry.change) for spelling, entry in lora.entries.items())
    return {spelling: name for spelling, name, change in found if name is not None and change.fits(shapes[name])}


def _patches(lora: LoraModel, meant: Mapping[str, str], strength: float) -> dict[str, WeightPatch]:
    if not strength:
        return {}
    return {name: partial(lora.entries[spelling].change, strength=strength) for spelling, name in meant.items()}


def _names(network: nn.Module) -> tuple[str, ...]:
    return tuple(name for name, _ in network.named_parameters())
