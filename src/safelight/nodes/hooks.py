"""LoRAs that count for some prompts only, by strengths that change over the sampling."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import cos, pi
from typing import Annotated

from safelight.graph.node import LINKED, Choice, File, Output, Range, Socket, node
from safelight.models.hooks import HookKeyframes, Hooks, Keyframe, WeightHook
from safelight.models.lora.file import load_lora
from safelight.models.lora.laying import lay_on_clip, lay_on_model
from safelight.models.merging import towards_clip, towards_model
from safelight.models.text_encoder import Clip
from safelight.nodes.run import Run

Strength = Annotated[float, Range(-20.0, 20.0, step=0.01)]
Factor = Annotated[float, Range(0.0, 10.0, step=0.001)]
Moment = Annotated[float, Range(0.0, 1.0, step=0.001)]
Floats = Annotated[float | Sequence[float], Socket("FLOATS"), Range(-1, None, step=0.001), LINKED]

INTERPOLATIONS: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "ease_in": lambda x: x**2,
    "ease_out": lambda x: 1 - (1 - x) ** 2,
    "ease_in_out": lambda x: (1 - cos(pi * x)) / 2,
}
"""Shares of the way by shares of the time, both 0 to 1."""

CREATE = "advanced/hooks/create"
SCHEDULING = "advanced/hooks/scheduling"
COMBINE = "advanced/hooks/combine"


Keyframes = Annotated[HookKeyframes, Output("HOOK_KF")]


@node("CreateHookLora", category=CREATE, title="Create Hook LoRA")
def create_hook_lora(
    *,
    lora_name: Annotated[str, File("loras")],
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    prev_hooks: Hooks | None = None,
    run: Run,
) -> Hooks:
    """Have a LoRA at hand for some prompts only.

    Args:
        lora_name: A file in the loras folder.
        strength_model: How much the denoiser is changed: 1 as the LoRA was trained, 0 not at all.
        strength_clip: The same for the text encoders.
        prev_hooks: What counts as well.
    """
    lora = run.models.get(load_lora, run.folders.resolve("loras", lora_name))
    hook = WeightHook(
        on_model=lambda model, strength: lay_on_model(lora, model, strength),
        on_clip=lambda clip, strength: lay_on_clip(lora, clip, strength),
        strength_model=strength_model,
        strength_clip=strength_clip,
    )
    return _combined(prev_hooks, Hooks((hook,)))


@node("CreateHookLoraModelOnly", category=CREATE, title="Create Hook LoRA (MO)")
def create_hook_lora_model_only(
    *,
    lora_name: Annotated[str, File("loras")],
    strength_model: Strength = 1.0,
    prev_hooks: Hooks | None = None,
    run: Run,
) -> Hooks:
    """Have a LoRA at hand for some prompts only, and leave the text encoders.

    Args:
        lora_name: A file in the loras folder.
        strength_model: How much the denoiser is changed: 1 as the LoRA was trained, 0 not at all.
        prev_hooks: What counts as well.
    """
    return create_hook_lora(
        lora_name=lora_name, strength_model=strength_model, strength_clip=0.0, prev_hooks=prev_hooks, run=run
    )


@node("CreateHookModelAsLora", category=CREATE, title="Create Hook Model as LoRA")
def create_hook_model_as_lora(
    *,
    ckpt_name: Annotated[str, File("checkpoints")],
    strength_model: Strength = 1.0,
    strength_clip: Strength = 1.0,
    prev_hooks: Hooks | None = None,
    run: Run,
) -> Hooks:
    """Go part of the way to another checkpoint of the same family, for some prompts only.

    Args:
        ckpt_name: A file in the checkpoints folder.
        strength_model: Share of the way: 0 is the model itself, 1 the other.
        strength_clip: The same for the text encoders.
        prev_hooks: What counts as well.
    """
    other = run.models.checkpoint(run.folders.resolve("checkpoints", ckpt_name))
    hook = WeightHook(
        on_model=lambda model, strength: towards_model(model, other.model, strength),
        on_clip=lambda clip, strength: clip if other.clip is None else towards_clip(clip, other.clip, strength),
        strength_model=strength_model,
        strength_clip=strength_clip,
    )
    return _combined(prev_hooks, Hooks((hook,)))


@node("CreateHookModelAsLoraModelOnly", category=CREATE, title="Create Hook Model as LoRA (MO)")
def create_hook_model_as_lora_model_only(
    *,
    ckpt_name: Annotated[str, File("checkpoints")],
    strength_model: Strength = 1.0,
    prev_hooks: Hooks | None = None,
    run: Run,
) -> Hooks:
    """Go part of the way to another checkpoint's denoiser, for some prompts only.

    Args:
        ckpt_name: A file in the checkpoints folder.
        strength_model: Share of the way: 0 is the model itself, 1 the other.
        prev_hooks: What counts as well.
    """
    return create_hook_model_as_lora(
        ckpt_name=ckpt_name, strength_model=strength_model, strength_clip=0.0, prev_hooks=prev_hooks, run=run
    )


@node("SetHookKeyframes", category=SCHEDULING, title="Set Hook Keyframes")
def set_hook_keyframes(*, hooks: Hooks, hook_kf: HookKeyframes | None = None) -> Hooks:
    """Let the strength of hooks change over the sampling.

    Args:
        hooks: The hooks.
        hook_kf: Factors on their strengths.
    """
    return hooks if hook_kf is None else hooks.with_keyframes(hook_kf)


@node("CreateHookKeyframe", category=SCHEDULING, title="Create Hook Keyframe")
def create_hook_keyframe(
    *, strength_mult: Strength = 1.0, start_percent: Moment = 0.0, prev_hook_kf: HookKeyframes | None = None
) -> Keyframes:
    """Set a factor on a hook's strength from some moment on.

    Args:
        strength_mult: The factor.
        start_percent: When it begins, as a share of the way.
        prev_hook_kf: Keyframes before it.
    """
    return (prev_hook_kf or HookKeyframes()).plus([Keyframe(strength_mult, start_percent)])


@node("CreateHookKeyframesInterpolated", category=SCHEDULING, title="Create Hook Keyframes Interp.")
def create_hook_keyframes_interpolated(
    *,
    strength_start: Factor = 1.0,
    strength_end: Factor = 1.0,
    interpolation: Annotated[str, Choice(INTERPOLATIONS)],
    start_percent: Moment = 0.0,
    end_percent: Moment = 1.0,
    keyframes_count: Annotated[int, Range(2, 100, step=1)] = 5,
    print_keyframes: bool = False,
    prev_hook_kf: HookKeyframes | None = None,
    run: Run,
) -> Keyframes:
    """Let a hook's strength go from one factor to another.

    Args:
        strength_start: The first factor.
        strength_end: The last factor.
        interpolation: How it goes between them.
        start_percent: When it begins, as a share of the way.
        end_percent: When the last factor begins.
        keyframes_count: In how many steps.
        print_keyframes: Whether they are told.
        prev_hook_kf: Keyframes before them.
    """
    curve = INTERPOLATIONS[interpolation]
    shares = [index / (keyframes_count - 1) for index in range(keyframes_count)]
    strengths = [strength_start + (strength_end - strength_start) * curve(share) for share in shares]
    return _over_time(strengths, start_percent, end_percent, prev_hook_kf, run if print_keyframes else None)


@node("CreateHookKeyframesFromFloats", category=SCHEDULING, title="Create Hook Keyframes From Floats")
def create_hook_keyframes_from_floats(
    *,
    floats_strength: Floats = -1,
    start_percent: Moment = 0.0,
    end_percent: Moment = 1.0,
    print_keyframes: bool = False,
    prev_hook_kf: HookKeyframes | None = None,
    run: Run,
) -> Keyframes:
    """Give a hook's strength a row of factors, evenly over a part of the sampling.

    Args:
        floats_strength: The factors.
        start_percent: When the first begins, as a share of the way.
        end_percent: When the last begins.
        print_keyframes: Whether they are told.
        prev_hook_kf: Keyframes before them.
    """
    strengths = [floats_strength] if isinstance(floats_strength, int | float) else list(floats_strength)
    return _over_time(strengths, start_percent, end_percent, prev_hook_kf, run if print_keyframes else None)


@node("CombineHooks2", category=COMBINE, title="Combine Hooks [2]")
def combine_hooks_2(*, hooks_A: Hooks | None = None, hooks_B: Hooks | None = None) -> Hooks:  # noqa: N803
    """Let several hooks count together."""
    return _combined(hooks_A, hooks_B)


@node("CombineHooks4", category=COMBINE, title="Combine Hooks [4]")
def combine_hooks_4(
    *,
    hooks_A: Hooks | None = None,  # noqa: N803
    hooks_B: Hooks | None = None,  # noqa: N803
    hooks_C: Hooks | None = None,  # noqa: N803
    hooks_D: Hooks | None = None,  # noqa: N803
) -> Hooks:
    """Let several hooks count together."""
    return _combined(hooks_A, hooks_B, hooks_C, hooks_D)


@node("CombineHooks8", category=COMBINE, title="Combine Hooks [8]")
def combine_hooks_8(
    *,
    hooks_A: Hooks | None = None,  # noqa: N803
    hooks_B: Hooks | None = None,  # noqa: N803
    hooks_C: Hooks | None = None,  # noqa: N803
    hooks_D: Hooks | None = None,  # noqa: N803
    hooks_E: Hooks | None = None,  # noqa: N803
    hooks_F: Hooks | None = None,  # noqa: N803
    hooks_G: Hooks | None = None,  # noqa: N803
    hooks_H: Hooks | None = None,  # noqa: N803
) -> Hooks:
    """Let several hooks count together."""
    return _combined(hooks_A, hooks_B, hooks_C, hooks_D, hooks_E, hooks_F, hooks_G, hooks_H)


@node("SetClipHooks", category="advanced/hooks/clip", title="Set CLIP Hooks")
def set_clip_hooks(
    *, clip: Clip, apply_to_conds: bool = True, schedule_clip: bool = False, hooks: Hooks | None = None
) -> Clip:
    """Encode prompts under hooks.

    Args:
        clip: The text encoder.
        apply_to_conds: Whether the prompts change the denoiser, too.
        schedule_clip: Whether the words are encoded anew for each strength that the hooks have over the sampling.
        hooks: What changes it.
    """
    if hooks is None:
        return clip
    changed = replace(
        hooks.on_clip(clip), changes=(*clip.changes, hooks) if apply_to_conds else clip.changes, moments=()
    )
    if not schedule_clip:
        return changed
    starts = hooks.moments
    spans = zip(starts, [*starts[1:], 1.0], strict=True)
    states = ((start, end, replace(hooks.on_clip(clip, start), changes=changed.changes)) for start, end in spans)
    return replace(changed, moments=tuple(states))


def _combined(*hooks: Hooks | None) -> Hooks:
    return Hooks(tuple(hook for group in hooks if group is not None for hook in group.hooks))


def _over_time(
    strengths: Sequence[float], start: float, end: float, before: HookKeyframes | None, told: Run | None
) -> HookKeyframes:
    """Keyframes spread evenly; only the first is kept for a step at least, so that many fit into few steps."""
    width = (end - start) / max(1, len(strengths) - 1)
    frames = [
        Keyframe(strength, start + index * width, least_steps=1 if index == 0 else 0)
        for index, strength in enumerate(strengths)
    ]
    if told is not None:
        told.text("\n".join(f"{frame.start:.1%}: {frame.strength:g}" for frame in frames))
    return (before or HookKeyframes()).plus(frames)
