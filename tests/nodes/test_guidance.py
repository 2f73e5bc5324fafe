"""Guiders and model patches change the picture as their rules say; tiny random models, on the CPU in fp32."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.errors import BadInput
from safelight.models.guider import Guider
from safelight.models.model import Model
from safelight.nodes.registry import BUILTIN
from tests.nodes.running import RecordedRun
from tests.studio import cond_for, loaded

MODEL = loaded("sd1").model
POSITIVE, NEGATIVE, OTHER = ((cond_for("sd1", seed),) for seed in (1, 2, 3))
X = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5))
SIGMAS = torch.tensor([14.6, 4.0, 1.0, 0.0])
SIGMA = SIGMAS[1]

# patch -> settings that are not its defaults; none of them leaves the picture as it was
PATCHES: dict[str, dict[str, Any]] = {
    "TCFG": {},
    "APG": {"eta": 0.5, "momentum": -0.5},
    "FreSca": {"freq_cutoff": 2},
    "Mahiro": {},
    "CFGZeroStar": {},
    "CFGNorm": {},
    "Epsilon Scaling": {"scaling_factor": 1.1},
    "RescaleCFG": {},
    "RenormCFG": {},
    "PerpNeg": {"empty_conditioning": OTHER},
    "LatentApplyOperationCFG": {"operation": lambda latent: latent * 0.5},
}
CHANGES_NOTHING: dict[str, dict[str, Any]] = {
    "APG": {"norm_threshold": 0.0},  # but for a strength that is 1 more
    "FreSca": {"scale_high": 1.0},
    "Epsilon Scaling": {"scaling_factor": 1.0},
    "RescaleCFG": {"multiplier": 0.0},
    "RenormCFG": {"renorm_cfg": 0.0},
    "LatentApplyOperationCFG": {"operation": lambda latent: latent},
}


def patched(node: str, model: Model = MODEL, **inputs: Any) -> Model:
    result = BUILTIN[node](model=model, **inputs)
    assert isinstance(result, Model)
    return result


def denoised(guider: Guider, sigma: Tensor = SIGMA) -> Tensor:
    with torch.no_grad():
        return guider.denoiser(torch.zeros_like(X), None, SIGMAS)(X * 4, sigma)


def estimate(model: Model = MODEL, cfg: float = 7.0) -> Tensor:
    return denoised(Guider(model, POSITIVE, NEGATIVE, cfg))


def alone(*conds: Any) -> Tensor:
    return denoised(Guider(MODEL, conds))


def guider(node: str, **inputs: object) -> Guider:
    result = BUILTIN[node](**inputs)
    assert isinstance(result, Guider)
    return result


@pytest.mark.parametrize("node", PATCHES)
def test_a_patch_changes_the_estimate_and_not_the_model_it_was_made_from(node: str) -> None:
    before = estimate()
    changed = patched(node, **PATCHES[node])
    assert not torch.allclose(estimate(changed), before, rtol=1e-3)
    assert torch.equal(estimate(), before)
    assert changed.network is MODEL.network


@pytest.mark.parametrize("node", CHANGES_NOTHING)
def test_a_patch_that_asks_for_nothing_changes_nothing(node: str) -> None:
    cfg = 6.0 if node == "APG" else 7.0
    torch.testing.assert_close(
        estimate(patched(node, **CHANGES_NOTHING[node]), cfg), estimate(cfg=7.0), rtol=1e-3, atol=1e-3
    )


def test_patches_add_up_and_the_last_rule_for_joining_stands() -> None:
    scaled = patched("Epsilon Scaling", scaling_factor=1.1)
    both = patched("RescaleCFG", patched("RescaleCFG", scaled, multiplier=1.0), multiplier=0.0)
    torch.testing.assert_close(estimate(both), estimate(scaled), rtol=1e-3, atol=1e-3)


def test_a_change_of_the_joined_estimate_needs_no_negative_prompt() -> None:
    model = patched("Epsilon Scaling", scaling_factor=1.25)
    x = X * 4
    torch.testing.assert_close(x - denoised(Guider(model, POSITIVE)), (x - alone(*POSITIVE)) / 1.25)


@pytest.mark.parametrize("style", ["regular", "nested"])
def test_two_prompts_are_followed_each_by_its_strength(style: str) -> None:
    dual = guider(
        "DualCFGGuider",
        **{"model": MODEL, "cond1": POSITIVE, "cond2": OTHER, "negative": NEGATIVE, "style": style},
        cfg_conds=3.0,
        cfg_cond2_negative=5.0,
    )
    first, second, negative = alone(*POSITIVE), alone(*OTHER), alone(*NEGATIVE)
    expected = negative + 5 * (second - negative) + 3 * (first - second)
    if style == "nested":
        expected = negative + 5 * (second + 3 * (first - second) - negative)
    torch.testing.assert_close(denoised(dual), expected, rtol=1e-3, atol=1e-3)


def test_both_ways_to_perp_neg_give_the_same() -> None:
    model = patched("PerpNeg", empty_conditioning=OTHER, neg_scale=0.7)
    made = guider(
        "PerpNegGuider",
        **{"model": MODEL, "positive": POSITIVE, "negative": NEGATIVE, "empty_conditioning": OTHER},
        cfg=7.0,
        neg_scale=0.7,
    )
    torch.testing.assert_close(denoised(made), estimate(model))


def test_the_empty_prompt_of_another_family_is_refused() -> None:
    with pytest.raises(BadInput, match="192 numbers per token"):
        estimate(patched("PerpNeg", empty_conditioning=(cond_for("sdxl"),)))


def test_momentum_begins_anew_with_each_run(run: RecordedRun) -> None:
    model = patched("APG", momentum=-0.7)

    def picture() -> Tensor:
        inputs = {"model": model, "positive": POSITIVE, "negative": NEGATIVE, "cfg": 5.0, "noise_seed": 1}
        latent = Latent(torch.zeros(1, 4, 8, 8))
        result = BUILTIN["SamplerCustom"](
            **inputs, sampler=SAMPLERS["euler"], sigmas=SIGMAS, latent_image=latent, run=run
        )
        samples = result[0].samples
        assert isinstance(samples, Tensor)
        return samples

    assert torch.equal(picture(), picture())


def mask_at(sigma: float, mask: Tensor, **inputs: Any) -> list[float]:
    model = patched("DifferentialDiffusion", **inputs)
    assert model.mask_at is not None
    opened: list[float] = model.mask_at(SIGMAS)(torch.tensor(sigma), mask).tolist()
    return opened


def test_each_place_joins_in_when_its_share_of_the_way_is_left() -> None:
    mask = torch.tensor([0.0, 0.4, 0.6, 1.0])
    schedule = MODEL.schedule
    half = float(schedule.sigma(schedule.timestep(SIGMAS[0]) / 2))
    assert mask_at(14.6, mask) == [0, 0, 0, 1]
    assert mask_at(half, mask) == [0, 0, 1, 1]
    assert mask_at(schedule.sigma_min, mask) == [1, 1, 1, 1]


def test_less_strength_mixes_in_the_grey_mask() -> None:
    mask = torch.tensor([0.0, 0.4, 1.0])
    assert mask_at(14.6, mask, strength=0.25) == pytest.approx([0, 0.3, 1])
    assert mask_at(14.6, mask, strength=0.0) == mask_at(14.6, mask)


def test_a_grey_mask_is_used_in_a_run(run: RecordedRun) -> None:
    latent = Latent(X, noise_mask=torch.full((1, 1, 8, 8), 0.5))
    inputs = {"positive": POSITIVE, "negative": NEGATIVE, "cfg": 3.0, "noise_seed": 1, "sigmas": SIGMAS}
    plain, opened = (
        BUILTIN["SamplerCustom"](model=model, **inputs, sampler=SAMPLERS["euler"], latent_image=latent, run=run)
        for model in (MODEL, patched("DifferentialDiffusion"))
    )
    assert not torch.allclose(plain[0].samples, opened[0].samples, atol=0.1)
    kept = replace(latent, noise_mask=torch.zeros(1, 1, 8, 8))
    first_step = SIGMAS[:2]  # the mask is open only at 0: nothing is repainted before the end of the way
    result = BUILTIN["SamplerCustom"](
        model=patched("DifferentialDiffusion"),
        **inputs | {"sigmas": first_step},
        sampler=SAMPLERS["euler"],
        latent_image=kept,
        run=run,
    )
    torch.testing.assert_close(result[1].samples, X, rtol=1e-4, atol=1e-4)
