"""Changes of what happens inside the denoiser while it runs: at its attentions, at its blocks, around the whole."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from torch import Tensor

from safelight.diffusion.conditioning import NetworkChange, Role
from safelight.diffusion.placement import Box


@dataclass(frozen=True)
class Asked:
    """One call of the network, as patches see it.

    Attributes:
        sigma: The noise level, a scalar.
        roles: For each round of latents in the batch, which side of the guidance its prompt is on.
        size: Height and width of the latent, in cells.
        memory: What patches keep from one call to the next of one run, by keys of their own.
        question: The same in all calls of a run for the same prompts, part of the latent and change of the network.
        prompts: For each round, its encoded prompt [1, T, W], the very tensor that its cond has.
        box: The part of the latent that the network is shown; None for all of it.
        changed: Whether the network is asked again, for once under a change.
    """

    sigma: Tensor
    roles: tuple[Role, ...]
    size: tuple[int, int]
    memory: dict[object, Any] = field(default_factory=dict)
    question: object = None
    prompts: tuple[Tensor, ...] = ()
    box: Box | None = None
    changed: bool = False

    def rows(self, x: Tensor, role: Role) -> list[int]:
        """The rows of a batch `x` [N, ...] that are asked for one side of the guidance."""
        per_round = len(x) // len(self.roles)
        return [
            index
            for place, found in enumerate(self.roles)
            if found == role
            for index in range(place * per_round, (place + 1) * per_round)
        ]


@dataclass(frozen=True)
class Site:
    """A place in the network.

    Attributes:
        asked: The call.
        way: On the way down, in the middle or on the way up.
        block: Which block there, numbered through as in LDM's files (`input_blocks.N`, `output_blocks.N`), from 0.
        layer: Which transformer layer of the block's attention, from 0.
        size: Height and width here, in cells.
    """

    asked: Asked
    way: Literal["down", "middle", "up"]
    block: int
    layer: int
    size: tuple[int, int]


Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
"""An attention, with its maps: what asks [N, T, C], what keys and what values are made of [N, S, W] -> [N, T, C]."""
AroundAttention = Callable[[Site, Attend, Tensor, Tensor, Tensor], Tensor]
"""(site, attention, what asks, what keys are made of, what values are made of) -> its result."""
Mix = Callable[[Tensor, Tensor, Tensor], Tensor]
"""The inside of an attention: q [N, H, T, D], k and v [N, H, S, D] -> [N, H, T, D]."""
AroundMix = Callable[[Site, Mix, Tensor, Tensor, Tensor], Tensor]
"""(site, the inside, q, k, v) -> its result."""
AtBlock = Callable[[Site, Tensor], Tensor]
"""(site, features) -> features."""
AtSkip = Callable[[Site, Tensor, Tensor], tuple[Tensor, Tensor]]
"""(site, features, what came over from the way down) -> both, as the block on the way up takes them."""
AroundNetwork = Callable[[Asked, Callable[[Tensor], Tensor], Tensor], Tensor]
"""(call, network, scaled noisy latents [B, C, h, w]) -> what the network predicts [N, C, h, w]."""


@dataclass(frozen=True)
class Patches(NetworkChange):
    """Functions that are called at places of the network; of several at a place, the first is innermost.

    Attributes:
        self_attention, cross_attention: Around an attention with its maps.
        self_mix, cross_mix: Around the inside of an attention.
        between: After self-attention, before cross-attention, [N, T, C].
        down: What a block on the way down gives (conv_in is block 0), before it is kept for the way up.
        kept: The same, after it was kept.
        up: Before a block on the way up.
        network: Around the whole network.
    """

    self_attention: tuple[AroundAttention, ...] = ()
    cross_attention: tuple[AroundAttention, ...] = ()
    self_mix: tuple[AroundMix, ...] = ()
    cross_mix: tuple[AroundMix, ...] = ()
    between: tuple[AtBlock, ...] = ()
    down: tuple[AtBlock, ...] = ()
    kept: tuple[AtBlock, ...] = ()
    up: tuple[AtSkip, ...] = ()
    network: tuple[AroundNetwork, ...] = ()

    def plus(self, other: "Patches") -> "Patches":
        """These, and the others after them."""
        return Patches(**{each.name: (*getattr(self, each.name), *getattr(other, each.name)) for each in fields(self)})


UNPATCHED = Patches()
