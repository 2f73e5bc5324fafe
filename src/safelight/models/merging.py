"""Models made of the weights of two, as weight patches on the first: nothing is computed until it is used."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor, nn

from safelight.errors import BadInput
from safelight.models.clip_text import ClipText
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.text_encoder import Clip, TextEncoder
from safelight.models.unet import unet_source
from safelight.models.weight_patches import WeightPatch, WeightPatches


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
    unet, other = first.contents.unet, second.contents.unet
    assert unet is not None, "a model was loaded from a file with a denoiser"
    if other is None or unet.shape != other.shape:
        raise _unlike(f"The models ({first.family.title} and {second.family.title})")
    stored = unet_source(unet.shape, "ldm")
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
    if [tower.shape for tower in first.towers] != [tower.shape for tower in second.towers]:
        raise _unlike(f"The text encoders ({first.family.title} and {second.family.title})")
    towers = [_merged_tower(*pair, shares) for pair in zip(first.towers, second.towers, strict=True)]
    return replace(first, towers=tuple(towers))


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


def _merged_tower(first: TextEncoder, second: TextEncoder, shares: Shares) -> TextEncoder:
    names = dict.fromkeys(_parameters(first.network), shares)
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


def _parameters(network: ClipText) -> Iterable[str]:
    return (name for name, _ in network.named_parameters())


def _unlike(what: str) -> BadInput:
    return BadInput(
        f"{what} are of different kinds, and cannot be merged.",
        mend="Merge two of the same family, made of the same base model.",
    )
