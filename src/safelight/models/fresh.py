"""Networks of their own sizes whose weights are chance: what training from scratch begins with."""

from collections.abc import Callable

import torch
from torch import nn

from safelight.models.placement import Placement

SPREAD = 0.02
"""Standard deviation of tables of vectors at first (Radford et al. 2021, arXiv:2103.00020, in their code)."""


def fill_with_chance(
    network: nn.Module,
    seed: int,
    placement: Placement,
    dtype: torch.dtype,
    is_zero: Callable[[str], bool] = lambda _: False,
) -> None:
    """Give a network on the meta device weights as torch's layers begin, ready to run as after `fill`.

    Args:
        network: Built on the meta device; afterwards in evaluation mode, without gradients.
        seed: Of all chance, which is drawn on the CPU, so that every device begins alike.
        placement: Where it is to run.
        dtype: What it is to run in.
        is_zero: Which parameters, by name, begin as zero.
    """
    network.to_empty(device="cpu")
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for module in network.modules():
            own = list(module.parameters(recurse=False))
            if isinstance(module, nn.Embedding) or not hasattr(module, "reset_parameters"):
                for parameter in own:
                    nn.init.normal_(parameter, std=SPREAD)
            elif own:
                getattr(module, "reset_parameters")()  # noqa: B009 (torch's layers have it, the type has not)
        for name, parameter in network.named_parameters():
            if is_zero(name):
                nn.init.zeros_(parameter)
    device = placement.place_for(sum(p.numel() for p in network.parameters()) * dtype.itemsize)
    nn.Module.to(network, device, dtype)  # that of diffusers warns of parts that some networks keep in fp32
    network.eval().requires_grad_(False)
    placement.note(network, device, {})
