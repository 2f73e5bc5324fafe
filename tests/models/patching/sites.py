"""Places in a network, for patches that are tried without one."""

from typing import Literal

import torch

from safelight.diffusion.conditioning import Role
from safelight.models.patches import Asked, Site


def site(
    height: int,
    width: int,
    *,
    way: Literal["down", "middle", "up"] = "down",
    block: int = 1,
    layer: int = 0,
    latent: tuple[int, int] | None = None,
    roles: tuple[Role, ...] = ("positive",),
) -> Site:
    """A place of that size; the latent has the same, where no other is given."""
    asked = Asked(torch.tensor(1.0), roles, latent or (height, width))
    return Site(asked, way, block, layer, (height, width))


def random(*size: int, seed: int = 0) -> torch.Tensor:
    """Unit noise."""
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))
