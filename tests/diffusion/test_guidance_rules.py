"""Each rule does what its paper says, on random estimates."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from safelight.diffusion.guidance import Guess, Guidance, classifier_free
from safelight.diffusion.guidance_rules import (
    adaptive_projection,
    dual,
    dual_nested,
    frequency_scaling,
    leap_by_similarity,
    limited_norm,
    operation_on_guidance,
    perpendicular_negative,
    renormalized,
    scaled_noise,
    tangential_damping,
    zero_star,
)

COND, UNCOND, X, OTHER = torch.randn(4, 2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
GUESS = Guess(COND, UNCOND, X, torch.tensor(2.0), 7.0, others=(OTHER,))
UNGUIDED = Guess(COND, COND, X, torch.tensor(2.0), 1.0)
PLAIN = classifier_free(GUESS)

GUIDANCES: dict[str, Guidance] = {
    "perp_neg": Guidance(perpendicular_negative(1.0)),
    "renorm": Guidance(renormalized(1.0, 100.0)),
    "dual": Guidance(dual(classifier_free, 5.0)),
    "dual_nested": Guidance(dual_nested(classifier_free, 5.0)),
    "tcfg": Guidance(before=(tangential_damping,)),
    "apg": Guidance(before=(adaptive_projection(0.5, 5.0, -0.5),)),
    "fresca": Guidance(before=(frequency_scaling(0.5, 1.5, 2),)),
    "mahiro": Guidance(after=(leap_by_similarity,)),
    "zero_star": Guidance(after=(zero_star,)),
    "norm": Guidance(after=(limited_norm(1.0),)),
    "epsilon": Guidance(after=(scaled_noise(1.1),)),
}


def dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=(1, 2, 3))


def item(guess: Guess, index: int) -> Guess:
    def pick(x: Tensor) -> Tensor:
        return x[index : index + 1]

    others = tuple(pick(other) for other in guess.others)
    return replace(guess, cond=pick(guess.cond), uncond=pick(guess.uncond), x=pick(guess.x), others=others)


@pytest.mark.parametrize("guidance", GUIDANCES.values(), ids=GUIDANCES)
def test_a_picture_does_not_depend_on_the_others_of_its_batch(guidance: Guidance) -> None:
    alone = torch.cat([guidance(item(replace(GUESS, memory={}), index)) for index in range(2)])
    torch.testing.assert_close(guidance(replace(GUESS, memory={})), alone, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["tcfg", "apg", "fresca", "mahiro", "zero_star", "norm"])
def test_without_guidance_a_rule_about_it_changes_nothing(name: str) -> None:
    torch.testing.assert_close(GUIDANCES[name](UNGUIDED), COND, rtol=1e-4, atol=1e-4)


def test_two_strengths_add_up_the_ways_between_three_prompts() -> None:
    expected = UNCOND + 5 * (OTHER - UNCOND) + 7 * (COND - OTHER)
    torch.testing.assert_close(dual(classifier_free, 5.0)(GUESS), expected)


def test_nested_strengths_lead_both_prompts_away_from_the_negative() -> None:
    both = OTHER + 7 * (COND - OTHER)
    torch.testing.assert_close(dual_nested(classifier_free, 5.0)(GUESS), UNCOND + 5 * (both - UNCOND))


def test_the_negative_takes_nothing_from_the_positive_direction() -> None:
    plain = perpendicular_negative(0.0)(GUESS)
    torch.testing.assert_close(plain, OTHER + 7 * (COND - OTHER))
    taken = plain - perpendicular_negative(2.0)(GUESS)
    torch.testing.assert_close(dot(taken, COND - OTHER), torch.zeros(2), rtol=0, atol=1e-2)
    unwanted = UNCOND - OTHER
    torch.testing.assert_close(dot(taken, taken), 14 * dot(taken, unwanted), rtol=1e-3, atol=0)


def test_a_negative_that_is_the_positive_takes_nothing() -> None:
    same = replace(GUESS, uncond=COND)
    torch.testing.assert_close(perpendicular_negative(3.0)(same), OTHER + 7 * (COND - OTHER), rtol=1e-4, atol=1e-4)


def test_tangential_damping_keeps_what_both_prompts_share() -> None:
    damped = GUESS.x - tangential_damping(GUESS).uncond
    noise = torch.stack([X - COND, X - UNCOND], dim=1).flatten(2).double()
    values, vectors = torch.linalg.eigh(noise @ noise.transpose(1, 2))  # of the same singular vectors, from the left
    for index in range(2):
        shared = vectors[index, :, -1] @ noise[index] / values[index, -1].sqrt()
        expected = (noise[index, 1] @ shared) * shared
        torch.testing.assert_close(damped[index].flatten().double(), expected, rtol=1e-4, atol=1e-4)


def guided_part(change: Callable[[Guess], Guess], guess: Guess = GUESS) -> Tensor:
    """What is added to `cond` for each unit of cfg."""
    return (classifier_free(change(guess)) - guess.cond) / guess.cfg


def test_projection_shortens_the_guidance_to_its_threshold() -> None:
    part = guided_part(adaptive_projection(1.0, 5.0, 0.0))
    torch.testing.assert_close(dot(part, part).sqrt(), torch.full((2,), 5.0), rtol=1e-4, atol=0)
    difference = COND - UNCOND
    torch.testing.assert_close(guided_part(adaptive_projection(1.0, 0.0, 0.0)), difference, rtol=1e-4, atol=1e-4)


def test_projection_leaves_out_what_saturates() -> None:
    torch.testing.assert_close(
        dot(guided_part(adaptive_projection(0.0, 0.0, 0.0)), COND), torch.zeros(2), rtol=0, atol=1e-3
    )


def test_momentum_remembers_the_steps_of_one_run() -> None:
    change, memory = adaptive_projection(1.0, 0.0, -0.5), {}  # type: ignore[var-annotated]
    first = replace(GUESS, memory=memory)
    second = replace(first, cond=OTHER, sigma=torch.tensor(1.0))
    difference, later = COND - UNCOND, OTHER - UNCOND
    torch.testing.assert_close(guided_part(change, first), difference, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(guided_part(change, second), later - 0.5 * difference, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(guided_part(change, first), difference, rtol=1e-4, atol=1e-4)  # it has begun again
    other_run = replace(second, memory={})
    torch.testing.assert_close(guided_part(change, other_run), later, rtol=1e-4, atol=1e-4)


def test_guidance_of_0_is_left_alone_by_projection() -> None:
    nothing = replace(GUESS, cfg=0.0)
    assert torch.equal(classifier_free(adaptive_projection(1.0, 5.0, 0.0)(nothing)), UNCOND)


def test_a_flat_difference_is_coarse_and_a_chequered_one_is_fine() -> None:
    change = frequency_scaling(2.0, 3.0, cutoff=2)
    rows, columns = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    flat, chequered = torch.ones(2, 4, 8, 8), ((rows + columns) % 2 * 2.0 - 1).expand(2, 4, 8, 8)
    for pattern, factor in ((flat, 2.0), (chequered, 3.0)):
        changed = change(replace(GUESS, cond=UNCOND + pattern)).cond
        torch.testing.assert_close(changed, UNCOND + factor * pattern, rtol=1e-4, atol=1e-4)


def test_an_operation_changes_the_difference_and_without_guidance_the_estimate() -> None:
    change = operation_on_guidance(lambda latent: 3 * latent)
    torch.testing.assert_close(change(GUESS).cond, UNCOND + 3 * (COND - UNCOND))
    torch.testing.assert_close(classifier_free(change(UNGUIDED)), 3 * COND)


@pytest.mark.parametrize(("sign", "expected"), [(1.0, PLAIN), (-1.0, COND * 7)])
def test_similarity_decides_between_guidance_and_the_prompt_alone(sign: float, expected: Tensor) -> None:
    # the negative estimate points along the mean of both, or the opposite way
    guess = replace(GUESS, uncond=sign * (COND * 7 + PLAIN))
    torch.testing.assert_close(leap_by_similarity(guess, PLAIN), expected, rtol=1e-4, atol=1e-4)


def test_the_scaled_negative_errs_the_least() -> None:
    denoised = zero_star(GUESS, PLAIN)
    scale = ((denoised - 7 * COND) / (UNCOND * (1 - 7))).mean(dim=(1, 2, 3))
    noise, noise_uncond = X - COND, X - UNCOND
    error = noise - scale.reshape(2, 1, 1, 1) * noise_uncond
    torch.testing.assert_close(dot(error, noise_uncond), torch.zeros(2), rtol=0, atol=1e-2)


def test_no_channel_vector_outgrows_that_of_the_positive_prompt() -> None:
    result = limited_norm(1.0)(GUESS, PLAIN)
    longest = COND.norm(dim=1)
    assert (result.norm(dim=1) <= longest * 1.0001).all()
    shorter = COND * 0.5
    torch.testing.assert_close(limited_norm(2.0)(GUESS, shorter), 2 * shorter)


def test_a_guided_estimate_does_not_outgrow_that_of_the_positive_prompt() -> None:
    limited = renormalized(1.5, 100.0)(GUESS)
    torch.testing.assert_close(limited.flatten(1).norm(dim=1), 1.5 * COND.flatten(1).norm(dim=1))
    torch.testing.assert_close(limited / limited.norm(), PLAIN / PLAIN.norm(), atol=0.02, rtol=0)
    assert torch.equal(renormalized(100.0, 100.0)(GUESS), PLAIN)
    assert torch.equal(renormalized(0.0, 100.0)(GUESS), PLAIN)


def test_there_is_no_guidance_above_the_noise_level_it_is_cut_off_at() -> None:
    assert torch.equal(renormalized(1.0, 2.0)(GUESS), COND)


def test_the_noise_found_is_divided() -> None:
    torch.testing.assert_close(X - scaled_noise(1.25)(GUESS, PLAIN), (X - PLAIN) / 1.25)


def test_changes_before_and_after_add_up_around_the_one_rule() -> None:
    def doubled(guess: Guess) -> Guess:
        return replace(guess, cond=2 * guess.cond, uncond=3 * guess.uncond)

    guidance = Guidance(before=(doubled, doubled), after=(lambda guess, x: x + guess.cond, lambda guess, x: 10 * x))
    denoised, uncond = guidance.with_uncond(GUESS)
    torch.testing.assert_close(uncond, 9 * UNCOND)
    expected = 10 * (9 * UNCOND + 7 * (4 * COND - 9 * UNCOND) + 4 * COND)
    torch.testing.assert_close(denoised, expected, rtol=1e-4, atol=1e-4)
