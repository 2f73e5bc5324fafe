"""Several conds become one estimate, and two prompts one direction."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from safelight.diffusion.conditioning import Area, Cond, NetworkChange
from safelight.diffusion.guidance import Guess, GuidedDenoiser, classifier_free, rescaled
from safelight.diffusion.placement import Box, Placed, place, with_shared_boxes
from safelight.diffusion.process import DIFFUSION

SIGMAS = torch.tensor([14.0, 7.0, 3.0, 1.0, 0.0])
X = torch.zeros(1, 4, 16, 24)


def percent_to_sigma(percent: float) -> float:
    return 1e9 if percent <= 0 else 14.0 * (1 - percent)


def cond(value: float, **limits: object) -> Cond:
    return Cond(torch.full((1, 77, 8), value), **limits)  # type: ignore[arg-type]


def placed(*conds: Cond, like: Tensor = X) -> tuple[Placed, ...]:
    return place(conds, like, percent_to_sigma, SIGMAS)


class Network:
    """Says everywhere what the cond holds, and remembers what it was asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, Box | None]] = []

    def __call__(
        self,
        x: Tensor,
        sigma: Tensor,
        conds: Sequence[Cond],
        box: Box | None,
        change: NetworkChange | None = None,
    ) -> list[Tensor]:
        self.calls.append((len(conds), box))
        return [torch.full_like(x, float(c.context.mean())) for c in conds]


def denoiser(positive: Sequence[Cond], negative: Sequence[Cond] = (), cfg: float = 1.0) -> GuidedDenoiser:
    here, there = placed(*positive), placed(*negative)
    return GuidedDenoiser(Network(), with_shared_boxes(here, there), with_shared_boxes(there, here), cfg, DIFFUSION)


def test_cfg_goes_from_uncond_past_cond() -> None:
    result = denoiser([cond(3.0)], [cond(1.0)], cfg=5.0)(X, SIGMAS[0])
    torch.testing.assert_close(result, torch.full_like(X, 1.0 + 5.0 * (3.0 - 1.0)))


def test_cfg_1_does_not_evaluate_the_negative_prompt() -> None:
    guided = denoiser([cond(3.0)], [cond(1.0)], cfg=1.0)
    torch.testing.assert_close(guided(X, SIGMAS[0]), torch.full_like(X, 3.0))
    assert guided.predict.calls == [(1, None)]  # type: ignore[attr-defined]


def test_cond_and_uncond_are_one_call_of_the_network() -> None:
    guided = denoiser([cond(3.0)], [cond(1.0)], cfg=2.0)
    guided(X, SIGMAS[0])
    assert guided.predict.calls == [(2, None)]  # type: ignore[attr-defined]


def test_uncond_is_given_even_at_cfg_1() -> None:
    denoised, uncond = denoiser([cond(3.0)], [cond(1.0)], cfg=1.0).with_uncond(X, SIGMAS[0])
    torch.testing.assert_close(denoised, torch.full_like(X, 3.0))
    torch.testing.assert_close(uncond, torch.full_like(X, 1.0))


def test_conds_that_overlap_are_averaged_by_strength() -> None:
    result = denoiser([cond(2.0, strength=3.0), cond(6.0)])(X, SIGMAS[0])
    torch.testing.assert_close(result, torch.full_like(X, (2.0 * 3 + 6.0) / 4))


def test_an_area_changes_only_its_area_and_is_shown_cropped() -> None:
    guided = denoiser([cond(1.0), cond(9.0, area=Area(8, 12, 0, 4))])
    result = guided(X, SIGMAS[0])
    outside = torch.ones_like(X, dtype=torch.bool)
    outside[..., :8, 4:16] = False
    torch.testing.assert_close(result[outside], torch.ones_like(result[outside]))
    assert result[0, 0, 0, 9] == pytest.approx(5.0)  # both count alike at the picture's upper edge
    assert guided.predict.calls == [(1, None), (1, Box(8, 12, 0, 4))]  # type: ignore[attr-defined]


def test_an_area_fades_at_edges_inside_the_picture_only() -> None:
    (area,) = placed(cond(1.0, area=Area(8, 8, 0, 8)))
    column = area.weight[0, 0, :, 4]
    torch.testing.assert_close(column, torch.tensor([1, 1, 1, 1, 1, 1, 1.0, 0.5]))


def test_a_relative_area_follows_the_size_of_the_picture() -> None:
    (half,) = placed(cond(1.0, area=Area(0.5, 0.25, 0.5, 0.0, relative=True)))
    assert half.box == Box(8, 6, 8, 0)


def test_an_area_that_reaches_over_the_edge_is_cut() -> None:
    (area,) = placed(cond(1.0, area=Area(100, 100, 4, 20)))
    assert area.box == Box(12, 4, 4, 20)


def test_a_mask_weighs_its_cond() -> None:
    mask = torch.zeros(1, 128, 192)
    mask[:, :, 96:] = 1
    result = denoiser([cond(1.0), cond(5.0, mask=mask, mask_strength=3.0)])(X, SIGMAS[0])
    assert result[0, 0, 8, 2] == pytest.approx(1.0)
    assert result[0, 0, 8, 20] == pytest.approx((1.0 + 5.0 * 3) / 4)


def test_a_mask_with_bounds_shows_the_network_only_its_box() -> None:
    mask = torch.zeros(1, 16, 24)
    mask[:, 2:12, 4:20] = 1
    (masked,) = placed(cond(5.0, mask=mask, mask_bounds=True))
    assert masked.box == Box(10, 16, 2, 4)


def test_an_empty_mask_with_bounds_takes_the_least_box() -> None:
    (masked,) = placed(cond(5.0, mask=torch.zeros(1, 16, 24), mask_bounds=True))
    assert masked.box == Box(8, 8, 0, 0)


def test_a_negative_prompt_is_shown_the_same_crops_as_the_positive() -> None:
    negative = with_shared_boxes(placed(cond(0.0)), placed(cond(1.0, area=Area(8, 8, 2, 2))))
    assert [p.box for p in negative] == [None, Box(8, 8, 2, 2)]
    assert negative[1].cond is negative[0].cond


def test_a_timestep_range_limits_when_a_cond_counts() -> None:
    guided = denoiser([cond(1.0, end=0.5), cond(9.0, start=0.5)])
    assert guided(X, torch.tensor(10.0)).mean() == 1.0
    assert guided(X, torch.tensor(5.0)).mean() == 9.0


def test_where_no_cond_counts_the_estimate_is_zero() -> None:
    assert denoiser([cond(1.0, end=0.5)])(X, torch.tensor(1.0)).abs().sum() == 0


def test_each_step_has_one_text_of_an_edited_prompt() -> None:
    texts = [cond(1.0, steps=(0.0, 0.25)), cond(2.0, steps=(0.25, 0.5)), cond(3.0, steps=(0.5, 1.0))]
    guided = denoiser(texts)
    assert [float(guided(X, sigma).mean()) for sigma in SIGMAS[:-1]] == [1.0, 2.0, 3.0, 3.0]


def test_the_guidance_of_parts_is_added_up() -> None:
    parts = [cond(3.0, part=0), cond(2.0, part=1, part_weight=0.5)]
    result = denoiser(parts, [cond(1.0)], cfg=2.0)(X, SIGMAS[0])
    torch.testing.assert_close(result, torch.full_like(X, 1 + 2 * ((3 - 1) * 1.0 + (2 - 1) * 0.5)))


def test_rescaling_by_0_is_plain_guidance() -> None:
    x, c, u = torch.randn(3, 2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    guess = Guess(c, u, x, torch.tensor(2.0), 7.0)
    torch.testing.assert_close(rescaled(0.0)(guess), classifier_free(guess), rtol=1e-4, atol=1e-4)


def test_rescaling_by_1_gives_the_contrast_of_cond_in_v() -> None:
    x, c, u = torch.randn(3, 2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    sigma = torch.tensor(2.0)

    def v_of(denoised: Tensor) -> Tensor:  # x0 = x / (s^2 + 1) - s / sqrt(s^2 + 1) * v, Salimans & Ho 2022
        return torch.mul(x / (sigma**2 + 1) - denoised, (sigma**2 + 1) ** 0.5 / sigma)

    result = rescaled(1.0)(Guess(c, u, x, sigma, 7.0))
    torch.testing.assert_close(v_of(result).std(dim=(1, 2, 3)), v_of(c).std(dim=(1, 2, 3)), rtol=1e-4, atol=1e-4)
