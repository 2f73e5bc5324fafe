"""Rough colours of latents: the mixture that is found is the best one."""

from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.inspect.colours import fit_colours
from tests.studio import loaded

PICTURE = torch.rand(32, 48, 3, generator=torch.Generator().manual_seed(0))
MIX = torch.tensor([[0.2, 0.5, -0.3], [1.0, 0.1, 0.1], [-0.4, 0.3, 0.9], [0.3, 0.3, 0.3]])


class CellsMixed:
    """A VAE whose latents are mixtures of the colours of each cell."""

    def encode(self, pictures: Tensor) -> Tensor:
        cells = F.avg_pool2d(pictures.movedim(-1, 1), 8)
        return torch.einsum("bnhw,cn->bchw", cells, MIX) + 0.1


def test_colours_that_are_a_mixture_of_the_channels_are_found_exactly() -> None:
    model, vae = loaded("sd1").model, cast(Any, CellsMixed())
    found = fit_colours(model, vae, PICTURE)
    latent = model.scale_latent(vae.encode(PICTURE[None]))[0]
    expected = F.avg_pool2d(PICTURE.movedim(-1, 0)[None], 8)[0].movedim(0, -1)
    np.testing.assert_allclose(found(latent), expected, atol=1e-4)
    assert found.error < 1e-4


def test_a_latent_space_is_drawn_in_them() -> None:
    model = loaded("sd1").model
    found = fit_colours(model, cast(Any, CellsMixed()), PICTURE)
    drawn = found.on(model.family.latent)
    np.testing.assert_allclose(drawn.rgb_factors, found.factors)
    np.testing.assert_allclose(drawn.rgb_bias, found.bias)
    assert (drawn.channels, drawn.scale) == (model.family.latent.channels, model.family.latent.scale)
