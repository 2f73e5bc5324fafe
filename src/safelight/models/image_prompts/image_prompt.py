"""A picture as a prompt, laid into the cross attentions of a denoiser (Ye et al. 2023, arXiv:2308.06721, section 3.2).

Each attention answers twice, to the words and to the picture, and the answers are added.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.batch import repeat_to
from safelight.diffusion.conditioning import Role
from safelight.families.additions import made_for, misfit
from safelight.families.shapes import UNetShape
from safelight.models.image_prompts.ip_adapter import IpAdapter
from safelight.models.image_prompts.ip_adapter_network import KeysValues
from safelight.models.image_prompts.weight_types import WEIGHT_TYPES, Position
from safelight.models.model import Model
from safelight.models.patches import Asked, Mix, Patches, Site

Way = Literal["down", "middle", "up"]
Place = tuple[Way, int, int]
"""A cross attention: way, block and transformer layer, as in `Site`."""
Scaling = Callable[[Tensor, Tensor, float], KeysValues]
"""(keys, values, weight) -> keys and values of that weight; [1, S, C]."""
Combine = Callable[[Tensor], Tensor]
"""What CLIP saw in several pictures [B, ...] -> what the adapter is shown [B or 1, ...]."""

WIDEST = 1280  # channels of the coarsest attention of SD and SDXL, against which the "C penalty" is measured


def _penalised(keys: Tensor, weight: float) -> float:
    return weight * keys.shape[-1] / WIDEST


def _around_mean(keys: Tensor, values: Tensor, weight: float) -> KeysValues:
    weight = _penalised(keys, weight)
    mean = values.mean(dim=1, keepdim=True)
    return keys * weight, values - mean + mean * weight


SCALINGS: dict[str, Scaling] = {
    "V only": lambda keys, values, weight: (keys, values * weight),
    "K+V": lambda keys, values, weight: (keys * weight, values * weight),
    "K+V w/ C penalty": lambda keys, values, weight: (
        keys * _penalised(keys, weight),
        values * _penalised(keys, weight),
    ),
    "K+mean(V) w/ C penalty": _around_mean,
}
"""What the weight is laid on. The first is the paper's."""


def _normed_mean(seen: Tensor) -> Tensor:
    lengths: Tensor = torch.linalg.vector_norm(seen, dim=-1, keepdim=True)
    return (seen / lengths).mean(dim=0, keepdim=True) * lengths.mean(dim=0, keepdim=True)


COMBINES: dict[str, Combine] = {
    "concat": lambda seen: seen,
    "add": lambda seen: seen.sum(dim=0, keepdim=True),
    "subtract": lambda seen: seen[:1] - seen[1:].mean(dim=0, keepdim=True) if len(seen) > 1 else seen,
    "average": lambda seen: seen.mean(dim=0, keepdim=True),
    "norm average": _normed_mean,
}
"""What several pictures become."""


@dataclass(frozen=True, eq=False)
class ImagePrompt:
    """One picture, or several, as a prompt: called around the inside of every cross attention.

    Attributes:
        pairs: Of each cross attention that looks, keys and values for each side of the guidance, weighed.
        start, end: The noise levels between which it counts.
        mask: Where it counts, [B or 1, H, W] in 0..1 of any size; None for everywhere.
    """

    pairs: Mapping[Place, Mapping[Role, KeysValues]]
    start: float
    end: float
    mask: Tensor | None

    def __call__(self, site: Site, mix: Mix, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        answer = mix(q, k, v)
        place = (site.way, site.block, site.layer)
        if place not in self.pairs or not self.end <= float(site.asked.sigma.max()) <= self.start:
            return answer
        for role in sorted(set(site.asked.roles)):
            rows = self._rows(site.asked, role, q)
            keys, values = (x.expand(len(rows), -1, -1, -1) for x in self._pair(site.asked, place, role, q))
            seen = F.scaled_dot_product_attention(q[rows], keys, values)
            if self.mask is not None:
                seen = seen * self._mask(site, seen)
            answer = answer.index_add(0, rows, seen)
        return answer

    def _rows(self, asked: Asked, role: Role, q: Tensor) -> Tensor:
        """Which rows of a batch are asked for one side of the guidance."""
        key = (self, asked.roles, role, len(q))
        if key not in asked.memory:
            asked.memory[key] = torch.tensor(asked.rows(q, role), device=q.device)
        rows: Tensor = asked.memory[key]
        return rows

    def _pair(self, asked: Asked, place: Place, role: Role, q: Tensor) -> KeysValues:
        """Keys and values with heads split [1, H, S, D], where and as `q` is."""
        key = (self, place, role)
        if key not in asked.memory:
            keys, values = self.pairs[place][role]
            asked.memory[key] = tuple(
                x.reshape(1, x.shape[1], q.shape[1], -1).transpose(1, 2).to(q) for x in (keys, values)
            )
        pair: KeysValues = asked.memory[key]
        return pair

    def _mask(self, site: Site, seen: Tensor) -> Tensor:
        """The mask at a place of the network, for as many rows [N, 1, T, 1]."""
        key = (self, site.size)
        if key not in site.asked.memory:
            assert self.mask is not None, "only asked for where there is one"
            fitted = F.interpolate(self.mask[:, None], size=site.size, mode="bilinear", align_corners=False)
            site.asked.memory[key] = fitted.flatten(2)[..., None].to(seen)
        fitted = cast(Tensor, site.asked.memory[key])
        return repeat_to(fitted, len(seen))


def with_image_prompt(
    model: Model,
    adapter: IpAdapter,
    seen: Mapping[Role, Tensor],
    *,
    weight: float,
    weight_type: str = "linear",
    scaling: str = "V only",
    span: tuple[float, float] = (0.0, 1.0),
    mask: Tensor | None = None,
) -> Model:
    """A model that is shown pictures beside its prompts.

    Args:
        model: The model; those of an earlier call stay, and add up.
        adapter: What was trained for its family.
        seen: What CLIP saw, for each side of the guidance, from `IpAdapter.look`.
        weight: How much the pictures count; at 0 not at all.
        weight_type: A name of `WEIGHT_TYPES`.
        scaling: A name of `SCALINGS`.
        span: The part of the noise schedule in which they count, as shares of the way from all noise (0) to none (1).
        mask: Where they count, [B or 1, H, W] in 0..1 of any size; None for everywhere.

    Raises:
        BadInput: The adapter was made for models of another family.
    """
    if weight == 0:
        return model
    shape = model.shape
    places = cross_attentions(shape)
    wanted = adapter.shape
    if wanted.width != shape.context_width or list(wanted.channels.values()) != list(places.values()):
        raise misfit(adapter.name, "an IP-Adapter", made_for(wanted.width), model.family.title)
    blocks = _in_running_order(places)
    down = sum(way == "down" for way, _ in blocks)
    few = not shape.transformer_depth[0]
    factors = {
        block: weight * WEIGHT_TYPES[weight_type](Position(index, down, len(blocks), few))
        for index, block in enumerate(blocks)
    }
    scaled = SCALINGS[scaling]
    found = {role: adapter.keys_values(each) for role, each in seen.items()}
    pairs = {
        place: {role: scaled(*found[role][index], factors[place[:2]]) for role in found}
        for index, place in enumerate(places)
        if factors[place[:2]] != 0
    }
    start, end = (model.schedule.percent_to_sigma(share) for share in span)
    return model.with_patches(Patches(cross_mix=(ImagePrompt(pairs, start, end, mask),)))


def cross_attentions(shape: UNetShape) -> dict[Place, int]:
    """Every cross attention of a denoiser and its channels, in the order in which adapters number them.

    That is the order in which the authors' library lists them: way down, way up, middle.
    """
    found: dict[Place, int] = {}
    levels = list(zip(shape.block_channels, shape.transformer_depth, strict=True))
    block = 0
    for channels, depth in levels:
        for _ in range(shape.layers_per_block):
            block += 1
            found |= {("down", block, layer): channels for layer in range(depth)}
        block += 1  # the one that halves the picture
    block = 0
    for channels, depth in reversed(levels):
        for _ in range(shape.layers_per_block + 1):
            found |= {("up", block, layer): channels for layer in range(depth)}
            block += 1
    return found | {("middle", 0, layer): shape.block_channels[-1] for layer in range(shape.mid_depth)}


def _in_running_order(places: Mapping[Place, int]) -> list[tuple[Way, int]]:
    order: tuple[Way, ...] = ("down", "middle", "up")
    blocks = {place[:2] for place in places}
    return sorted(blocks, key=lambda block: (order.index(block[0]), block[1]))
