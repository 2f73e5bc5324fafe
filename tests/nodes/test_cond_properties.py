"""Prompts are set up one by one and in pairs; fallbacks fill what others leave."""

from dataclasses import replace

import torch

from safelight.models.hooks import Hooks
from safelight.nodes.cond_properties import (
    Pair,
    TimestepsRange,
    conditioning_set_default_combine,
    conditioning_set_properties_and_combine,
    conditioning_timesteps_range,
    pair_conditioning_combine,
    pair_conditioning_set_default_combine,
    pair_conditioning_set_properties,
    pair_conditioning_set_properties_and_combine,
)
from tests.nodes.test_hooks import estimates, same
from tests.studio import cond_for, loaded


def test_a_fallback_counts_just_where_the_others_do_not() -> None:
    mask = torch.zeros(1, 8, 8)
    mask[..., :4] = 1
    left = replace(cond_for("sd1"), mask=mask)
    other = cond_for("sd1", seed=1)
    (found, *_) = estimates(loaded("sd1").model, conditioning_set_default_combine(cond=(left,), cond_DEFAULT=(other,)))
    (of_left, *_), (of_other, *_) = (estimates(loaded("sd1").model, [cond]) for cond in (cond_for("sd1"), other))
    assert torch.allclose(found[..., :4], of_left[..., :4], atol=1e-4)
    assert torch.allclose(found[..., 4:], of_other[..., 4:], atol=1e-4)


def test_a_fallback_is_not_asked_where_the_others_cover_all() -> None:
    cond, other = cond_for("sd1"), cond_for("sd1", seed=1)
    assert all(
        same(
            estimates(loaded("sd1").model, conditioning_set_default_combine(cond=(cond,), cond_DEFAULT=(other,))),
            estimates(loaded("sd1").model, [cond]),
        )
    )


def test_a_range_names_what_is_before_and_after_it() -> None:
    inside, before, after = conditioning_timesteps_range(start_percent=0.2, end_percent=0.7)
    assert (inside, before, after) == (TimestepsRange(0.2, 0.7), TimestepsRange(0.0, 0.2), TimestepsRange(0.7, 1.0))


def test_pairs_are_set_up_and_combined_side_by_side() -> None:
    a, b = cond_for("sd1"), cond_for("sd1", seed=1)
    made = pair_conditioning_set_properties_and_combine(
        positive=(a,),
        negative=(b,),
        positive_NEW=(b,),
        negative_NEW=(a,),
        strength=0.5,
        set_cond_area="mask bounds",
        mask=torch.ones(8, 8),
        timesteps=TimestepsRange(0.1, 0.9),
    )
    for pair in made:
        assert (pair[0].mask, pair[1].mask_strength, pair[1].mask_bounds) == (None, 0.5, True)
        assert (pair[1].start, pair[1].end) == (0.1, 0.9)
    both = pair_conditioning_combine(positive_A=(a,), negative_A=(b,), positive_B=(b,), negative_B=(a,))
    assert both == Pair((a, b), (b, a))


def test_a_prompt_that_is_set_up_is_added_to_others() -> None:
    a, b, hooks = cond_for("sd1"), cond_for("sd1", seed=1), Hooks()
    made = conditioning_set_properties_and_combine(
        cond=(a,), cond_NEW=(b,), strength=1.0, set_cond_area="default", hooks=hooks
    )
    assert made == (a, replace(b, changes=(hooks,)))


def test_both_prompts_of_a_pair_are_set_up() -> None:
    a, b = cond_for("sd1"), cond_for("sd1", seed=1)
    made = pair_conditioning_set_properties(
        positive_NEW=(a,), negative_NEW=(b,), set_cond_area="default", timesteps=TimestepsRange(0.3, 0.4)
    )
    assert made == Pair((replace(a, start=0.3, end=0.4),), (replace(b, start=0.3, end=0.4),))


def test_both_prompts_of_a_pair_get_a_fallback() -> None:
    a, b = cond_for("sd1"), cond_for("sd1", seed=1)
    made = pair_conditioning_set_default_combine(
        positive=(a,), negative=(b,), positive_DEFAULT=(b,), negative_DEFAULT=(a,)
    )
    assert made == Pair((a, replace(b, fallback=True)), (b, replace(a, fallback=True)))
