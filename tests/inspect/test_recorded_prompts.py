"""The maps of a run are those of its first prompt, whatever else the network is shown with it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from safelight.diffusion.conditioning import Area, Cond
from safelight.diffusion.latent import Latent
from safelight.inspect.arrays import Array
from safelight.inspect.recording import Recording
from safelight.models.image_prompts.image_prompt import with_image_prompt
from safelight.models.image_prompts.ip_adapter import load_ip_adapter
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.nodes.registry import BUILTIN
from safelight.prompts.counting import Syntax
from safelight.prompts.reading import read_prompt
from safelight.text.encode import EncodeOptions, encode_prompt
from tests.inspect.recorded import guider_for, record
from tests.models.image_prompts.test_ip_adapter import adapter_file, adapter_tensors, seen_by_clip
from tests.studio import cond_for, loaded
from tests.tiny import KINDS

FIRST, OTHER, NEGATIVE = (cond_for("sd1", seed) for seed in (1, 3, 2))


def run_of(*positive: Cond, negative: Cond = NEGATIVE, **options: object) -> Recording:
    return record(guider_for("sd1", positive=positive, negative=(negative,)), **options).run  # type: ignore[arg-type]


def whole(run: Recording) -> Array:
    """What all tokens of the first step have together."""
    together: Array = run.attention[0, 0].astype(np.float32).sum(axis=0) * run.attention_top / 255
    return together


def alike(one: Recording, other: Recording) -> bool:
    """Whether both have the same maps in their first step, but for rounding."""
    mine, theirs = (run.attention[0].astype(np.float32) * run.attention_top / 255 for run in (one, other))
    return mine.shape == theirs.shape and bool(np.allclose(mine, theirs, atol=2e-4))


@pytest.mark.parametrize("tokens", [154, 231])
def test_a_longer_negative_prompt_takes_nothing_from_the_maps(tokens: int) -> None:
    assert alike(run_of(FIRST), run_of(FIRST, negative=cond_for("sd1", 2, tokens)))


def test_the_maps_of_a_long_prompt_have_all_its_tokens() -> None:
    long = run_of(
        cond_for("sd1", 1, 4 * 77), negative=cond_for("sd1", 2, 3 * 77), latent=torch.zeros(1, 4, 24, 24), steps=1
    )
    height, width = long.attention.shape[-2:]
    assert long.attention.shape[2] == 4 * 77
    assert height * width * 4 * 77 <= 32 * 32 * 154
    assert whole(long) == pytest.approx(1, abs=4 * 77 * long.attention_top / 255)


def test_further_prompts_for_the_whole_picture_are_not_taken_for_further_pictures() -> None:
    assert alike(run_of(FIRST), run_of(FIRST, OTHER))
    assert alike(run_of(FIRST), run_of(FIRST, replace(OTHER, part=1)))  # joined by AND
    assert not alike(run_of(FIRST), run_of(OTHER, FIRST))


def test_an_empty_prompt_beside_it_is_not_listened_to() -> None:
    model = BUILTIN["PerpNeg"](model=loaded("sd1").model, empty_conditioning=(OTHER,))
    heard = record(replace(guider_for("sd1", positive=(FIRST,), negative=(NEGATIVE,)), model=model)).run
    assert alike(run_of(FIRST), heard)


def test_a_prompt_for_a_part_of_the_picture_has_its_maps_there() -> None:
    latent = torch.zeros(1, 4, 16, 16)
    right = run_of(replace(FIRST, area=Area(16, 8, 0, 8)), OTHER, latent=latent)
    assert right.attention.shape[-2:] == (16, 16)
    np.testing.assert_allclose(whole(right)[:, 8:], 1, atol=77 * right.attention_top / 255)
    assert not whole(right)[:, :8].any()


def test_steps_that_are_not_shown_the_prompt_have_empty_maps_and_do_not_count() -> None:
    run = run_of(replace(FIRST, end=0.3), replace(OTHER, start=0.3), steps=4)
    heard = [bool(maps.any()) for maps in run.attention]
    assert len(run.attention) == 4
    assert heard[0]
    assert not heard[-1]
    assert run.attention_of(list(range(77))) == pytest.approx(1, abs=77 * run.attention_top / 255)


def test_steps_without_guidance_stand_in_their_places() -> None:
    model = BUILTIN["LazyCache"](model=loaded("sd1").model)
    guider = replace(guider_for("sd1"), model=model)
    run = record(guider, steps=5, latent=torch.zeros(1, 4, 16, 16)).run
    assert len(run.guidance) == len(run.attention) == 5
    skipped = [step for step in range(5) if not run.attention[step].any()]
    assert skipped
    assert not run.guidance[skipped].any()
    assert len(run.calls) == 5 - len(skipped)


def test_a_run_of_one_prompt_alone_has_maps_and_no_guidance() -> None:
    run = record(guider_for("sd1", positive=(FIRST,), cfg=1.0)).run
    assert run.guidance.shape == (0,)
    assert alike(run, run_of(FIRST))


def test_a_patch_that_asks_the_network_again_changes_no_map() -> None:
    guider = guider_for("sd1", positive=(FIRST,), negative=(NEGATIVE,))
    model = BUILTIN["PerturbedAttentionGuidance"](model=guider.model)
    assert alike(run_of(FIRST), record(replace(guider, model=model)).run)


def test_pictures_beside_the_words_are_no_tokens(tmp_path: Path) -> None:
    file = adapter_file(tmp_path / "a.safetensors", adapter_tensors(KINDS["sd1"].unet))
    cpu = torch.device("cpu")
    adapter = load_ip_adapter(file, Placement(cpu), precision("fp32", cpu))
    guider = guider_for("sd1", positive=(FIRST,), negative=(NEGATIVE,))
    seen = {"positive": seen_by_clip(), "negative": torch.zeros_like(seen_by_clip())}
    model = with_image_prompt(guider.model, adapter, seen, weight=1)  # type: ignore[arg-type]
    run = record(replace(guider, model=model)).run
    assert run.attention.shape[2] == 77
    np.testing.assert_allclose(whole(run), 1, atol=77 * run.attention_top / 255)
    assert not np.allclose(run.denoised[0], run_of(FIRST).denoised[0], atol=1e-2)


@pytest.mark.parametrize(
    ("text", "chunks"),
    [
        ("", 1),
        ("a cat", 1),
        ("(a cat:0) and a (dog:-1.2)", 1),
        (", ".join(["a very small cat"] * 30), 2),
        ("one BREAK two", 2),
    ],
)
def test_each_token_of_a_prompt_has_its_row_for_both_encoders(text: str, chunks: int) -> None:
    clip = loaded("sdxl").clip
    assert clip is not None
    syntax: Syntax = "a1111" if "BREAK" in text else "comfyui"
    read = read_prompt(text, syntax, ())
    encoded = encode_prompt(text, clip.towers, EncodeOptions(syntax=syntax))
    assert read.chunks == chunks == len(encoded.tokens["l"]) == len(encoded.tokens["g"])
    for tower in ("l", "g"):
        rows = [token for chunk in encoded.tokens[tower] for token in chunk]
        for token in read.tokens:
            assert (rows[token.place].value, rows[token.place].weight) == (token.id, token.weight)
    cond = Cond(encoded.context, encoded.pooled)
    run = record(guider_for("sdxl", positive=(cond,)), steps=1).run
    assert run.attention.shape[2] == 77 * chunks
    assert np.isfinite(run.denoised).all()


def test_what_is_kept_of_a_batch_is_its_first_four() -> None:
    run = record(guider_for("sd1"), latent=Latent(torch.zeros(6, 4, 8, 8)).samples, steps=1).run
    assert run.noisy.shape[1] == run.attention.shape[1] == run.noisy_rms.shape[1] == 4
