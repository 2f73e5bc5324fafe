"""Models made of the weights of two, as weight patches on the first: nothing is computed until it is used."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn

from safelight.errors import BadInput
from safelight.models.model import Model
from safelight.models.placement import Wearer, weight_of
from safelight.models.text_encoder import Clip, TextEncoder
from safelight.models.unet import unet_source
from safelight.models.vae import Vae
from safelight.models.weight_patches import UNPATCHED, WeightPatch, WeightPatches


@dataclass(frozen=True)
class Shares:
    """What a merged weight is made of: `own * first + other * second`."""

    own: float
    other: float


@dataclass(frozen=True)
class Sum:
    """A weight patch: the weight times `shares.own`, and the other network's times `shares.other`."""

    shares: Shares
    other: Callable[[], Tensor]

    def __call__(self, weight: Tensor) -> Tensor:
        if not self.shares.other:
            return weight * self.shares.own
        return weight * self.shares.own + self.other().to(weight.device) * self.shares.other


@dataclass(frozen=True)
class Towards:
    """A weight patch: `share` of the way from a network's own weight to another's, laid on whatever it is by now."""

    share: float
    own: Callable[[], Tensor]
    other: Callable[[], Tensor]

    def __call__(self, weight: Tensor) -> Tensor:
        return weight + (self.other() - self.own()).to(weight.device) * self.share


@dataclass(frozen=True)
class Scaled:
    """A weight patch: the weight times a factor."""

    factor: float

    def __call__(self, weight: Tensor) -> Tensor:
        return weight * self.factor


def merged_models(first: Model, second: Model, shares: Callable[[str], Shares]) -> Model:
    """The first model with the second's weights mixed in.

    Weights that differ in shape stay the first's: those that read the latent, where only one is made for inpainting.

    Args:
        first: What all else is taken from.
        second: Of the same family.
        shares: LDM's name of a weight (`input_blocks.1.0.…`) -> its shares of the two.

    Raises:
        BadInput: They are of different families or sizes.
    """
    _require_alike(first, second)
    stored = unet_source(first.shape, "ldm")
    named = {name: shares(stored(name).name) for name in _common(first, second)}
    return replace(first, weights=first.weights.plus(_sums(named, second)))


def merged_clips(first: Clip, second: Clip, shares: Shares) -> Clip:
    """The first's text encoders with the second's weights mixed in.

    Raises:
        BadInput: They are of different families or sizes.
    """

    def merged(tower: TextEncoder, other: TextEncoder) -> TextEncoder:
        named = {name: shares for name, _ in tower.network.named_parameters()}
        return replace(tower, weights=tower.weights.plus(_sums(named, other)))

    return replace(first, towers=tuple(merged(*pair) for pair in _pairs(first, second)))


def merged_vaes(first: Vae, second: Vae, shares: Callable[[str], Shares]) -> Vae:
    """The first image autoencoder with the second's weights mixed in.

    Args:
        first: What all else is taken from.
        second: Of the same sizes.
        shares: Name of a weight (`encoder.…`, `decoder.…`) -> its shares of the two.

    Raises:
        BadInput: They are of different sizes.
    """
    if first.shape != second.shape:
        raise _unlike("The VAEs")
    named = {name: shares(name) for name, _ in first.network.named_parameters()}
    return replace(first, weights=first.weights.plus(_sums(named, second)))


def towards_model(model: Model, other: Model, share: float) -> Model:
    """A model with `share` of the way from its file's weights to another's added. Errors as for `merged_models`."""
    _require_alike(model, other)
    return replace(model, weights=model.weights.plus(_ways(model, other, share)))


def towards_clip(clip: Clip, other: Clip, share: float) -> Clip:
    """Text encoders with `share` of the way from their file's weights to others' added. Errors as for a merge."""
    towers = (
        replace(tower, weights=tower.weights.plus(_ways(tower, there, share))) for tower, there in _pairs(clip, other)
    )
    return replace(clip, towers=tuple(towers))


def scaled(weights: WeightPatches, network: nn.Module, factors: Mapping[str, float]) -> WeightPatches:
    """Weights with all parameters of some maps multiplied.

    Args:
        weights: What is changed already.
        network: Whose parameters.
        factors: What the name of a map ends with (`attn1.to_q`) -> its factor; a factor of 1 changes nothing.
    """
    changed = {
        name: Scaled(factor)
        for name, _ in network.named_parameters()
        for ending, factor in factors.items()
        if factor != 1 and name.rpartition(".")[0].endswith(ending)
    }
    return weights.plus(changed) if changed else weights


def _require_alike(first: Model, second: Model) -> None:
    if first.shape != replace(second.shape, in_channels=first.shape.in_channels):
        raise _unlike(f"The models ({first.family.title} and {second.family.title})")


def _common(own: Wearer, other: Wearer) -> list[str]:
    """The parameters that are of one shape in both."""
    there = {name: weight.shape for name, weight in other.network.named_parameters()}
    return [name for name, weight in own.network.named_parameters() if weight.shape == there[name]]


def _pairs(first: Clip, second: Clip) -> Iterator[tuple[TextEncoder, TextEncoder]]:
    if [tower.shape for tower in first.towers] != [tower.shape for tower in second.towers]:
        raise _unlike(f"The text encoders ({first.family.title} and {second.family.title})")
    return zip(first.towers, second.towers, strict=True)


def _ways(own: Wearer, other: Wearer, share: float) -> dict[str, WeightPatch]:
    if not share:
        return {}
    unpatched = own.placement.wardrobe.weight
    return {
        name: Towards(share, partial(unpatched, own.network, name, UNPATCHED), partial(weight_of, other, name))
        for name in _common(own, other)
    }


def _sums(shares: Mapping[str, Shares], other: Wearer) -> dict[str, WeightPatch]:
    unchanged = Shares(1, 0)
    return {name: Sum(share, partial(weight_of, other, name)) for name, share in shares.items() if share != unchanged}


def _unlike(what: str) -> BadInput:
    return BadInput(
        f"{what} are of different kinds, and cannot be merged.",
        mend="Merge two of the same family, made of the same base model.",
    )
