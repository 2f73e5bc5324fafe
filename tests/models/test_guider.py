"""A model under guidance: what the network is asked, and what it is told beside the noisy latent."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import cos, exp, log, sin
from typing import Any

import pytest
import torch
from torch import Tensor

from safelight.diffusion.conditioning import Area, Cond, SizeConditioning
from safelight.diffusion.guidance import Guidance, rescaled
from safelight.errors import BadInput
from safelight.models.beside import BLANK_INPAINT_LATENT
from safelight.models.guider import Guider
from safelight.models.model import Model
from tests.studio import cond_for, loaded
from tests.tiny import Kind

SIGMAS = torch.tensor([10.0, 3.0, 0.0])
SIGMA = SIGMAS[1]
X = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)) * 3
START = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))


@dataclass(frozen=True)
class Asked(Model):
    """A model that keeps what it is asked, and answers as a network would."""

    calls: list[tuple[Tensor, Tensor | None, Tensor | None]] = field(default_factory=list)
    fails: Callable[[int], bool] = lambda batch: False

    def predict(
        self,
        x: Tensor,
        sigma: Tensor,
        context: Tensor,
        label: Tensor | None = None,
        extra_channels: Tensor | None = None,
        **call: Any,
    ) -> Tensor:
        self.calls.append((context, label, extra_channels))
        if self.fails(len(context)):
            raise torch.OutOfMemoryError
        return super().predict(x, sigma, context, label, extra_channels, **call)


def asked(kind: Kind = "sd1", **changes: Any) -> Asked:
    return Asked(**{**vars(loaded(kind).model), **changes})


def denoised(guider: Guider, x: Tensor = X, mask: Tensor | None = None, start: Tensor = START) -> Tensor:
    with torch.no_grad():
        return guider.denoiser(start, mask, SIGMAS)(x, SIGMA)


def sinusoids(number: float) -> list[float]:
    """The embedding of a number in 256 (Vaswani et al. 2017), cosines first."""
    angles = [number * exp(-log(10_000) * index / 128) for index in range(128)]
    return [*map(cos, angles), *map(sin, angles)]


def test_both_prompts_are_one_call_of_the_network() -> None:
    model = asked()
    positive, negative = cond_for("sd1", 1), cond_for("sd1", 2)
    result = denoised(Guider(model, (positive,), (negative,), 4.0))
    assert [len(context) for context, _, _ in model.calls] == [2]
    cond = denoised(Guider(model, (positive,)))
    uncond = denoised(Guider(model, (negative,)))
    torch.testing.assert_close(result, uncond + 4 * (cond - uncond), rtol=1e-4, atol=1e-4)


def test_prompts_of_unequal_length_are_one_call_and_give_what_they_give_alone() -> None:
    model = asked()
    long, short = cond_for("sd1", 1, tokens=231), cond_for("sd1", 2, tokens=154)
    result = denoised(Guider(model, (long,), (short,), 2.0))
    assert [tuple(context.shape) for context, _, _ in model.calls] == [(2, 462, 64)]
    cond, uncond = denoised(Guider(model, (long,))), denoised(Guider(model, (short,)))
    torch.testing.assert_close(result, 2 * cond - uncond, rtol=1e-4, atol=1e-4)


def test_prompts_that_would_be_repeated_too_often_are_asked_for_one_by_one() -> None:
    model = asked()
    denoised(Guider(model, (cond_for("sd1", 1, tokens=77 * 5),), (cond_for("sd1", 2, tokens=77 * 7),), 2.0))
    assert [context.shape[1] for context, _, _ in model.calls] == [385, 539]


def test_prompts_are_asked_for_one_by_one_where_memory_runs_out_and_give_the_same() -> None:
    short = asked(fails=lambda batch: batch > 1)
    prompts = (cond_for("sd1", 1),), (cond_for("sd1", 2),), 4.0
    result = denoised(Guider(short, *prompts))
    assert [len(context) for context, _, _ in short.calls] == [2, 1, 1]
    torch.testing.assert_close(result, denoised(Guider(asked(), *prompts)), rtol=1e-4, atol=1e-4)


def test_what_was_learnt_about_memory_holds_for_the_rest_of_the_run() -> None:
    short = asked(fails=lambda batch: batch > 1)
    denoiser = Guider(short, (cond_for("sd1", 1),), (cond_for("sd1", 2),), 4.0).denoiser(START, None, SIGMAS)
    denoiser(X, SIGMA)
    denoiser(X, SIGMA)
    assert [len(context) for context, _, _ in short.calls] == [2, 1, 1, 1, 1]


def test_a_model_that_does_not_fit_at_all_says_so() -> None:
    with pytest.raises(torch.OutOfMemoryError):
        denoised(Guider(asked(fails=lambda batch: True), (cond_for("sd1"),)))


def test_each_picture_of_a_batch_is_told_the_prompt() -> None:
    model = asked("sdxl")
    start, x = START.repeat(3, 1, 1, 1), X.repeat(3, 1, 1, 1)
    result = denoised(Guider(model, (cond_for("sdxl", 1),), (cond_for("sdxl", 2),), 3.0), x, start=start)
    ((context, label, _),) = model.calls
    assert len(context) == 6
    assert label is not None
    assert len(label) == 6
    torch.testing.assert_close(result[2], result[0])


def test_an_area_is_cut_out_of_the_latent() -> None:
    model = asked()
    area = replace(cond_for("sd1", 2), area=Area(8, 8, 0, 8))
    start = torch.zeros(1, 4, 8, 16)
    x = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(2))
    whole = denoised(Guider(model, (cond_for("sd1", 1),)), x, start=start)
    result = denoised(Guider(model, (cond_for("sd1", 1), area)), x, start=start)
    torch.testing.assert_close(result[..., :8], whole[..., :8])
    alone = denoised(Guider(model, (cond_for("sd1", 2),)), x[..., 8:], start=start[..., 8:])
    torch.testing.assert_close(result[..., -1:], (whole[..., -1:] + alone[..., -1:]) / 2, rtol=1e-4, atol=1e-4)


def test_a_models_own_rule_joins_the_estimates() -> None:
    prompts = (cond_for("sd1", 1),), (cond_for("sd1", 2),), 8.0
    plain = denoised(Guider(asked(), *prompts))
    calm = denoised(Guider(asked(guidance=Guidance(rescaled(1.0))), *prompts))
    assert calm.std() < plain.std()


def test_sdxl_is_told_pooled_text_and_the_size_of_the_picture() -> None:
    model = asked("sdxl")
    cond = cond_for("sdxl", 1)
    start, x = torch.zeros(1, 4, 8, 12), torch.zeros(1, 4, 8, 12)
    denoised(Guider(model, (cond,)), x, start=start)
    ((_, label, _),) = model.calls
    assert label is not None
    assert cond.pooled is not None
    expected = [number for value in (64, 96, 0, 0, 64, 96) for number in sinusoids(value)]
    torch.testing.assert_close(label[0, :128], cond.pooled[0])
    torch.testing.assert_close(label[0, 128:], torch.tensor(expected), rtol=1e-4, atol=1e-4)


def test_sizes_that_were_asked_for_change_what_sdxl_makes() -> None:
    model = asked("sdxl")
    size = SizeConditioning(600, 800, 20, 10, 768, 1024)
    sized = replace(cond_for("sdxl", 1), size=size)
    result = denoised(Guider(model, (sized,)))
    ((_, label, _),) = model.calls
    expected = [number for value in (600, 800, 20, 10, 768, 1024) for number in sinusoids(value)]
    assert label is not None
    torch.testing.assert_close(label[0, 128:], torch.tensor(expected), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(result, denoised(Guider(model, (cond_for("sdxl", 1),))), atol=1e-3)


def test_a_target_that_is_not_given_is_the_size_that_is() -> None:
    model = asked("sdxl")
    denoised(Guider(model, (replace(cond_for("sdxl", 1), size=SizeConditioning(600, 800)),)))
    ((_, label, _),) = model.calls
    expected = [number for value in (600, 800, 0, 0, 600, 800) for number in sinusoids(value)]
    assert label is not None
    torch.testing.assert_close(label[0, 128:], torch.tensor(expected), rtol=1e-4, atol=1e-4)


def test_the_refiner_is_told_a_good_score_for_what_to_show_and_a_bad_one_for_what_not() -> None:
    model = asked("refiner")
    denoised(Guider(model, (cond_for("refiner", 1),), (cond_for("refiner", 2),), 2.0))
    ((_, labels, _),) = model.calls
    assert labels is not None
    for label, score in zip(labels, (6.0, 2.5), strict=True):
        expected = [number for value in (64, 64, 0, 0, score) for number in sinusoids(value)]
        torch.testing.assert_close(label[128:], torch.tensor(expected), rtol=1e-4, atol=1e-4)


def test_a_score_that_was_asked_for_is_kept() -> None:
    model = asked("refiner")
    liked = replace(cond_for("refiner", 1), size=SizeConditioning(aesthetic_score=9.0))
    denoised(Guider(model, (liked,)))
    ((_, label, _),) = model.calls
    assert label is not None
    torch.testing.assert_close(label[0, -256:], torch.tensor(sinusoids(9.0)), rtol=1e-4, atol=1e-4)


def test_a_prompt_without_pooled_text_counts_as_zeros() -> None:
    model = asked("sdxl")
    denoised(Guider(model, (replace(cond_for("sdxl", 1), pooled=None),)))
    ((_, label, _),) = model.calls
    assert label is not None
    assert not label[0, :128].any()


def test_families_without_a_label_are_told_none() -> None:
    model = asked("sd1")
    denoised(Guider(model, (cond_for("sd1"),)))
    assert model.calls[0][1:] == (None, None)


def test_an_inpainting_model_without_a_mask_is_shown_grey_to_repaint() -> None:
    model = asked("sd1-inpaint")
    denoised(Guider(model, (cond_for("sd1-inpaint"),)))
    ((_, _, extra),) = model.calls
    assert extra is not None
    assert torch.equal(extra[:, 0], torch.ones(1, 8, 8))
    torch.testing.assert_close(extra[0, 1:, 3, 3], torch.tensor(BLANK_INPAINT_LATENT))


def test_an_inpainting_model_is_shown_the_runs_own_latent_under_its_mask() -> None:
    model = asked("sdxl-inpaint")
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 0.6
    denoised(Guider(model, (cond_for("sdxl-inpaint", 1),), (cond_for("sdxl-inpaint", 2),), 2.0), mask=mask)
    ((_, _, extra),) = model.calls
    assert extra is not None
    assert torch.equal(extra[:, :1], mask.round().repeat(2, 1, 1, 1))
    assert torch.equal(extra[:, 1:], START.repeat(2, 1, 1, 1))


def test_an_inpainting_model_is_shown_the_latent_of_its_conditioning() -> None:
    model = asked("sd1-inpaint")
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 32:] = 1
    picture = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    cond = replace(cond_for("sd1-inpaint"), inpaint_latent=picture, inpaint_mask=mask)
    denoised(Guider(model, (cond,)))
    ((_, _, extra),) = model.calls
    assert extra is not None
    assert extra[0, 0, 0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    torch.testing.assert_close(extra[:, 1:], picture * 0.18215)


def test_a_latent_of_another_size_is_brought_to_the_runs() -> None:
    model = asked("sd1-inpaint")
    cond = replace(
        cond_for("sd1-inpaint"), inpaint_latent=torch.ones(1, 4, 5, 7), inpaint_mask=torch.ones(1, 1, 40, 56)
    )
    denoised(Guider(model, (cond,)))
    ((_, _, extra),) = model.calls
    assert extra is not None
    torch.testing.assert_close(extra[:, 1:], torch.full((1, 4, 8, 8), 0.18215))


@pytest.mark.parametrize("kind", ["sd1-ip2p", "sdxl-ip2p"])
def test_an_instruct_model_is_shown_its_picture_unscaled_and_nothing_without_one(kind: Kind) -> None:
    model = asked(kind)
    picture = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    shown, bare = replace(cond_for(kind, 1), inpaint_latent=picture), cond_for(kind, 2)
    denoised(Guider(model, (shown,), (bare,), 2.0))
    ((_, _, extra),) = model.calls
    assert extra is not None
    assert torch.equal(extra[0], picture[0])
    assert not extra[1].any()


def test_inputs_of_the_network_are_made_once_a_run() -> None:
    model = asked("sdxl")
    with torch.no_grad():
        denoiser = Guider(model, (cond_for("sdxl", 1),), (cond_for("sdxl", 2),), 2.0).denoiser(START, None, SIGMAS)
        denoiser(X, SIGMAS[0])
        denoiser(X, SIGMAS[1])
    (first, label, _), (second, same_label, _) = model.calls
    assert first is second
    assert label is same_label


def test_a_latent_that_is_too_small_for_a_narrow_network_is_refused_in_words() -> None:
    tiny = torch.zeros(1, 4, 1, 1)
    with pytest.raises(BadInput, match="8 by 8 pixels, which is too small for this SD 1") as caught:
        denoised(Guider(asked(), (cond_for("sd1"),), (cond_for("sd1"),), 2.0), tiny, start=tiny)
    smallest = int(caught.value.mend.removesuffix(".").rpartition(" ")[2]) // 8
    enough = torch.zeros(1, 4, 1, smallest)
    denoised(Guider(asked(), (cond_for("sd1"),), (cond_for("sd1"),), 2.0), enough, start=enough)


def test_a_prompt_for_another_family_is_refused_in_words() -> None:
    foreign = Cond(torch.zeros(1, 77, 768))
    with pytest.raises(BadInput, match="768 numbers per token, and this SDXL model takes 192") as caught:
        denoised(Guider(asked("sdxl"), (cond_for("sdxl"),), (foreign,), 2.0))
    assert "SDXL" in caught.value.mend
