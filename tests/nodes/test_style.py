"""The style nodes, on a tiny denoiser."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.errors import BadInput
from safelight.models.clip_vision import ClipVisionOutput
from safelight.models.image_prompts.style_model import StyleModel
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.registry import BUILTIN
from safelight.nodes.style import style_model_apply, style_model_loader
from tests.models.image_prompts.test_style_model import TOKENS, WIDTH, style_tensors
from tests.nodes.running import RecordedRun
from tests.studio import cond_for, loaded

CPU = torch.device("cpu")
PATCHES = torch.randn(1, 5, WIDTH, generator=torch.Generator().manual_seed(0))
SEEN = ClipVisionOutput(torch.zeros(1, 4), PATCHES, torch.zeros(1, 5, WIDTH))


@pytest.fixture
def style(run: RecordedRun) -> StyleModel:
    run.models = ModelStore(Placement(CPU), precision("fp32", CPU), 10**9)
    save_file(style_tensors(), run.folders.directories["style_models"][0] / "s.safetensors")
    return style_model_loader(style_model_name="s.safetensors", run=run)


def sampled(positive: Any, run: RecordedRun) -> Tensor:
    latent = BUILTIN["KSampler"](
        model=loaded("sd1").model,
        seed=1,
        steps=2,
        cfg=3.0,
        sampler_name="euler",
        scheduler="normal",
        positive=positive,
        negative=(cond_for("sd1", 1),),
        latent_image=Latent(torch.zeros(1, 4, 8, 8)),
        denoise=1.0,
        run=run,
    )
    samples: Tensor = latent.samples
    return samples


def styled(style: StyleModel, strength: float, how: str, conditioning: Any = None) -> Any:
    return style_model_apply(
        conditioning=conditioning or (cond_for("sd1"),),
        style_model=style,
        clip_vision_output=SEEN,
        strength=strength,
        strength_type=how,
    )


def test_the_style_follows_the_words_and_the_words_stay(style: StyleModel) -> None:
    (cond,) = styled(style, 0.5, "multiply")
    words = cond_for("sd1").context
    assert torch.equal(cond.context[:, :77], words)
    torch.testing.assert_close(cond.context[:, 77:], style.tokens(SEEN.last_hidden_state) * 0.5)
    assert cond.context.shape[1] == 77 + TOKENS


def test_a_style_that_is_not_heeded_changes_nothing_and_one_that_is_does(style: StyleModel, run: RecordedRun) -> None:
    without = sampled((cond_for("sd1"),), run)
    # the two prompts are then asked for in two batches, which rounds otherwise
    torch.testing.assert_close(sampled(styled(style, 0.0, "attn_bias"), run), without, atol=2e-3, rtol=1e-3)
    assert not torch.allclose(sampled(styled(style, 1.0, "attn_bias"), run), without, atol=1e-3)


def test_at_strength_1_both_ways_are_the_same(style: StyleModel, run: RecordedRun) -> None:
    assert torch.equal(sampled(styled(style, 1.0, "multiply"), run), sampled(styled(style, 1.0, "attn_bias"), run))


def test_two_styles_are_heeded_each_by_its_own_strength(style: StyleModel, run: RecordedRun) -> None:
    off_and_on = styled(style, 1.0, "multiply", styled(style, 0.0, "attn_bias"))
    only_on = styled(style, 1.0, "multiply")
    torch.testing.assert_close(sampled(off_and_on, run), sampled(only_on, run), atol=2e-3, rtol=1e-3)


def test_a_prompt_of_another_family_is_refused(style: StyleModel) -> None:
    wide = replace(cond_for("sd1"), context=torch.zeros(1, 77, 2048))
    with pytest.raises(BadInput, match="is for prompts of 64 numbers per token, and this one has 2048"):
        styled(style, 1.0, "multiply", (wide,))
