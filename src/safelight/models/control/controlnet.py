"""ControlNets (Zhang et al. 2023, arXiv:2302.05543): a copy of the denoiser's way down that is shown a picture."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from safelight.diffusion.control import ControlCall, Residuals
from safelight.errors import BadInput
from safelight.families.additions import made_for, misfit
from safelight.models.control.controlnet_network import ControlShape
from safelight.models.control.picture_control import CELL, fitted
from safelight.models.model import Model
from safelight.models.placement import Placement, weight_of
from safelight.models.weight_patches import UNPATCHED, WeightPatches

if TYPE_CHECKING:
    from diffusers.models.controlnets.controlnet import ControlNetModel


UNION_TYPES: dict[str, int] = {
    "openpose": 0,
    "depth": 1,
    "hed/pidi/scribble/ted": 2,
    "canny/lineart/anime_lineart/mlsd": 3,
    "normal": 4,
    "segment": 5,
    "tile": 6,
    "repaint": 7,
}
"""Kinds of pictures, as the union networks number them."""


@dataclass(frozen=True)
class ControlNet:
    """A ControlNet, ready to run.

    Attributes:
        network: Its weights.
        shape: Its sizes.
        file: The name of its file, for errors.
        pooled: Whether its residuals are averaged over the picture.
        dtype: What it runs in.
        placement: Where it runs.
        picture_type: Which kind of picture a union network is shown, a value of `UNION_TYPES`; None leaves it open.
        added: Parameters that are yet to be added to a denoiser's, see `onto`.
        weights: What is changed in its weights.
    """

    network: "ControlNetModel"
    shape: ControlShape
    file: str
    pooled: bool
    dtype: torch.dtype
    placement: Placement
    picture_type: int | None = None
    added: frozenset[str] = frozenset()
    weights: WeightPatches = UNPATCHED

    def look(self, picture: Tensor, call: ControlCall) -> tuple[Tensor, ...]:
        """The picture brought to the size of the latent, [P, C, h, w].

        Args:
            picture: [P, H, W, C], in 0..1; some networks are shown -1 where they are to fill in.
            call: What it is to fit.

        Raises:
            BadInput: The network is for another family, or for pictures with more channels.
        """
        self._check(picture, call)
        height, width = (cells * CELL for cells in call.shown.shape[-2:])
        hint = fitted(picture[..., : self.shape.hint_channels], width, height)
        self.placement.bring(self.network, self.weights)
        embedded: Tensor = self.network.controlnet_cond_embedding(hint.to(self.placement.device, self.dtype))
        if self.picture_type is not None:
            embedded = embedded + self._of_type(embedded, self.picture_type)
        return (embedded,)

    def steer(self, seen: tuple[Tensor, ...], call: ControlCall) -> Residuals:
        """See `PictureNetwork`."""
        self.placement.bring(self.network, self.weights)
        network, context = self.network, call.context.to(self.dtype)
        x = network.conv_in(call.shown.to(self.dtype)) + seen[0]
        embedded = self._embedded(call)
        given = [x]
        for block in network.down_blocks:
            if getattr(block, "has_cross_attention", False):
                x, outputs = block(x, embedded, encoder_hidden_states=context)
            else:
                x, outputs = block(x, embedded)
            given += outputs
        if self.shape.encoder.mid_depth:
            x = network.mid_block(x, embedded, encoder_hidden_states=context)
        else:
            x = network.mid_block(x, embedded)
        ways = zip(network.controlnet_down_blocks, given, strict=True)
        return Residuals(
            skips=tuple(self._averaged(way(x)) for way, x in ways),
            middle=self._averaged(network.controlnet_mid_block(x)),
        )

    def of_type(self, name: str) -> "ControlNet":
        """The network, told which kind of picture it is shown: a key of `UNION_TYPES`, or another for any.

        Raises:
            BadInput: It does not know that kind.
        """
        number = UNION_TYPES.get(name)
        if number is not None and number >= self.shape.types:
            known = ", ".join(kind for kind, place in UNION_TYPES.items() if place < self.shape.types)
            raise BadInput(
                what=f"{self.file} cannot be told that it is shown {name}.",
                mend=f"Choose one of: auto, {known}." if known else "Choose auto, or load a union ControlNet.",
            )
        return replace(self, picture_type=number)

    def onto(self, model: Model) -> "ControlNet":
        """The network on top of a model's weights, where it was saved as the difference from some.

        Raises:
            BadInput: The model is of another family.
        """
        if not self.added:
            return self
        wanted = self.shape.encoder.context_width
        if model.shape.context_width != wanted:
            raise misfit(self.file, "a ControlNet", made_for(wanted), model.family.title)
        patches = UNPATCHED.plus({name: _Added(model, name) for name in self.added})
        return replace(self, added=frozenset(), weights=patches)

    def _embedded(self, call: ControlCall) -> Tensor:
        """The clock, and what the picture is as a whole, [N, E]."""
        network = self.network
        clock = network.time_proj(call.timestep.repeat(len(call.shown) // len(call.timestep)))
        embedded: Tensor = network.time_embedding(clock.to(self.dtype))
        if call.label is not None and self.shape.encoder.label_width:
            embedded = embedded + network.class_embedding(call.label.to(self.dtype))
        if self.shape.types:
            shown = torch.zeros(self.shape.types, device=call.shown.device)
            if self.picture_type is not None:
                shown[self.picture_type] = 1
            told = network.control_type_proj(shown).reshape(1, -1)
            embedded = embedded + network.control_add_embedding(told.to(self.dtype))
        return embedded

    def _of_type(self, embedded: Tensor, picture_type: int) -> Tensor:
        """What a union network adds to each channel of the picture for its kind, [P, C, 1, 1].

        Its transformer attends from each picture to itself alone, so there is one token in each sequence.
        """
        network = self.network
        token = (embedded.mean(dim=(2, 3)) + network.task_embedding[picture_type])[None]
        for layer in network.transformer_layes:
            token = layer(token)
        added: Tensor = network.spatial_ch_projs(token[0])
        return added[:, :, None, None]

    def _averaged(self, residual: Tensor) -> Tensor:
        return residual.mean(dim=(2, 3), keepdim=True) if self.pooled else residual

    def _check(self, picture: Tensor, call: ControlCall) -> None:
        encoder = self.shape.encoder
        found = call.context.shape[-1]
        if encoder.context_width not in (0, found):
            raise misfit(self.file, "a ControlNet", made_for(encoder.context_width), made_for(found))
        if encoder.label_width not in (None, 0 if call.label is None else call.label.shape[-1]):
            raise BadInput(
                what=f"{self.file} is a ControlNet for another family than the model's: they are told different "
                "things about the picture as a whole.",
                mend="Choose a ControlNet that was made for the model's family.",
            )
        if picture.shape[-1] < self.shape.hint_channels:
            raise BadInput(
                what=f"{self.file} wants pictures with {self.shape.hint_channels} channels, and this one has "
                f"{picture.shape[-1]}.",
                mend="Use a picture with an alpha channel, or another ControlNet.",
            )


@dataclass(frozen=True)
class _Added:
    """A weight patch: the model's own weight of that name on top."""

    model: Model
    name: str

    def __call__(self, weight: Tensor) -> Tensor:
        return weight + weight_of(self.model, self.name).to(weight.device)
