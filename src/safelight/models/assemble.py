"""Filling a network with the weights of a file: each tensor is read, converted and placed once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from safelight.errors import BadInput
from safelight.families.layouts import tensors_of
from safelight.families.shapes import Part, TextShape, UNetShape, VaeShape
from safelight.models.placement import Placement
from safelight.models.weights import Weights

AnyPart = Part[UNetShape] | Part[VaeShape] | Part[TextShape]


@dataclass(frozen=True)
class Source:
    """Where a network's parameter comes from.

    Attributes:
        name: The tensor in the file, without the part's prefix.
        third: Which third of its rows: query, key and value are stored as one in OpenCLIP's layout.
        transposed: Whether the file stores it as `x @ weight`.
    """

    name: str
    third: Literal[0, 1, 2] | None = None
    transposed: bool = False

    def pick(self, stored: Tensor) -> Tensor:
        """The parameter in the `stored` tensor, as a view."""
        if self.third is not None:
            stored = stored.chunk(3)[self.third]
        return stored.T if self.transposed else stored


def fill(
    network: nn.Module,
    weights: Weights,
    part: AnyPart,
    source: Callable[[str], Source],
    *,
    placement: Placement,
    dtype: torch.dtype,
) -> None:
    """Give a network on the meta device the weights of one part of a file, as `fill_from` does."""
    stored = tensors_of(part.prefix, part.kind, part.layout, weights)
    fill_from(network, weights, stored, source, part=part.kind, prefix=part.prefix, placement=placement, dtype=dtype)


def fill_from(
    network: nn.Module,
    weights: Weights,
    stored: Mapping[str, str],
    source: Callable[[str], Source],
    *,
    part: str,
    prefix: str = "",
    placement: Placement,
    dtype: torch.dtype,
) -> None:
    """Give a network on the meta device its weights, ready to run.

    A tensor that the file already stores in `dtype` stays memory-mapped where the network is on the host.

    Args:
        network: Built on the meta device; afterwards in evaluation mode, without gradients; on the device if there is
            room, else on the host.
        weights: The opened file.
        stored: The tensors to take: name within the network's part of the file -> name in the file.
        source: Name of a parameter -> where it is in `stored`.
        part: What the network is called in errors.
        prefix: What is put before names in errors.
        placement: Where it is to run.
        dtype: What it is to run in.

    Raises:
        BadInput: A tensor is missing, left over or of another shape.
    """

    def refuse(verb: str, names: list[str]) -> None:
        if names:
            raise _misfit(weights, part, verb, [f"{prefix}{name}" for name in names])

    wanted = {name: source(name) for name in network.state_dict()}
    used = {place.name for place in wanted.values()}
    refuse("lacks", sorted(used - stored.keys()))
    refuse("has unknown", sorted(stored.keys() - used))
    device = placement.place_for(sum(weights[name].numel() for name in stored.values()) * dtype.itemsize)
    placed: dict[str, Tensor] = {}
    mapped: dict[str, Tensor] = {}
    for name, parameter in network.state_dict().items():
        place = wanted[name]
        tensor = place.pick(weights[stored[place.name]])
        if tensor.numel() != parameter.numel() or not _alike(tensor.shape, parameter.shape):
            sizes = f"{list(tensor.shape)}, not {list(parameter.shape)}"
            refuse("has a strange", [f"{place.name} ({sizes})"])
        tensor = tensor.reshape(parameter.shape)
        if weights.can_stay(tensor, dtype):
            mapped[name] = tensor
        placed[name] = weights.place(tensor, device, dtype)
    network.load_state_dict(placed, assign=True)
    network.eval().requires_grad_(False)
    placement.note(network, device, mapped)


def _alike(found: torch.Size, wanted: torch.Size) -> bool:
    """Whether two shapes differ only by trailing ones: a 1x1 convolution and a linear map are the same numbers."""
    return [size for size in found if size > 1] == [size for size in wanted if size > 1]


def _misfit(weights: Weights, part: str, verb: str, names: list[str]) -> BadInput:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return BadInput(
        what=f"{weights.path.name} {verb} weights in its {part} part: {', '.join(names[:3])}{more}.",
        mend="The file is damaged or of a model that is not supported; download it again, or choose another.",
    )
