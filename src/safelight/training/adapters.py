"""LoRA and its relatives as something to train: the tensors of a LoRA file, which are at once what is learned."""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Generator, Tensor, nn

from safelight.errors import BadInput
from safelight.models.lora.changes import Change
from safelight.models.lora.file import read_lora
from safelight.runs.settings import Adapter

Parts = dict[str, Tensor]
"""What a file has for one module: ending of its name -> tensor."""


def drawn_evenly(shape: tuple[int, ...], inputs: int, source: Generator) -> Tensor:
    """As linear maps begin (He et al. 2015, arXiv:1502.01852, with the slope sqrt(5) that torch takes)."""
    bound = 1 / math.sqrt(inputs)
    return (torch.rand(shape, generator=source) * 2 - 1) * bound


def _lora(weight: Tensor, rank: int, settings: Adapter, source: Generator) -> Parts:
    """Hu et al. 2021, arXiv:2106.09685: `up` begins as zero, so that nothing is changed at first."""
    del settings
    ones = (1,) * (weight.ndim - 2)
    down = drawn_evenly((rank, *weight.shape[1:]), weight[0].numel(), source)
    return {"lora_down.weight": down, "lora_up.weight": torch.zeros(len(weight), rank, *ones)}


def _dora(weight: Tensor, rank: int, settings: Adapter, source: Generator) -> Parts:
    """Liu et al. 2024, arXiv:2402.09353: a LoRA, and the length of each row on its own."""
    lengths = weight.flatten(1).norm(dim=1).reshape(-1, *[1] * (weight.ndim - 1))
    return {**_lora(weight, rank, settings, source), "dora_scale": lengths}


def _loha(weight: Tensor, rank: int, settings: Adapter, source: Generator) -> Parts:
    """Hyeon-Woo et al. 2022, arXiv:2108.06098; spread as in LyCORIS: 1 and 0.1, and zero for one factor."""
    del settings
    rows, columns = len(weight), weight[0].numel()
    return {
        "hada_w1_a": torch.randn(rows, rank, generator=source) * 0.1,
        "hada_w1_b": torch.randn(rank, columns, generator=source),
        "hada_w2_a": torch.zeros(rows, rank),
        "hada_w2_b": torch.randn(rank, columns, generator=source) * 0.1,
    }


def _lokr(weight: Tensor, rank: int, settings: Adapter, source: Generator) -> Parts:
    """Edalati et al. 2022, arXiv:2212.10650: a small matrix whole, a large one whole or as a product of low rank."""
    rows, more_rows = split(len(weight), settings.factor)
    columns, more_columns = split(weight.shape[1], settings.factor)
    parts = {"lokr_w1": drawn_evenly((rows, columns), columns, source)}
    shape = (more_rows, more_columns, *weight.shape[2:])
    inputs = math.prod(shape[1:])
    if rank < min(more_rows, inputs) / 2:
        parts |= {
            "lokr_w2_a": torch.zeros(more_rows, rank),
            "lokr_w2_b": drawn_evenly((rank, inputs), inputs, source),
        }
    else:
        parts["lokr_w2"] = torch.zeros(shape)
    return parts


def split(size: int, factor: int) -> tuple[int, int]:
    """Two numbers whose product is `size`, the smaller at most `factor` and as large as that allows; -1 for no limit.

    Examples: 128 is 8 times 16, and with a factor of 4 it is 4 times 32.
    """
    most = math.isqrt(size) if factor < 1 else min(factor, math.isqrt(size))
    small = next(number for number in range(most, 0, -1) if size % number == 0)
    return small, size // small


BEGINNINGS: dict[str, Callable[[Tensor, int, Adapter, Generator], Parts]] = {
    "lora": _lora,
    "dora": _dora,
    "loha": _loha,
    "lokr": _lokr,
}
"""(weight, rank, settings, source) -> the tensors that change nothing yet."""


def modules_of(network: nn.Module, layers: tuple[str, ...]) -> dict[str, nn.Module]:
    """The maps of a network whose name has one of the texts in it: linear ones and convolutions."""
    return {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, (nn.Linear, nn.Conv2d)) and any(text in name for text in layers)
    }


def rank_of(name: str, settings: Adapter) -> int:
    """The rank of a module."""
    return next((rank for text, rank in settings.ranks.items() if text in name), settings.rank)


def begin(
    network: nn.Module, layers: tuple[str, ...], settings: Adapter, spell: Callable[[str], str], source: Generator
) -> Parts:
    """The tensors of an adapter that changes nothing yet.

    Args:
        network: What it is laid on.
        layers: Which of its modules.
        settings: Kind, rank and alpha.
        spell: A module's name -> what files call it.
        source: Of chance.

    Returns:
        Tensors by their names in the file, float32: all that is learned, and `alpha`.

    Raises:
        BadInput: The network has no such module.
    """
    chosen = modules_of(network, layers)
    if layers and not chosen:
        raise BadInput(
            f"No layer has {' or '.join(map(repr, layers))} in its name.",
            where="adapter.layers",
            mend='Write "attentions" for all attention, or "" for every layer.',
        )
    tensors: Parts = {}
    for name, module in chosen.items():
        weight = module.get_parameter("weight").detach().float()
        rank = min(rank_of(name, settings), len(weight), weight[0].numel())
        parts = BEGINNINGS[settings.kind](weight, rank, settings, source)
        parts["alpha"] = torch.tensor(settings.alpha or float(rank))
        tensors |= {f"{spell(name)}.{ending}": tensor.contiguous() for ending, tensor in parts.items()}
    return tensors


def changes_of(tensors: Mapping[str, Tensor], spellings: Mapping[str, str]) -> dict[str, Change]:
    """What the tensors of an adapter do, as whoever loads their file reads them.

    Args:
        tensors: By their names in the file; those that are learned stay what they are, so gradients reach them.
        spellings: What files call a parameter -> its name.
    """
    entries = read_lora("adapter", None, tensors).entries
    return {spellings[spelling]: entry.change for spelling, entry in entries.items()}
