"""The text encoders of a model, as `text` asks for them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor

from safelight.diffusion.conditioning import NetworkChange
from safelight.families.base import Family, Tower, TowerName
from safelight.families.shapes import TextShape
from safelight.models.clip_text import ClipText
from safelight.models.device import HOST
from safelight.models.memory.measures import Measures
from safelight.models.memory.thrift import Thrift
from safelight.models.placement import Placement
from safelight.models.weight_patches import UNPATCHED, WeightPatches

END_TOKEN = 49407

Result = TypeVar("Result")


@dataclass(frozen=True)
class TextEncoder:
    """One text tower, ready to run: a `safelight.text.tower.TextTower`.

    Attributes:
        network: Its weights.
        shape: Its sizes.
        tower: How its family uses it.
        placement: Where it runs.
        weights: What is changed in its weights.
        stored: What its file has it in: `fp32`, `fp16`, …
    """

    network: ClipText
    shape: TextShape
    tower: Tower
    placement: Placement
    weights: WeightPatches = UNPATCHED
    stored: str = "fp32"

    @property
    def name(self) -> TowerName:
        """`l`, `g` or `h`."""
        return self.tower.name

    @property
    def width(self) -> int:
        """Numbers per token."""
        return self.shape.width

    @property
    def pad_token(self) -> int:
        """What the family fills a chunk with behind its end mark."""
        return self.tower.pad_token

    def embed(self, tokens: Tensor) -> Tensor:
        """Token ids [B, 77] to token embeddings [B, 77, W] on the device, positions not yet added."""
        table = self.network.embeddings.token_embedding
        embedded: Tensor = self._on_device(lambda: table(tokens.to(self.placement.device)))
        return embedded

    def encode(self, embeddings: Tensor, tokens: Tensor, *, skip: int) -> tuple[Tensor, Tensor]:
        """Run the network.

        Args:
            embeddings: [B, 77, W], from `embed`, with textual inversions put in.
            tokens: Their ids [B, 77]; the first 49407 is the end of the text.
            skip: Which layer to give, from the end; 1 is the last. The last, too, where there are fewer layers.

        Returns:
            Hidden states [B, 77, W] and the pooled text [B, P], both on the CPU in float32.
        """
        hidden, pooled = self._on_device(lambda: self.follow(embeddings, tokens, skip=skip))
        self.placement.finished(self.network)
        return hidden.to(HOST, torch.float32), pooled.to(HOST, torch.float32)

    def follow(self, embeddings: Tensor, tokens: Tensor, *, skip: int) -> tuple[Tensor, Tensor]:
        """`encode` in a form that gradients flow back through, of a network that is in place; on its device."""
        skip -= self.shape.layers_left_out
        hidden, pooled = self.network(
            embeddings,
            (tokens == END_TOKEN).int().argmax(dim=-1).to(embeddings.device),
            skip if 1 <= skip <= self.shape.layers else 1,
            final_norm=self.tower.final_norm,
        )
        return hidden, pooled

    def _on_device(self, work: Callable[[], Result]) -> Result:
        """Do something with the network in its place."""

        def attempt(_: Measures) -> Result:
            self.placement.bring(self.network, self.weights)
            with torch.no_grad():
                return work()

        return Thrift(self.placement, self.network).attempt(attempt)


@dataclass(frozen=True)
class Clip:
    """The text encoders of a model, and which of their layers is used.

    Attributes:
        towers: In the family's order.
        family: Whose prompts they encode.
        layer: Hidden layer from the end ("clip skip"), 1 being the last; None for what the family was trained with.
        changes: What the prompts that it encodes change in the denoiser.
        moments: Other states of it for parts of the sampling, as (start, end, state), shares of the way from all
            noise (0) to none (1); none where it is the same all along.
    """

    towers: tuple[TextEncoder, ...]
    family: Family
    layer: int | None = None
    changes: tuple[NetworkChange, ...] = ()
    moments: tuple[tuple[float, float, "Clip"], ...] = ()

    @property
    def skip(self) -> int:
        """The layer in use, from the end."""
        return self.family.towers[0].layer if self.layer is None else self.layer

    def with_layer(self, layer: int) -> "Clip":
        """The same towers, left at another layer from the end."""
        moments = tuple((start, end, state.with_layer(layer)) for start, end, state in self.moments)
        return replace(self, layer=layer, moments=moments)
