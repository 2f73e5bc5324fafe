"""Words into conditioning."""

from dataclasses import replace
from typing import Annotated

from safelight.diffusion.conditioning import Cond, SizeConditioning
from safelight.graph.node import Choice, Range, Text, node
from safelight.models.text_encoder import Clip
from safelight.nodes.run import Run
from safelight.nodes.sockets import Conditioning
from safelight.prompts.embedding_files import find_in
from safelight.prompts.prompt_schedule import prompt_schedule, split_sub_prompts
from safelight.prompts.syntaxes import SYNTAXES
from safelight.prompts.tokenizer import EMBEDDING_PREFIX
from safelight.text.encode import WEIGHTINGS, EncodeOptions, encode_prompt

Prompt = Annotated[str, Text(multiline=True, dynamic_prompts=True, mentions=(EMBEDDING_PREFIX, "embeddings"))]
Pixels = Annotated[int, Range(0, 16384)]


@node("CLIPTextEncode", category="conditioning", title="CLIP Text Encode (Prompt)")
def clip_text_encode(*, text: Prompt, clip: Clip, run: Run) -> Conditioning:
    """Turn a prompt into guidance.

    Args:
        text: Words, with (emphasis:1.2) and embedding:names; longer texts are read in chunks of 75 tokens.
        clip: The text encoder of the checkpoint.
    """
    return _encode(text, clip, run)


@node("PromptEncode", category="conditioning", title="Prompt (with A1111 syntax)")
def prompt_encode(
    *,
    text: Prompt,
    clip: Clip,
    syntax: Annotated[str, Choice(SYNTAXES)] = "a1111",
    weighting: Annotated[str, Choice(WEIGHTINGS)] = "a1111",
    steps: Annotated[int, Range(1, 10000)] = 20,
    run: Run,
) -> Conditioning:
    """Turn a prompt into guidance, read as the AUTOMATIC1111 interface reads it.

    Understands [less] emphasis, [from:to:when] and [a|b] over the steps, BREAK and AND.

    Args:
        syntax: How brackets are read.
        weighting: What a weight does to a word.
        steps: Those of the sampler, for changes after a number of steps.
    """
    if syntax != "a1111":
        return _encode(text, clip, run, syntax, weighting)
    return tuple(
        replace(cond, steps=(timed.start, timed.end), part=part, part_weight=sub_prompt.weight)
        for part, sub_prompt in enumerate(split_sub_prompts(text))
        for timed in prompt_schedule(sub_prompt.text, steps)
        for cond in _encode(timed.text, clip, run, syntax, weighting)
    )


@node("CLIPSetLastLayer", category="conditioning", title="CLIP Set Last Layer")
def clip_set_last_layer(*, clip: Clip, stop_at_clip_layer: Annotated[int, Range(-24, -1, step=1)] = -1) -> Clip:
    """Take the text encoder's answer from an earlier layer ("clip skip").

    Args:
        stop_at_clip_layer: -1 is the last layer, -2 the one before it, which many drawn styles expect.
    """
    return clip.with_layer(-stop_at_clip_layer)


@node("CLIPTextEncodeSDXL", category="advanced/conditioning")
def clip_text_encode_sdxl(
    *,
    clip: Clip,
    width: Pixels = 1024,
    height: Pixels = 1024,
    crop_w: Pixels = 0,
    crop_h: Pixels = 0,
    target_width: Pixels = 1024,
    target_height: Pixels = 1024,
    text_g: Prompt,
    text_l: Prompt,
    run: Run,
) -> Conditioning:
    """Turn a prompt into guidance for SDXL, with the sizes it was trained to be told.

    Args:
        width: Of the picture as if before it was scaled down; large values ask for detail.
        height: As width.
        crop_w: Pixels as if cut off at the left; 0 asks for a centred subject.
        crop_h: Pixels as if cut off above.
        target_width: Of the picture to make.
        target_height: As target width.
        text_g: What the larger text encoder reads.
        text_l: What the smaller one reads.
    """
    size = SizeConditioning(height, width, crop_h, crop_w, target_height, target_width)
    return tuple(replace(cond, size=size) for cond in _encode({"g": text_g, "l": text_l}, clip, run))


@node("CLIPTextEncodeSDXLRefiner", category="advanced/conditioning")
def clip_text_encode_sdxl_refiner(
    *,
    ascore: Annotated[float, Range(0.0, 1000.0, step=0.01)] = 6.0,
    width: Pixels = 1024,
    height: Pixels = 1024,
    text: Prompt,
    clip: Clip,
    run: Run,
) -> Conditioning:
    """Turn a prompt into guidance for SDXL's refiner.

    Args:
        ascore: How much people would like the picture, 0 to 10.
    """
    size = SizeConditioning(height, width, aesthetic_score=ascore)
    return tuple(replace(cond, size=size) for cond in _encode(text, clip, run))


def _encode(
    text: str | dict[str, str], clip: Clip, run: Run, syntax: str = "comfyui", weighting: str = "comfyui"
) -> Conditioning:
    """A prompt as one cond, or as one for each state of a text encoder that changes over the sampling."""
    if clip.moments:
        return tuple(
            replace(cond, start=start, end=end)
            for start, end, state in clip.moments
            for cond in _encode(text, state, run, syntax, weighting)
        )
    options = EncodeOptions(clip.skip, syntax, weighting, find_in(run.folders.directories["embeddings"]))
    encoded = encode_prompt(text, clip.towers, options)
    for warning in encoded.warnings:
        run.warn(warning)
    return (Cond(encoded.context, encoded.pooled, changes=clip.changes),)
