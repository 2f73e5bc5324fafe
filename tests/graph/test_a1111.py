"""The `parameters` text of AUTOMATIC1111, taken apart and made a workflow."""

from dataclasses import replace
from typing import Any

import pytest

from safelight.files.parameters import SAMPLER_LABELS, SCHEDULER_LABELS, Parameters, parameters_text
from safelight.graph.a1111 import Imported, workflow_of_parameters
from safelight.graph.a1111_names import SAMPLERS, STAND_INS, sampling
from safelight.graph.a1111_text import Tag, parse_parameters, take_tags
from safelight.graph.document import Link, NodeCall
from safelight.graph.summary import summary
from safelight.graph.validate import validate
from tests.studio import CATALOG

FILES = {
    "checkpoints": ("base.safetensors",),
    "loras": ("styles/Ink.safetensors", "flat.safetensors"),
    "embeddings": ("EasyNegative.pt", "bad/bad-hands-5.safetensors"),
    "vae": ("vae-ft-mse-840000-ema-pruned.safetensors",),
    "upscale_models": ("RealESRGAN_x4plus.pth", "4x-UltraSharp.pth"),
    "hypernetworks": ("anime.pt",),
}
SETTINGS = "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 18446744073709551615, Size: 512x768, RNG: CPU"
# As the program writes it, "Hires fix" and all.
HIRES = (
    "masterpiece, (red:1.2) cat <lora:Ink:0.8>\n<lora:flat:0.5:0.25>\n"
    "Negative prompt: easynegative, blurry\n"
    "Steps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 5, Size: 512x768, "
    "Model hash: 6ce0161689, Model: base, VAE hash: 735e4c3a44, VAE: vae-ft-mse-840000-ema-pruned.safetensors, "
    "Denoising strength: 0.45, Clip skip: 2, Hires upscale: 1.5, Hires steps: 12, Hires upscaler: {upscaler}, "
    'Lora hashes: "Ink: 0123456789ab, flat: ba9876543210", Version: v1.9.4'
)


def files(folder: str) -> tuple[str, ...]:
    return FILES.get(folder, ())


def imported(text: str) -> Imported:
    parsed = parse_parameters(text)
    assert parsed is not None
    return workflow_of_parameters(parsed, "base.safetensors", CATALOG, files)


def only(workflow: dict[str, NodeCall], class_type: str) -> dict[str, Any]:
    (call,) = (call for call in workflow.values() if call.class_type == class_type)
    return dict(call.inputs)


def test_prompts_of_several_lines_and_the_settings_are_told_apart() -> None:
    text = parse_parameters(f"a cat:\r\nsecond line\nNegative prompt: dog\nfog\n{SETTINGS}")
    assert text is not None
    assert (text.prompt, text.negative) == ("a cat:\nsecond line", "dog\nfog")
    assert text.settings["Size"] == "512x768"
    assert text.settings["Seed"] == "18446744073709551615"


def test_a_text_may_have_no_prompt_or_no_negative_prompt() -> None:
    for text, prompts in (
        (SETTINGS, ("", "")),
        (f"a\n{SETTINGS}", ("a", "")),
        (f"Negative prompt: b\n{SETTINGS}", ("", "b")),
    ):
        parsed = parse_parameters(text)
        assert parsed is not None
        assert (parsed.prompt, parsed.negative) == prompts


def test_values_with_commas_are_quoted_texts_lists_or_objects() -> None:
    quoted = 'Model: "cat, v1: \\"final\\"", Hashes: {"model": "ab", "vae": "c,d"}, Civitai resources: [{"a": 1}, {}]'
    text = parse_parameters(f"{SETTINGS}, {quoted}, Last: 1")
    assert text is not None
    assert text.settings["Model"] == 'cat, v1: "final"'
    assert text.settings["Hashes"] == '{"model": "ab", "vae": "c,d"}'
    assert text.settings["Civitai resources"] == '[{"a": 1}, {}]'
    assert text.settings["Last"] == "1"


@pytest.mark.parametrize("text", ["", "a cat", "a: b, c: d, e: f", '{"1": {}}', "Steps: 20"])
def test_other_texts_are_none_of_these(text: str) -> None:
    assert parse_parameters(text) is None


def test_tags_are_taken_out_of_the_prompt() -> None:
    prompt = (
        "a <lora:x:0.8> cat, <lyco:y:te=0.5:unet=1> <hypernet:h:0.3><lora:z> (b:1.1) <lora:w:0.1:0.9> <lora:q:oops>"
    )
    assert take_tags(prompt) == (
        "a cat, (b:1.1) <lora:q:oops>",
        [
            Tag("lora", "x", 0.8, 0.8),
            Tag("lora", "y", 1.0, 0.5),
            Tag("hypernet", "h", 0.3, 0.3),
            Tag("lora", "z", 1.0, 1.0),
            Tag("lora", "w", 0.9, 0.1),
        ],
    )


@pytest.mark.parametrize(
    ("sampler", "schedule", "expected"),
    [
        ("DPM++ 2M Karras", None, ("dpmpp_2m", "karras")),
        ("DPM++ 2M SDE Exponential", None, ("dpmpp_2m_sde", "exponential")),
        ("DPM++ SDE", None, ("dpmpp_sde", "normal")),  # before version 1.9 no schedule meant the plain one
        ("DPM++ SDE", "Automatic", ("dpmpp_sde", "karras")),  # since then, the sampler's own
        ("DPM++ 3M SDE", "Automatic", ("dpmpp_3m_sde", "exponential")),
        ("Euler a", "Automatic", ("euler_ancestral", "normal")),
        ("Euler", "SGM Uniform", ("euler", "sgm_uniform")),
        ("Euler SGM Uniform", None, ("euler", "sgm_uniform")),
        ("Euler", "Uniform", ("euler", "normal")),
        ("DDIM", None, ("ddim", "ddim_uniform")),
        ("er_sde", "linear_quadratic", ("er_sde", "linear_quadratic")),
        ("Restart", None, None),
        ("Euler", "Turbo", None),
    ],
)
def test_samplers_are_found_by_new_and_old_names(
    sampler: str, schedule: str | None, expected: tuple[str, str] | None
) -> None:
    ports = CATALOG["KSampler"].by_name
    assert (
        sampling(sampler, schedule, ports["sampler_name"].choices or (), ports["scheduler"].choices or ()) == expected
    )


def test_every_sampler_and_scheduler_that_a_name_stands_for_is_there() -> None:
    ports = CATALOG["KSampler"].by_name
    samplers, schedulers = (set(ports[name].choices or ()) for name in ("sampler_name", "scheduler"))
    for sampler, scheduler in (*SAMPLERS.values(), *STAND_INS.values()):
        assert sampler in samplers
        assert scheduler in schedulers
    for name, label in SAMPLER_LABELS.items():
        found = sampling(label, "Karras", samplers, schedulers)
        assert found is not None
        assert SAMPLER_LABELS[found[0]] == label
        assert name.removesuffix("_gpu") == found[0]
    for name, label in SCHEDULER_LABELS.items():
        assert sampling("Euler", label, samplers, schedulers) == ("euler", name)


def test_what_is_written_here_comes_back_as_the_same_settings() -> None:
    written = Parameters("a (red:1.2) cat", "fog", 25, "er_sde", "beta", 6.5, 2**64 - 1, 512, 768, "0.1", clip_skip=2)
    result = imported(parameters_text(written))
    assert result.notes == ()
    (output,) = (number for number, call in result.workflow.items() if call.class_type == "SaveImage")
    read = summary(result.workflow, output)
    assert read is not None
    assert replace(read, version="0.1") == replace(written, model="base.safetensors")


def test_a_plain_text_makes_one_sampling() -> None:
    result = imported(f"a cat\nNegative prompt: dog\n{SETTINGS}")
    assert result.notes == ()
    assert validate(result.workflow, CATALOG, files) == []
    sampled = only(result.workflow, "KSampler")
    assert (sampled["steps"], sampled["cfg"], sampled["seed"]) == (20, 7, 2**64 - 1)
    assert (sampled["sampler_name"], sampled["scheduler"], sampled["denoise"]) == ("dpmpp_2m", "karras", 1.0)
    assert only(result.workflow, "EmptyLatentImage") == {"width": 512, "height": 768, "batch_size": 1}
    positive = result.workflow[sampled["positive"].node]
    assert positive.class_type == "PromptEncode"
    assert positive.inputs["text"] == "a cat"


def test_hires_fix_enlarges_the_latent_and_samples_again() -> None:
    workflow = imported(HIRES.format(upscaler="Latent (nearest-exact)")).workflow
    first, second = (call.inputs for call in workflow.values() if call.class_type == "KSampler")
    enlarged = only(workflow, "LatentUpscale")
    assert enlarged["upscale_method"] == "nearest-exact"
    assert (enlarged["width"], enlarged["height"]) == (768, 1152)
    assert workflow[enlarged["samples"].node].inputs == first
    assert (first["steps"], first["denoise"], second["steps"], second["denoise"]) == (20, 1.0, 12, 0.45)
    assert (first["seed"], second["seed"]) == (5, 5)


def test_hires_fix_with_a_model_enlarges_pixels_and_fits_them() -> None:
    workflow = imported(HIRES.format(upscaler="R-ESRGAN 4x+") + ", Hires resize: 0x1000").workflow
    assert only(workflow, "UpscaleModelLoader") == {"model_name": "RealESRGAN_x4plus.pth"}
    scaled = only(workflow, "ImageScale")
    assert (scaled["width"], scaled["height"]) == (664, 1000)  # 666 is off the latent's grid
    encoded = only(workflow, "VAEEncode")
    assert workflow[encoded["vae"].node].class_type == "VAELoader"
    assert only(workflow, "VAELoader") == {"vae_name": "vae-ft-mse-840000-ema-pruned.safetensors"}


def test_loras_are_chained_in_order_before_the_clip_skip() -> None:
    workflow = imported(HIRES.format(upscaler="Latent").partition(", Hires")[0] + ", RNG: CPU").workflow
    loader, ink, flat, skip = list(workflow.items())[:1] + [
        entry for entry in workflow.items() if entry[1].class_type in ("LoraLoader", "CLIPSetLastLayer")
    ]
    assert ink[1].inputs == {
        "model": Link(loader[0], 0),
        "clip": Link(loader[0], 1),
        "lora_name": "styles/Ink.safetensors",
        "strength_model": 0.8,
        "strength_clip": 0.8,
    }
    assert flat[1].inputs == {
        "model": Link(ink[0], 0),
        "clip": Link(ink[0], 1),
        "lora_name": "flat.safetensors",
        "strength_model": 0.25,
        "strength_clip": 0.5,
    }
    assert skip[1].inputs == {"clip": Link(flat[0], 1), "stop_at_clip_layer": -2}
    assert only(workflow, "KSampler")["model"] == Link(flat[0], 0)


def test_bare_names_of_textual_inversions_become_embeddings() -> None:
    workflow = imported(f"a bad-hands-5x\nNegative prompt: (easynegative:1.2), bad-hands-5\n{SETTINGS}").workflow
    texts = [call.inputs["text"] for call in workflow.values() if call.class_type == "PromptEncode"]
    assert texts == ["a bad-hands-5x", "(embedding:EasyNegative:1.2), embedding:bad/bad-hands-5"]


def test_what_is_not_carried_over_is_told() -> None:
    text = f"a\n{SETTINGS.removesuffix(', RNG: CPU')}, Variation seed: 4, ENSD: 31337, Denoising strength: 0.4"
    notes = " ".join(imported(text).notes)
    assert "Variation seed: 4, ENSD: 31337" in notes
    assert "made from another one" in notes
    assert "graphics card" in notes
    replaced = imported("a\nSteps: 5, Sampler: PLMS, Seed: x, RNG: CPU")
    assert "PLMS" in replaced.notes[0]
    assert any('"Seed: x" is no number' in note for note in replaced.notes)
    assert only(replaced.workflow, "KSampler")["sampler_name"] == "ipndm"


def test_a_lora_that_is_not_there_keeps_its_name_for_the_person_to_read() -> None:
    workflow = imported(f"<lora:gone:1>\n{SETTINGS}").workflow
    assert only(workflow, "LoraLoader")["lora_name"] == "gone.safetensors"


@pytest.mark.parametrize("setting", ["Hires upscale: inf", "Size: 0x512, Hires resize: 64x0", "Hires upscale: nan"])
def test_settings_that_make_no_sense_end_in_no_stack_trace(setting: str) -> None:
    workflow = imported(f"a\nSteps: 2, Sampler: Euler, Seed: 1, Denoising strength: 0.5, {setting}").workflow
    size = only(workflow, "LatentUpscale")
    assert size["width"] > 0
    assert size["height"] > 0
