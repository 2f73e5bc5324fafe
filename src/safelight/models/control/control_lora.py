"""Control-LoRAs (Stability AI 2023): ControlNets saved as small matrices, to be added to a denoiser's own weights."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

LOW_RANK = "lora_controlnet"
"""A tensor that says that a file is one."""

_FIRST = ".attn1.to_q.weight"


def multiplied(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a file, each pair of small matrices as the product by which the denoiser's weight changes.

    Norms that mark the transformer blocks, and that files leave out as they do not change, are there as zeros.
    """
    return dict(_products(weights))


def _products(weights: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for name in weights:
        if name.endswith(".up"):
            module = name.removesuffix(".up")
            up, down = weights[name].float(), weights[f"{module}.down"].float()
            product = (up.flatten(1) @ down.flatten(1)).reshape(len(up), *down.shape[1:])
            yield f"{module}.weight", product
            norm = f"{module}.weight".replace(_FIRST, ".norm1.weight")
            if norm != f"{module}.weight" and norm not in weights:
                yield norm, torch.zeros(len(up))
        elif not name.endswith(".down"):
            yield name, weights[name]
