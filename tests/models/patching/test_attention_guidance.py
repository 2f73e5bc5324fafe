"""What self-attention guidance keeps of the attention (Hong et al. 2023)."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.conditioning import Role
from safelight.models.patches import Site
from safelight.models.patching.attention_guidance import self_attention_guidance
from tests.models.patching.sites import random, site


def kept(place: Site, q: Tensor, k: Tensor) -> dict[Any, Tensor]:
    patches, _ = self_attention_guidance(0.5, lambda latent: latent)
    (record,) = patches.self_mix
    mixed = record(place, F.scaled_dot_product_attention, q, k, k)
    assert torch.equal(mixed, F.scaled_dot_product_attention(q, k, k))
    return next(iter(place.asked.memory.values()), {})


def test_what_each_cell_gets_is_kept_of_the_negative_prompt_alone() -> None:
    q, k = random(4, 2, 6, 3, seed=1), random(4, 2, 6, 3, seed=2)
    place = site(2, 3, way="middle", latent=(16, 24), roles=("positive", "negative"))
    weights = torch.einsum("bhqd,bhkd->bhqk", q[2:], k[2:]).div(3**0.5).softmax(dim=-1)
    expected = weights.mean(dim=1).sum(dim=1).reshape(2, 2, 3)
    torch.testing.assert_close(kept(place, q, k), {(16, 24): expected})


def test_nothing_is_kept_elsewhere_or_without_a_negative_prompt() -> None:
    q = random(2, 2, 6, 3)
    both: tuple[Role, ...] = ("positive", "negative")
    assert not kept(site(2, 3, way="down", roles=both), q, q)
    assert not kept(site(2, 3, way="middle", layer=1, roles=both), q, q)
    assert not kept(site(2, 3, way="middle", roles=("positive",)), q, q)
    assert not kept(site(4, 3, way="middle", roles=both), q, q)
