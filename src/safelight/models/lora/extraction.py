"""The difference of two models as a LoRA: the nearest matrices of a low rank, or the differences themselves."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn

from safelight.models.device import HOST
from safelight.models.lora.names import own_text_name, own_unet_name
from safelight.models.model import Model
from safelight.models.placement import Wearer, weight_of
from safelight.models.text_encoder import Clip

STORED = torch.float16
"""What extracted tensors are written in."""

Extract = Callable[[Tensor], dict[str, Tensor]]
"""A difference of two weights [O, I] or [O, I, k, k] -> what is kept of it, by the ending of its name."""


def nearest(difference: Tensor, rank: int) -> dict[str, Tensor]:
    """The two factors whose product is nearest to a difference, by its singular values (Eckart & Young 1936).

    Args:
        difference: [O, I] or [O, I, k, k].
        rank: Of the factors, where the difference has as much.

    Returns:
        `lora_up.weight` [O, r] or [O, r, 1, 1], and `lora_down.weight` [r, I] or [r, I, k, k]; the singular values are
        shared by both, which keeps either in the range of half precision.
    """
    u, values, v = torch.linalg.svd(difference.flatten(1), full_matrices=False)
    rank = min(rank, len(values))
    root = values[:rank].sqrt()
    up, down = u[:, :rank] * root, v[:rank] * root[:, None]
    ones = [1] * (difference.ndim - 2)
    return {
        "lora_up.weight": up.reshape(*up.shape, *ones),
        "lora_down.weight": down.reshape(rank, *difference.shape[1:]),
    }


def whole(difference: Tensor) -> dict[str, Tensor]:
    """The difference itself."""
    return {"diff": difference}


EXTRACTIONS: dict[str, Callable[[int], Extract]] = {
    "standard": lambda rank: partial(nearest, rank=rank),
    "full_diff": lambda _: whole,
}
"""rank -> what is kept of a difference of two weights."""


def model_difference(difference: Model, extract: Extract, *, biases: bool) -> Iterator[dict[str, Tensor]]:
    """What is kept of a denoiser that is the difference of two.

    Args:
        difference: Its weights are the differences.
        extract: What is kept of its matrices.
        biases: Whether biases and norms are kept too.

    Yields:
        For each parameter, the tensors of a LoRA file by name; empty for what is not kept.
    """
    return _kept(difference, partial(own_unet_name, shape=difference.shape), extract, biases)


def clip_difference(difference: Clip, extract: Extract, *, biases: bool) -> Iterator[dict[str, Tensor]]:
    """The same of text encoders."""
    for tower in difference.towers:
        yield from _kept(tower, partial(own_text_name, tower=tower.name), extract, biases)


def count_weights(model: Model | None, clip: Clip | None) -> int:
    """How many parameters the two have."""
    networks: list[nn.Module] = [] if model is None else [model.network]
    networks += [] if clip is None else [tower.network for tower in clip.towers]
    return sum(1 for network in networks for _ in network.parameters())


def _kept(wearer: Wearer, spell: Callable[[str], str], extract: Extract, biases: bool) -> Iterator[dict[str, Tensor]]:
    for name, _ in wearer.network.named_parameters():
        difference = weight_of(wearer, name)
        module, _, leaf = spell(name).rpartition(".")
        if difference.ndim > 1:
            found = extract(difference.to(wearer.placement.device))
        elif biases:
            found = {"diff" if leaf == "weight" else "diff_b": difference}
        else:
            found = {}
        yield {f"{module}.{ending}": kept.to(HOST, STORED).contiguous() for ending, kept in found.items()}
