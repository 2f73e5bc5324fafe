"""Patches inside a model change the estimate as they say, and nothing where they ask for nothing."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from safelight.diffusion.conditioning import Conditioning
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import sigmas_for
from safelight.models.guider import Guider, run_sampler
from safelight.models.model import Model
from safelight.models.patches import Asked, Mix, Patches, Site
from safelight.nodes.registry import BUILTIN
from tests.studio import cond_for, loaded
from tests.tiny import Kind

KIND: Kind = "sd2"  # its coarsest level has four times the channels of its finest, as full-size models have
MODEL = loaded(KIND).model
POSITIVE, NEGATIVE = ((cond_for(KIND, seed),) for seed in (1, 2))
SIGMAS = torch.tensor([14.6, 4.0, 1.0, 0.0])
SIGMA = SIGMAS[1]
SCALING: dict[str, Any] = {"downscale_method": "bicubic", "upscale_method": "bislerp"}

# patch -> settings that change the picture
CHANGES: dict[str, dict[str, Any]] = {
    "FreeU": {},
    "FreeU_V2": {},
    "HyperTile": {"tile_size": 64},
    "TomePatchModel": {},
    "PerturbedAttentionGuidance": {},
    "SelfAttentionGuidance": {},
    "PatchModelAddDownscale": {"end_percent": 0.9, **SCALING},
}
CHANGES_NOTHING: dict[str, dict[str, Any]] = {
    "FreeU": {"b1": 1.0, "b2": 1.0, "s1": 1.0, "s2": 1.0},
    "FreeU_V2": {"b1": 1.0, "b2": 1.0, "s1": 1.0, "s2": 1.0},
    "HyperTile": {"tile_size": 2048},
    "TomePatchModel": {"ratio": 0.0},
    "PerturbedAttentionGuidance": {"scale": 0.0},
    "SelfAttentionGuidance": {"scale": 0.0},
    "PatchModelAddDownscale": {"downscale_factor": 1.0, "end_percent": 0.9, **SCALING},
    "ModelComputeDtype": {"dtype": "fp32"},
    "EasyCache": {"reuse_threshold": 0.0},
    "LazyCache": {"reuse_threshold": 0.0},
}


def latents(*size: int) -> Tensor:
    return torch.randn(size, generator=torch.Generator().manual_seed(5)) * 4


X = latents(1, 4, 16, 24)


def patched(node: str, model: Model = MODEL, **inputs: Any) -> Model:
    result = BUILTIN[node](model=model, **inputs)
    assert isinstance(result, Model)
    return result


def estimate(model: Model = MODEL, x: Tensor = X, *, cfg: float = 7.0, sigma: Tensor = SIGMA) -> Tensor:
    with torch.no_grad():
        return Guider(model, POSITIVE, NEGATIVE, cfg).denoiser(torch.zeros_like(x), None, SIGMAS)(x, sigma)


def error(found: Tensor, wanted: Tensor) -> float:
    """The largest difference, as a share of the largest value."""
    return float((found - wanted).abs().max() / wanted.abs().max())


@pytest.mark.parametrize("cfg", [7.0, 1.0])
@pytest.mark.parametrize("node", CHANGES)
def test_a_patch_changes_the_estimate_and_not_the_model_it_was_made_from(node: str, cfg: float) -> None:
    before = estimate(cfg=cfg)
    assert error(estimate(patched(node, **CHANGES[node]), cfg=cfg), before) > 1e-3
    assert torch.equal(estimate(cfg=cfg), before)


@pytest.mark.parametrize("node", CHANGES_NOTHING)
def test_a_patch_that_asks_for_nothing_changes_nothing(node: str) -> None:
    # frequencies there and back cost FreeU a rounding at each block, which guidance raises seven times
    assert error(estimate(patched(node, **CHANGES_NOTHING[node])), estimate()) <= (1e-5 if "FreeU" in node else 0)


@pytest.mark.parametrize("node", CHANGES)
def test_a_patch_does_the_same_to_each_picture_of_a_batch(node: str) -> None:
    model, batch = patched(node, **CHANGES[node]), latents(3, 4, 16, 24)
    together = estimate(model, batch)
    for index in range(3):
        assert error(together[index], estimate(model, batch[index : index + 1])[0]) < 1e-4


@pytest.mark.parametrize("node", CHANGES)
def test_pictures_of_odd_sizes_are_patched_too(node: str) -> None:
    result = estimate(patched(node, **CHANGES[node]), latents(2, 4, 17, 23))
    assert result.shape == (2, 4, 17, 23)
    assert result.isfinite().all()


@pytest.mark.parametrize("kind", ["sd1", "sd1-inpaint", "sd2", "sdxl", "sdxl-ip2p", "refiner"])
def test_all_patches_go_together_in_every_family(kind: Kind) -> None:
    model = loaded(kind).model
    for node in (*CHANGES, "EasyCache", "LazyCache"):
        model = patched(node, model, **CHANGES.get(node, {}))
    before, after = (
        sampled(each, prompts=((cond_for(kind, 1),), (cond_for(kind, 2),))) for each in (loaded(kind).model, model)
    )
    assert after.isfinite().all()
    assert error(after, before) > 1e-2


def with_values_alone(site: Site, mix: Mix, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return v if site.way == "middle" else mix(q, k, v)


def test_perturbed_attention_leads_away_from_a_middle_that_sees_only_itself() -> None:
    perturbed = estimate(replace(MODEL, patches=Patches(self_mix=(with_values_alone,))), cfg=1)
    wanted = estimate() + 2.5 * (estimate(cfg=1) - perturbed)
    assert error(estimate(patched("PerturbedAttentionGuidance", scale=2.5)), wanted) < 1e-5


def test_self_attention_guidance_grows_in_proportion_to_its_scale() -> None:
    before = estimate()
    once, twice = (estimate(patched("SelfAttentionGuidance", scale=scale)) - before for scale in (0.4, 0.8))
    assert error(twice, 2 * once) < 1e-4


def test_self_attention_guidance_without_a_blur_leads_nowhere() -> None:
    assert error(estimate(patched("SelfAttentionGuidance", blur_sigma=0.0)), estimate()) < 1e-4


def test_self_attention_guidance_needs_no_negative_prompt() -> None:
    def alone(model: Model) -> Tensor:
        with torch.no_grad():
            return Guider(model, POSITIVE).denoiser(torch.zeros_like(X), None, SIGMAS)(X, SIGMA)

    found = alone(patched("SelfAttentionGuidance"))
    assert found.isfinite().all()
    assert error(found, alone(MODEL)) > 1e-3


@pytest.mark.parametrize("after_skip", [True, False])
def test_deep_shrink_is_done_in_its_part_of_the_way_only(after_skip: bool) -> None:
    inputs = SCALING | {"downscale_after_skip": after_skip}
    early = patched("PatchModelAddDownscale", start_percent=0.0, end_percent=0.35, **inputs)
    at = MODEL.schedule.percent_to_sigma
    assert error(estimate(early, sigma=torch.tensor(at(0.34))), estimate(sigma=torch.tensor(at(0.34)))) > 1e-3
    late = torch.tensor(at(0.36))
    assert torch.equal(estimate(early, sigma=late), estimate(sigma=late))


@pytest.mark.parametrize("block", range(1, 9))
def test_deep_shrink_can_begin_at_any_block(block: int) -> None:
    model = patched("PatchModelAddDownscale", block_number=block, end_percent=0.9, **SCALING)
    assert estimate(model, latents(1, 4, 17, 23)).isfinite().all()


def test_merging_and_tiling_are_drawn_alike_in_each_run() -> None:
    model = patched("TomePatchModel", patched("HyperTile", tile_size=32, swap_size=4), ratio=0.5)
    assert torch.equal(estimate(model), estimate(model))


def test_a_model_computes_in_the_type_asked_for_and_the_first_one_keeps_its_own() -> None:
    halved = patched("ModelComputeDtype", dtype="bf16")
    assert {parameter.dtype for parameter in halved.network.parameters()} == {torch.bfloat16}
    assert 0 < error(estimate(halved), estimate()) < 0.1
    assert next(MODEL.network.parameters()).dtype == torch.float32
    assert patched("ModelComputeDtype", dtype="default") is MODEL


STEPS = 12


def counted(model: Model = MODEL) -> tuple[Model, list[float]]:
    """A model, and the noise levels at which its network was run."""
    calls: list[float] = []

    def around(asked: Asked, network: Callable[[Tensor], Tensor], shown: Tensor) -> Tensor:
        calls.append(float(asked.sigma))
        return network(shown)

    return replace(model, patches=Patches(network=(around,)).plus(model.patches)), calls


def sampled(
    model: Model, sampler: str = "euler", prompts: tuple[Conditioning, Conditioning] = (POSITIVE, NEGATIVE)
) -> Tensor:
    sigmas = sigmas_for("normal", model.schedule, STEPS, 1.0, drops_penultimate_sigma=False)
    guider = Guider(model, *prompts, 4.0)
    latent = Latent(torch.zeros(1, 4, 16, 16))
    result, _ = run_sampler(guider, SAMPLERS[sampler], sigmas, latent, seed=1, on_step=lambda _: None)
    return result.samples


@pytest.mark.parametrize("node", ["EasyCache", "LazyCache"])
def test_a_step_cache_skips_calls_and_keeps_the_picture_near(node: str) -> None:
    plain = sampled(MODEL)
    model, calls = counted()
    near = sampled(patched(node, model, reuse_threshold=0.3))
    assert len(calls) < STEPS
    assert 0 < error(near, plain) < 0.5


@pytest.mark.parametrize("node", ["EasyCache", "LazyCache"])
def test_a_step_cache_without_a_threshold_skips_nothing(node: str) -> None:
    model, calls = counted()
    result = sampled(patched(node, model, reuse_threshold=0.0))
    assert len(calls) == STEPS
    assert torch.equal(result, sampled(MODEL))


@pytest.mark.parametrize("node", ["EasyCache", "LazyCache"])
def test_a_step_cache_keeps_to_its_part_of_the_way(node: str) -> None:
    model, calls = counted()
    sampled(patched(node, model, reuse_threshold=3.0, start_percent=0.4, end_percent=0.7))
    sigmas = sigmas_for("normal", MODEL.schedule, STEPS, 1.0, drops_penultimate_sigma=False)[:-1].tolist()
    skipped = set(sigmas) - set(calls)
    start, end = (MODEL.schedule.percent_to_sigma(percent) for percent in (0.4, 0.7))
    assert skipped
    assert all(end <= sigma <= start for sigma in skipped)


@pytest.mark.parametrize("node", ["EasyCache", "LazyCache"])
def test_a_step_cache_begins_anew_with_each_run(node: str) -> None:
    model = patched(node, reuse_threshold=0.3)
    assert torch.equal(sampled(model), sampled(model))


@pytest.mark.parametrize("verbose", [True, False])
@pytest.mark.parametrize("node", ["EasyCache", "LazyCache"])
def test_a_step_cache_tells_the_log_what_it_skipped_if_asked_to(
    node: str, verbose: bool, caplog: pytest.LogCaptureFixture
) -> None:
    model, calls = counted()
    with caplog.at_level(logging.WARNING):
        sampled(patched(node, model, reuse_threshold=0.3, verbose=verbose))
    told = [record for record in caplog.records if "used again" in record.message]
    assert len(told) == (STEPS - len(calls) if verbose else 0)


def test_a_lazy_cache_serves_samplers_that_step_along_the_negative_prompt() -> None:
    model, calls = counted()
    assert sampled(patched("LazyCache", model, reuse_threshold=0.3), "euler_cfg_pp").isfinite().all()
    assert len(calls) < STEPS


def test_an_easy_cache_takes_the_answers_of_other_guidance_for_its_own_questions_only() -> None:
    """Perturbed attention asks a second time in each step, for the same prompt."""
    guided = patched("PerturbedAttentionGuidance", scale=1.0)
    plain = sampled(guided)
    near = sampled(patched("EasyCache", guided, reuse_threshold=0.02))
    assert error(near, plain) < 0.1
