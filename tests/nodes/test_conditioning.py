from dataclasses import dataclass, field
from typing import cast

import pytest
import torch
from torch import Tensor

from safelight.diffusion.conditioning import Area, Cond
from safelight.models.vae import Vae
from safelight.nodes.conditioning import (
    conditioning_average,
    conditioning_combine,
    conditioning_concat,
    conditioning_set_area,
    conditioning_set_area_percentage,
    conditioning_set_area_strength,
    conditioning_set_mask,
    conditioning_set_timestep_range,
    conditioning_zero_out,
    inpaint_model_conditioning,
    instruct_pix_to_pix_conditioning,
)
from tests.nodes.running import RecordedRun


def cond(value: float, tokens: int = 77, pooled: float | None = None) -> Cond:
    return Cond(torch.full((1, tokens, 8), value), None if pooled is None else torch.full((1, 8), pooled))


@dataclass
class RecordingVae:
    """Gives each latent cell the mean of its pixels, and keeps what it was given."""

    seen: list[Tensor] = field(default_factory=list)

    def encode(self, pixels: Tensor) -> Tensor:
        self.seen.append(pixels)
        return torch.nn.functional.avg_pool2d(pixels.movedim(-1, 1), 8).mean(1, keepdim=True).expand(-1, 4, -1, -1)


@pytest.fixture
def vae() -> RecordingVae:
    return RecordingVae()


def test_combined_prompts_stand_side_by_side() -> None:
    first, second = cond(1.0), cond(2.0)
    assert conditioning_combine(conditioning_1=(first,), conditioning_2=(second,)) == (first, second)


def test_a_second_prompt_is_put_behind_each_of_the_first(run: RecordedRun) -> None:
    joined = conditioning_concat(conditioning_to=(cond(1.0), cond(2.0)), conditioning_from=(cond(3.0),), run=run)
    assert [c.context.shape[1] for c in joined] == [154, 154]
    assert joined[1].context[0, 76:78, 0].tolist() == [2.0, 3.0]
    assert not run.warnings


def test_prompts_that_are_left_out_are_told_of(run: RecordedRun) -> None:
    conditioning_concat(conditioning_to=(cond(1.0),), conditioning_from=(cond(2.0), cond(3.0)), run=run)
    assert "only the first" in run.warnings[0]


def test_an_average_takes_the_given_share_of_the_first(run: RecordedRun) -> None:
    (mixed,) = conditioning_average(
        conditioning_to=(cond(1.0, pooled=1.0),),
        conditioning_from=(cond(2.0, pooled=3.0),),
        conditioning_to_strength=0.25,
        run=run,
    )
    torch.testing.assert_close(mixed.context, torch.full((1, 77, 8), 1.75))
    torch.testing.assert_close(mixed.pooled, torch.full((1, 8), 2.5))


@pytest.mark.parametrize(("tokens", "wanted"), [(77, [1.5, 0.5]), (231, [1.5, 1.5])])
def test_an_average_has_the_words_of_the_first(tokens: int, wanted: list[float], run: RecordedRun) -> None:
    (mixed,) = conditioning_average(
        conditioning_to=(cond(1.0, tokens=154),),
        conditioning_from=(cond(2.0, tokens=tokens),),
        conditioning_to_strength=0.5,
        run=run,
    )
    assert mixed.context[0, [0, 153], 0].tolist() == wanted


def test_an_area_in_pixels_is_kept_in_latent_cells() -> None:
    (limited,) = conditioning_set_area(conditioning=(cond(1.0),), width=128, height=64, x=16, y=8, strength=0.5)
    assert limited.area == Area(height=8, width=16, y=1, x=2)
    assert limited.strength == 0.5


def test_an_area_in_shares_is_kept_as_such() -> None:
    (limited,) = conditioning_set_area_percentage(conditioning=(cond(1.0),), width=0.5, height=0.25, x=0.5, y=0.75)
    assert limited.area == Area(height=0.25, width=0.5, y=0.75, x=0.5, relative=True)
    (stronger,) = conditioning_set_area_strength(conditioning=(limited,), strength=2.0)
    assert (stronger.area, stronger.strength) == (limited.area, 2.0)


@pytest.mark.parametrize(("kind", "bounds"), [("default", False), ("mask bounds", True)])
def test_a_mask_without_a_batch_gets_one(kind: str, bounds: bool) -> None:
    (limited,) = conditioning_set_mask(
        conditioning=(cond(1.0),), mask=torch.ones(16, 24), strength=0.5, set_cond_area=kind
    )
    assert limited.mask is not None
    assert limited.mask.shape == (1, 16, 24)
    assert (limited.mask_strength, limited.mask_bounds) == (0.5, bounds)


def test_a_time_range_is_kept() -> None:
    (limited,) = conditioning_set_timestep_range(conditioning=(cond(1.0),), start=0.2, end=0.8)
    assert (limited.start, limited.end) == (0.2, 0.8)


def test_a_zeroed_prompt_keeps_its_shape() -> None:
    first, second = conditioning_zero_out(conditioning=(cond(1.0, pooled=1.0), cond(2.0)))
    assert first.context.shape == (1, 77, 8)
    assert not first.context.any()
    assert first.pooled is not None
    assert not first.pooled.any()
    assert second.pooled is None


def test_an_inpainting_model_sees_the_picture_with_a_grey_hole(vae: RecordingVae) -> None:
    pixels = torch.full((1, 40, 33, 4), 0.9)
    mask = torch.zeros(1, 40, 33)
    mask[:, :16] = 1
    edit = inpaint_model_conditioning(
        positive=(cond(1.0),), negative=(cond(2.0),), vae=cast(Vae, vae), pixels=pixels, mask=mask
    )
    assert [seen.shape for seen in vae.seen] == [(1, 40, 32, 3)] * 2
    for (joined,) in (edit.positive, edit.negative):
        assert joined.inpaint_latent is not None
        assert joined.inpaint_mask is not None
        torch.testing.assert_close(joined.inpaint_latent[0, 0, :, 0], torch.tensor([0.5, 0.5, 0.9, 0.9, 0.9]))
        assert joined.inpaint_mask.shape == (1, 1, 40, 32)
    torch.testing.assert_close(edit.latent.samples, torch.full((1, 4, 5, 4), 0.9))
    assert edit.latent.noise_mask is edit.positive[0].inpaint_mask


def test_without_a_noise_mask_all_is_painted(vae: RecordingVae) -> None:
    edit = inpaint_model_conditioning(
        positive=(),
        negative=(),
        vae=cast(Vae, vae),
        pixels=torch.zeros(2, 16, 16, 3),
        mask=torch.zeros(1, 64, 64),
        noise_mask=False,
    )
    assert edit.latent.noise_mask is None


def test_an_edit_by_instruction_starts_from_a_blank_latent(vae: RecordingVae) -> None:
    edit = instruct_pix_to_pix_conditioning(
        positive=(cond(1.0),), negative=(cond(2.0),), vae=cast(Vae, vae), pixels=torch.full((1, 20, 16, 3), 0.5)
    )
    (joined,) = edit.positive
    assert joined.inpaint_latent is not None
    assert joined.inpaint_latent.shape == edit.latent.samples.shape == (1, 4, 2, 2)
    assert joined.inpaint_mask is None
    assert not edit.latent.samples.any()
