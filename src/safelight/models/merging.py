"""Models made of the weights of two, as weight patches on the first: nothing is computed until it is used."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn

from safelight.errors import BadInput
from safelight.families.shapes import UNetShape
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.text_encoder import Clip, TextEncoder
from safelight.models.unet import unet_source
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

    Args:
        first: What all else is taken from.
        second: Of the same family.
        shares: LDM's name of a weight (`input_blocks.1.0.…`) -> its shares of the two.

    Raises:
        BadInput: They are of different families or sizes.
    """
    stored = unet_source(_common_shape(first, second), "ldm")
    names = {name: shares(stored(name).name) for name, _ in first.network.named_parameters()}
    return replace(
        first,
        weights=first.weights.plus(_sums(names, second.network, second.weights, second.placement)),
    )


def merged_clips(first: Clip, second: Clip, shares: Shares) -> Clip:
    """The first's text encoders with the second's weights mixed in.

    Raises:
        BadInput: They are of different families or sizes.
    """
    return replace(first, towers=tuple(_merged_tower(*pair, shares) for pair in _pairs(first, second)))


def towards_model(model: Model, other: Model, share: float) -> Model:
    """A model with `share` of the way from its file's weights to another's added. Errors as for `merged_models`."""
    _common_shape(model, other)
    patches = _ways(model.network, model.placement, (other.network, other.weights, other.placement), share)
    return replace(model, weights=model.weights.plus(patches))


def towards_clip(clip: Clip, other: Clip, share: float) -> Clip:
    """Text encoders with `share` of the way from their file's weights to others' added. Errors as for a merge."""
    towers = (
        replace(
            tower,
            weights=tower.weights.plus(
                _ways(tower.network, tower.placement, (there.network, there.weights, there.placement), share)
            ),
        )
        for tower, there in _pairs(clip, other)
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


def _common_shape(first: Model, second: Model) -> UNetShape:
    unet, other = first.contents.unet, second.contents.unet
    assert unet is not None, "a model was loaded from a file with a denoiser"
    if other is None or unet.shape != other.shape:
        raise _unlike(f"The models ({first.family.title} and {second.family.title})")
    return unet.shape


def _pairs(first: Clip, second: Clip) -> Iterator[tuple[TextEncoder, TextEncoder]]:
    if [tower.shape for tower in first.towers] != [tower.shape for tower in second.towers]:
        raise _unlike(f"The text encoders ({first.family.title} and {second.family.title})")
    return zip(first.towers, second.towers, strict=True)


def _ways(
    network: nn.Module, placement: Placement, other: tuple[nn.Module, WeightPatches, Placement], share: float
) -> dict[str, WeightPatch]:
    if not share:
        return {}
    there, patches, at = other
    return {
        name: Towards(
            share,
            partial(placement.wardrobe.weight, network, name, UNPATCHED),
            partial(at.wardrobe.weight, there, name, patches),
        )
        for name, _ in network.named_parameters()
    }


def _merged_tower(first: TextEncoder, second: TextEncoder, shares: Shares) -> TextEncoder:
    names = {name: shares for name, _ in first.network.named_parameters()}
    return replace(first, weights=first.weights.plus(_sums(names, second.network, second.weights, second.placement)))


def _sums(
    shares: Mapping[str, Shares], other: nn.Module, weights: WeightPatches, placement: Placement
) -> dict[str, WeightPatch]:
    unchanged = Shares(1, 0)
    return {
        name: Sum(share, partial(placement.wardrobe.weight, other, name, weights))
        for name, share in shares.items()
        if share != unchanged
    }


def _unlike(what: str) -> BadInput:
    return BadInput(
        f"{what} are of different kinds, and cannot be merged.",
        mend="Merge two of the same family, made of the same base model.",
    )
