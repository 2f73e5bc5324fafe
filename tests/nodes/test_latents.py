from dataclasses import replace

import pytest
import torch
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.nodes.latents import (
    empty_latent_image,
    latent_blend,
    latent_composite,
    latent_composite_masked,
    latent_crop,
    latent_flip,
    latent_rotate,
    latent_upscale,
    latent_upscale_by,
    set_latent_noise_mask,
)


def numbered(batch: int = 1, rows: int = 12, columns: int = 16) -> Tensor:
    return torch.arange(batch * 4 * rows * columns, dtype=torch.float32).reshape(batch, 4, rows, columns)


def masked(latent: Tensor) -> Latent:
    """A latent whose mask shows, in each pixel, what the first channel of the latent does."""
    return Latent(latent, latent[:, :1].repeat_interleave(8, 2).repeat_interleave(8, 3))


def mask_follows(latent: Latent) -> bool:
    return latent.noise_mask is not None and torch.equal(latent.noise_mask, masked(latent.samples).noise_mask)  # type: ignore[arg-type]


def test_an_empty_latent_has_an_eighth_of_the_size_in_pixels() -> None:
    latent = empty_latent_image(width=520, height=264, batch_size=3)
    assert latent.samples.shape == (3, 4, 33, 65)
    assert not latent.samples.any()


def test_a_width_of_zero_keeps_the_shape_of_the_picture() -> None:
    scaled = latent_upscale(samples=Latent(numbered()), upscale_method="bilinear", width=0, height=192, crop="disabled")
    assert scaled.samples.shape == (1, 4, 24, 32)


def test_a_latent_is_not_made_smaller_than_64_pixels() -> None:
    scaled = latent_upscale(samples=Latent(numbered()), upscale_method="area", width=8, height=160, crop="disabled")
    assert scaled.samples.shape == (1, 4, 20, 8)


def test_scaling_with_a_crop_cuts_the_mask_as_well() -> None:
    latent = masked(numbered(rows=12, columns=24))
    scaled = latent_upscale(samples=latent, upscale_method="nearest-exact", width=96, height=96, crop="center")
    assert scaled.samples.shape == (1, 4, 12, 12)
    assert mask_follows(scaled)


def test_scaling_by_a_factor_rounds_to_whole_cells() -> None:
    scaled = latent_upscale_by(samples=Latent(numbered(1, 9, 11)), upscale_method="bislerp", scale_by=1.5)
    assert scaled.samples.shape == (1, 4, 14, 16)


@pytest.mark.parametrize(
    ("x", "y", "width", "height", "shape"),
    [(16, 8, 64, 64, (8, 8)), (0, 0, 512, 512, (12, 16)), (16384, 16384, 512, 512, (8, 8))],
)
def test_a_crop_stays_inside_and_takes_the_mask_along(
    x: int, y: int, width: int, height: int, shape: tuple[int, int]
) -> None:
    cropped = latent_crop(samples=masked(numbered()), width=width, height=height, x=x, y=y)
    assert cropped.samples.shape[-2:] == shape
    assert mask_follows(cropped)


def test_flipping_moves_left_to_right_and_takes_the_mask_along() -> None:
    flipped = latent_flip(samples=masked(numbered()), flip_method="y-axis: horizontally")
    assert torch.equal(flipped.samples[..., 0], numbered()[..., -1])
    assert mask_follows(flipped)


def test_a_quarter_turn_brings_the_left_edge_to_the_top_and_takes_the_mask_along() -> None:
    turned = latent_rotate(samples=masked(numbered()), rotation="90 degrees")
    assert torch.equal(turned.samples[:, :, 0], numbered()[..., 0].flip(-1))
    assert mask_follows(turned)


def test_a_feathered_latent_fades_in_from_the_edges_that_show() -> None:
    base, over = torch.zeros(1, 4, 16, 16), torch.ones(1, 4, 8, 16)
    result = latent_composite(samples_to=Latent(base), samples_from=Latent(over), x=0, y=32, feather=16)
    assert result.samples[0, 0, :, 5].tolist() == [0, 0, 0, 0, 0.5, 1, 1, 1, 1, 1, 1, 0.5, 0, 0, 0, 0]


def test_a_latent_laid_wholly_outside_changes_nothing() -> None:
    base = Latent(numbered())
    result = latent_composite(samples_to=base, samples_from=base, x=16384, y=16384, feather=64)
    assert torch.equal(result.samples, base.samples)


def test_a_masked_latent_shows_where_the_mask_is_one() -> None:
    mask = torch.zeros(1, 96, 128)
    mask[:, :, 64:] = 1
    result = latent_composite_masked(
        destination=Latent(torch.zeros(1, 4, 12, 16)), source=Latent(torch.ones(1, 4, 12, 16)), mask=mask
    )
    assert result.samples[0, 0, 0].tolist() == [0.0] * 8 + [1.0] * 8


def test_blending_takes_the_given_share_of_the_first() -> None:
    first, second = Latent(torch.full((2, 4, 8, 8), 1.0)), Latent(torch.full((1, 4, 16, 16), 5.0))
    blended = latent_blend(samples1=first, samples2=second, blend_factor=0.75)
    torch.testing.assert_close(blended.samples, torch.full((2, 4, 8, 8), 2.0))


def test_a_mask_is_kept_with_one_channel_and_its_own_size() -> None:
    latent = set_latent_noise_mask(samples=Latent(numbered(2)), mask=torch.ones(2, 40, 50))
    assert latent.noise_mask is not None
    assert latent.noise_mask.shape == (2, 1, 40, 50)
    assert torch.equal(latent.samples, replace(latent, noise_mask=None).samples)
