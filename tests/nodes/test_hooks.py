"""Hooks change the model for their prompts only, by the strength of the moment."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from safelight.diffusion.conditioning import Cond
from safelight.files.folders import Folders
from safelight.models.guider import Guider
from safelight.models.hooks import HookKeyframes, Hooks, Keyframe
from safelight.models.loader import load_checkpoint
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.cond_properties import conditioning_set_properties
from safelight.nodes.hooks import (
    combine_hooks_2,
    combine_hooks_4,
    combine_hooks_8,
    create_hook_keyframe,
    create_hook_keyframes_from_floats,
    create_hook_keyframes_interpolated,
    create_hook_lora,
    create_hook_lora_model_only,
    create_hook_model_as_lora,
    create_hook_model_as_lora_model_only,
    set_clip_hooks,
    set_hook_keyframes,
)
from safelight.nodes.loras import lora_loader
from safelight.nodes.text import clip_text_encode
from tests.nodes.running import RecordedRun
from tests.studio import cond_for, tiny_file

CPU = torch.device("cpu")
X = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0)) * 3
SIGMAS = torch.tensor([14.0, 8.0, 4.0, 1.0, 0.0])
UNET = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
TEXT = "lora_te_text_model_encoder_layers_0_mlp_fc1"


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    folders = Folders.at(tmp_path)
    folders.make()
    generator = torch.Generator().manual_seed(5)
    shapes = {UNET: (32, 64), TEXT: (256, 64)}
    tensors = {}
    for name, (rows, columns) in shapes.items():
        tensors[f"{name}.lora_up.weight"] = torch.randn(rows, 2, generator=generator)
        tensors[f"{name}.lora_down.weight"] = torch.randn(2, columns, generator=generator)
        tensors[f"{name}.alpha"] = torch.tensor(2.0)
    save_file(tensors, folders.directories["loras"][0] / "a.safetensors")
    for seed in (0, 1):
        target = folders.directories["checkpoints"][0] / f"{seed}.safetensors"
        target.write_bytes(tiny_file("sd1", seed=seed).read_bytes())
    return RecordedRun(folders, models=ModelStore(Placement(CPU), precision("fp32", CPU), budget=2**30))


@pytest.fixture
def model() -> Model:
    return load_checkpoint(tiny_file("sd1", seed=0), Placement(CPU), precision("fp32", CPU)).model


def lora(run: RecordedRun, strength: float = 1.0, clip: float = 0.0) -> Hooks:
    return create_hook_lora(lora_name="a.safetensors", strength_model=strength, strength_clip=clip, run=run)


def hooked(cond: Cond, hooks: Hooks | None) -> tuple[Cond, ...]:
    return conditioning_set_properties(cond_NEW=(cond,), strength=1.0, set_cond_area="default", hooks=hooks)


def estimates(
    model: Model, positive: Sequence[Cond], negative: Sequence[Cond] = (), cfg: float = 1.0, sigmas: Tensor = SIGMAS
) -> list[Tensor]:
    """What is estimated at each step of a run, from the same noisy latent."""
    denoiser = Guider(model, tuple(positive), tuple(negative or positive), cfg).denoiser(X * 0, None, sigmas)
    with torch.no_grad():
        return [denoiser(X, sigma) for sigma in sigmas[:-1]]


def with_lora(run: RecordedRun, model: Model, strength: float) -> Model:
    clip = run.models.checkpoint(run.folders.resolve("checkpoints", "0.safetensors")).clip
    assert clip is not None
    return lora_loader(
        model=model, clip=clip, lora_name="a.safetensors", strength_model=strength, strength_clip=0.0, run=run
    ).model


def same(some: Sequence[Tensor], others: Sequence[Tensor]) -> list[bool]:
    return [torch.equal(one, other) for one, other in zip(some, others, strict=True)]


def test_a_hook_does_to_its_prompt_what_the_lora_would_do_to_the_model(run: RecordedRun, model: Model) -> None:
    cond = cond_for("sd1")
    found = estimates(model, hooked(cond, lora(run, 0.8)))
    assert all(same(found, estimates(with_lora(run, model, 0.8), [cond])))
    assert not any(same(found, estimates(model, [cond])))


def test_a_hook_of_strength_0_changes_nothing(run: RecordedRun, model: Model) -> None:
    cond = cond_for("sd1")
    assert all(same(estimates(model, hooked(cond, lora(run, 0.0))), estimates(model, [cond])))


def test_a_hook_on_one_prompt_leaves_the_other(run: RecordedRun, model: Model) -> None:
    positive, negative = cond_for("sd1"), cond_for("sd1", seed=1)
    (mixed,) = estimates(model, hooked(positive, lora(run)), [negative], cfg=3.0, sigmas=SIGMAS[3:])
    (shown,) = estimates(with_lora(run, model, 1.0), [positive], sigmas=SIGMAS[3:])
    (kept_away,) = estimates(model, [negative], sigmas=SIGMAS[3:])
    assert torch.allclose(mixed, kept_away + 3 * (shown - kept_away), atol=1e-4)


def test_a_run_under_hooks_leaves_the_weights_as_they_were(run: RecordedRun, model: Model) -> None:
    before = {name: weight.clone() for name, weight in model.network.named_parameters()}
    estimates(model, hooked(cond_for("sd1"), lora(run)))
    estimates(model, [cond_for("sd1")])
    assert all(torch.equal(weight, before[name]) for name, weight in model.network.named_parameters())


def test_keyframes_change_the_strength_over_the_sampling(run: RecordedRun, model: Model) -> None:
    late = create_hook_keyframe(
        strength_mult=1.0,
        start_percent=0.5,
        prev_hook_kf=create_hook_keyframe(strength_mult=0.0, start_percent=0.0),
    )
    cond = cond_for("sd1")
    found = estimates(model, hooked(cond, set_hook_keyframes(hooks=lora(run), hook_kf=late)))
    middle = model.schedule.percent_to_sigma(0.5)
    begun = [float(sigma) <= middle for sigma in SIGMAS[:-1]]
    assert True in begun
    assert False in begun
    assert same(found, estimates(with_lora(run, model, 1.0), [cond])) == begun
    assert same(found, estimates(model, [cond])) == [not now for now in begun]


def test_a_keyframe_is_kept_for_as_many_steps_as_it_asks_for(run: RecordedRun, model: Model) -> None:
    frames = HookKeyframes((Keyframe(0.0, 0.0, least_steps=3), Keyframe(1.0, 0.0)))
    cond = cond_for("sd1")
    found = estimates(model, hooked(cond, lora(run).with_keyframes(frames)))
    assert same(found, estimates(model, [cond])) == [True, True, True, False]


def test_interpolated_keyframes_go_from_start_to_end(run: RecordedRun) -> None:
    frames = create_hook_keyframes_interpolated(
        strength_start=0.0,
        strength_end=2.0,
        interpolation="ease_in",
        start_percent=0.2,
        end_percent=0.6,
        keyframes_count=3,
        print_keyframes=True,
        run=run,
    ).frames
    assert [frame.strength for frame in frames] == pytest.approx([0.0, 0.5, 2.0])
    assert [frame.start for frame in frames] == pytest.approx([0.2, 0.4, 0.6])
    assert run.texts == ["20.0%: 0\n40.0%: 0.5\n60.0%: 2"]


@pytest.mark.parametrize("interpolation", ["linear", "ease_in", "ease_out", "ease_in_out"])
def test_every_interpolation_begins_and_ends_where_it_is_told(interpolation: str, run: RecordedRun) -> None:
    frames = create_hook_keyframes_interpolated(
        strength_start=3.0, strength_end=1.0, interpolation=interpolation, keyframes_count=5, run=run
    ).frames
    assert [frames[0].strength, frames[-1].strength] == pytest.approx([3.0, 1.0])
    assert [frame.strength for frame in frames] == sorted((frame.strength for frame in frames), reverse=True)


def test_keyframes_are_made_of_numbers(run: RecordedRun) -> None:
    frames = create_hook_keyframes_from_floats(floats_strength=[1.0, 0.0, 0.5], run=run).frames
    assert [(frame.strength, frame.start) for frame in frames] == [(1.0, 0.0), (0.0, 0.5), (0.5, 1.0)]


def test_another_checkpoint_as_a_hook_is_that_checkpoint_at_strength_1(run: RecordedRun, model: Model) -> None:
    other = run.models.checkpoint(run.folders.resolve("checkpoints", "1.safetensors"))
    cond = cond_for("sd1")
    for strength, end in ((0.0, model), (1.0, other.model)):
        hooks = create_hook_model_as_lora(ckpt_name="1.safetensors", strength_model=strength, run=run)
        for found, expected in zip(estimates(model, hooked(cond, hooks)), estimates(end, [cond]), strict=True):
            assert torch.allclose(found, expected, atol=1e-3)


def test_hooks_are_combined(run: RecordedRun, model: Model) -> None:
    cond = cond_for("sd1")
    both = combine_hooks_2(hooks_A=lora(run, 0.5), hooks_B=lora(run, 0.25))
    for found, expected in zip(
        estimates(model, hooked(cond, both)), estimates(with_lora(run, model, 0.75), [cond]), strict=True
    ):
        assert torch.allclose(found, expected, atol=1e-3)


def test_prompts_are_encoded_under_hooks_as_under_the_lora_and_carry_them_on(run: RecordedRun) -> None:
    checkpoint = run.models.checkpoint(run.folders.resolve("checkpoints", "0.safetensors"))
    assert checkpoint.clip is not None
    hooks = lora(run, 1.0, clip=0.7)
    loaded = lora_loader(
        model=checkpoint.model, clip=checkpoint.clip, lora_name="a.safetensors", strength_clip=0.7, run=run
    )
    (plain,) = clip_text_encode(text="a cat", clip=checkpoint.clip, run=run)
    (expected,) = clip_text_encode(text="a cat", clip=loaded.clip, run=run)
    for applied in (True, False):
        clip = set_clip_hooks(clip=checkpoint.clip, hooks=hooks, apply_to_conds=applied)
        (found,) = clip_text_encode(text="a cat", clip=clip, run=run)
        assert torch.equal(found.context, expected.context)
        assert not torch.equal(found.context, plain.context)
        assert found.changes == ((hooks,) if applied else ())


def test_a_scheduled_text_encoder_encodes_for_each_keyframe(run: RecordedRun) -> None:
    clip = run.models.checkpoint(run.folders.resolve("checkpoints", "0.safetensors")).clip
    assert clip is not None
    frames = HookKeyframes((Keyframe(0.0, 0.0), Keyframe(1.0, 0.4)))
    scheduled = set_clip_hooks(clip=clip, hooks=lora(run, clip=1.0).with_keyframes(frames), schedule_clip=True)
    early, late = clip_text_encode(text="a cat", clip=scheduled, run=run)
    (plain,) = clip_text_encode(text="a cat", clip=clip, run=run)
    assert [(cond.start, cond.end) for cond in (early, late)] == [(0.0, 0.4), (0.4, 1.0)]
    assert torch.equal(early.context, plain.context)
    assert not torch.equal(late.context, plain.context)


def test_hooks_for_the_model_only_leave_the_text_encoders(run: RecordedRun) -> None:
    clip = run.models.checkpoint(run.folders.resolve("checkpoints", "0.safetensors")).clip
    assert clip is not None
    (plain,) = clip_text_encode(text="a cat", clip=clip, run=run)
    for hooks in (
        create_hook_lora_model_only(lora_name="a.safetensors", strength_model=1.0, run=run),
        create_hook_model_as_lora_model_only(ckpt_name="1.safetensors", strength_model=1.0, run=run),
    ):
        (found,) = clip_text_encode(text="a cat", clip=set_clip_hooks(clip=clip, hooks=hooks), run=run)
        assert torch.equal(found.context, plain.context)
        assert found.changes == (hooks,)


def test_as_many_hooks_are_combined_as_there_are_inputs(run: RecordedRun) -> None:
    each = [lora(run, strength / 10) for strength in range(8)]
    four = combine_hooks_4(hooks_A=each[0], hooks_B=each[1], hooks_D=each[3])
    assert [hook.strength_model for hook in four.hooks] == [0.0, 0.1, 0.3]
    eight = combine_hooks_8(**{f"hooks_{letter}": hooks for letter, hooks in zip("ABCDEFGH", each, strict=True)})
    assert [hook.strength_model for hook in eight.hooks] == [strength / 10 for strength in range(8)]
