"""Hypernetworks: small networks before the keys and values of every attention.

Source: NovelAI, 2022; the files are AUTOMATIC1111's.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from safelight.errors import BadInput
from safelight.families.additions import identify_addition
from safelight.files.header import read_header
from safelight.files.pickle_header import CONVERT
from safelight.models.patches import Attend, Patches, Site
from safelight.models.placement import Placement
from safelight.models.precision import Precision

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "linear": nn.Identity,
    "relu": nn.ReLU,
    "leakyrelu": nn.LeakyReLU,
    "elu": nn.ELU,
    "swish": nn.Hardswish,  # as it was trained under this name
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "softsign": nn.Softsign,
    "mish": nn.Mish,
}


class Hypernetwork(nn.Module):
    """Two networks for each width that keys and values are made from.

    Args:
        pairs: Width -> the network for what keys are made of, and that for values.
        placement: Where they run.
    """

    def __init__(self, pairs: Mapping[int, tuple[nn.Module, nn.Module]], placement: Placement) -> None:
        super().__init__()
        self.pairs = nn.ModuleDict({str(width): nn.ModuleList(pair) for width, pair in pairs.items()})
        self.placement = placement

    def forward(self, key_input: Tensor, value_input: Tensor, strength: float) -> tuple[Tensor, Tensor]:
        """Both inputs [N, S, W] with what the networks for their width make of them added, times `strength`."""
        width = str(key_input.shape[-1])
        if width not in self.pairs:
            return key_input, value_input
        self.placement.bring(self)
        for_key, for_value = self.pairs[width].children()
        dtype = next(for_key.parameters()).dtype
        added_key, added_value = for_key(key_input.to(dtype)), for_value(value_input.to(dtype))
        return key_input + strength * added_key.to(key_input), value_input + strength * added_value.to(value_input)


def with_hypernetwork(network: Hypernetwork, strength: float) -> Patches:
    """Have every attention read what a hypernetwork makes of its keys and values; at strength 0, none does."""
    if strength == 0:
        return Patches()

    def around(site: Site, attend: Attend, x: Tensor, key_input: Tensor, value_input: Tensor) -> Tensor:
        return attend(x, *network(key_input, value_input, strength))

    return Patches(self_attention=(around,), cross_attention=(around,))


def load_hypernetwork(path: Path, placement: Placement, precision: Precision) -> Hypernetwork:
    """Load a hypernetwork as AUTOMATIC1111 writes it: a pickle of pairs of tables by width, and notes beside them.

    Args:
        path: The file.
        placement: Where it is to run.
        precision: What it is to run in.

    Raises:
        BadInput: It is no hypernetwork, damaged, or of an unknown build.
    """
    found = identify_addition(read_header(path))  # refuses a pickle that does more than hold numbers
    if found is None or found.kind != "hypernetwork":
        raise BadInput(f"{path.name} is {found.title if found else 'no hypernetwork'}.", mend="Choose a hypernetwork.")
    try:
        content: dict[Any, Any] = torch.load(path, map_location="cpu", weights_only=True)
        pairs = {width: _pair(tables, content) for width, tables in content.items() if isinstance(width, int)}
    except BadInput as error:
        raise error.at(path.name) from None
    except Exception as error:  # a damaged pickle can fail in any way that a program can
        raise BadInput(f"{path.name} cannot be read as a hypernetwork: it is damaged.", mend=CONVERT) from error
    return Hypernetwork(pairs, placement).to(precision.unet).eval().requires_grad_(False)


def _pair(tables: Any, notes: Mapping[Any, Any]) -> tuple[nn.Module, nn.Module]:
    for_key, for_value = (_network(table, notes) for table in tables)
    return for_key, for_value


def _network(table: Mapping[str, Tensor], notes: Mapping[Any, Any]) -> nn.Module:
    """Linear maps, each but the last followed by the activation, and each by its norm where there are norms."""
    name = notes.get("activation_func") or "linear"
    if name not in ACTIVATIONS:
        raise BadInput(
            f"The hypernetwork was trained with the activation {name!r}, which is not known here.",
            mend=f"Use one with {', '.join(ACTIVATIONS)}.",
        )
    layers: list[nn.Module] = []
    places = [key.removesuffix(".weight") for key in table if key.endswith(".weight")]
    maps = [place for place in places if table[f"{place}.weight"].ndim == 2]
    for place in places:
        weight, bias = table[f"{place}.weight"], table.get(f"{place}.bias")
        if weight.ndim == 1:
            layers.append(_filled(nn.LayerNorm(len(weight)), weight, bias))
            continue
        layers.append(_filled(nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None), weight, bias))
        if place != maps[-1] or notes.get("activate_output"):
            layers.append(ACTIVATIONS[name]())
    return nn.Sequential(*layers)


def _filled(layer: nn.Module, weight: Tensor, bias: Tensor | None) -> nn.Module:
    layer.load_state_dict({"weight": weight} | ({} if bias is None else {"bias": bias}))
    return layer
