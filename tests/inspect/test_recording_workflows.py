"""Whole workflows of many kinds are recorded, and what is recorded is found by their samplers."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from safelight.files.film import write_film
from safelight.files.folders import RECORDINGS, recording_name
from safelight.graph.document import Link
from safelight.graph.first_prompt import first_prompt
from safelight.graph.work import samplings, work_of
from safelight.inspect.recording import Recording, open_recording
from safelight.prompts.reading import read_prompt
from safelight.protocol.events import Done
from tests import controls, tiny
from tests.inspect.test_checkpoint import lora_tensors
from tests.studio import SIDE, Graph, Studio, changed, node_of, text_to_image

ALWAYS = SIDE * SIDE * 4


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    """A home with pictures, a ControlNet, a LoRA and a textual inversion."""
    studio = Studio(tmp_path_factory.mktemp("home"))
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)
    Image.fromarray(noise[..., :3]).save(studio.path("input", "noise.png"))
    noise[..., 3] = np.where(np.arange(SIDE) < SIDE // 2, 255, 0)  # LoadImage's mask is what is see-through
    Image.fromarray(noise).save(studio.path("input", "half.png"))
    controls.write(studio.path("controlnet", "c.safetensors"), controls.controlnet_tensors(tiny.SD1_UNET, "ldm"))
    save_file(lora_tensors(), studio.path("loras", "l.safetensors"))
    rows = np.random.default_rng(1).standard_normal((3, 64), dtype=np.float32)
    save_file({"emb_params": torch.from_numpy(rows)}, studio.path("embeddings", "mine.safetensors"))
    return studio


def recorded(studio: Studio, graph: Graph) -> list[Recording]:
    """The recordings of all samplers behind the saved picture, the last first; each can be drawn as films."""
    ran = studio.run(graph, record_pixels=ALWAYS)
    assert isinstance(ran.end, Done), ran.end
    found = []
    for node in samplings(graph, node_of(graph, "SaveImage")):
        path = studio.path(RECORDINGS, recording_name(work_of(graph, node)))
        run = open_recording(path)
        for what in ("denoised", "noisy", *(("guidance",) if run.guidance.size else ())):
            assert write_film(path, what)[:4] == b"RIFF"
        found.append(run)
    return found


def heard_words(studio: Studio, graph: Graph, run: Recording) -> int:
    """How many tokens the words of the sampler have, all of which have a map."""
    prompt = first_prompt(graph, samplings(graph, node_of(graph, "SaveImage"))[0])
    assert prompt is not None
    read = read_prompt(prompt.text, prompt.syntax, studio.folders.directories["embeddings"])
    assert run.attention.shape[2] == 77 * read.chunks
    return len(read.tokens)


def test_sdxl_with_a_text_for_each_encoder(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sdxl"), width=SIDE, height=SIDE * 2)
    two = {"text_g": "a large cat", "text_l": "a small cat on a mat", "width": 64, "height": 128, "crop_w": 0}
    size = {
        "crop_h": 0,
        "target_width": 64,
        "target_height": 128,
        "clip": Link(node_of(graph, "CheckpointLoaderSimple"), 1),
    }
    graph = changed(graph, "KSampler", positive=Link(graph.add("CLIPTextEncodeSDXL", **two, **size)))
    (run,) = recorded(studio, graph)
    assert run.head.family == "SDXL"
    assert run.noisy.shape[-2:] == (SIDE // 4, SIDE // 8)
    assert heard_words(studio, graph, run) == 3


def test_a_picture_repainted_in_part_by_an_inpainting_model(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1-inpaint"))
    vae = Link(node_of(graph, "CheckpointLoaderSimple"), 2)
    image = graph.add("LoadImage", image="half.png")
    sampler = graph[node_of(graph, "KSampler")].inputs
    shown = {"positive": sampler["positive"], "negative": sampler["negative"], "vae": vae, "pixels": Link(image)}
    node = graph.add("InpaintModelConditioning", **shown, mask=Link(image, 1), noise_mask=True)
    links = {"positive": Link(node), "negative": Link(node, 1), "latent_image": Link(node, 2)}
    (run,) = recorded(studio, changed(graph, "KSampler", **links))
    assert run.noisy.shape[2] == 4
    assert run.attention_of(list(range(77))) == pytest.approx(1, abs=77 * run.attention_top / 255)


def test_a_picture_made_from_another_begins_half_way(studio: Studio) -> None:
    (run,) = recorded(studio, text_to_image(studio.checkpoint("sd1"), init_image="noise.png", denoise=0.5, steps=2))
    assert len(run.step_sigmas) == 2
    assert run.step_sigmas[0] < 5


def test_both_samplers_of_a_picture_that_was_enlarged(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"))
    first = node_of(graph, "KSampler")
    larger = graph.add("LatentUpscaleBy", samples=Link(first), upscale_method="nearest-exact", scale_by=1.5)
    second = graph.add("KSampler", **{**graph[first].inputs, "latent_image": Link(larger), "denoise": 0.5})
    last, before = recorded(studio, changed(graph, "VAEDecode", samples=Link(second)))
    assert (last.head.width, before.head.width) == (12, 8)
    assert last.step_sigmas[0] < before.step_sigmas[0]


def test_a_sampler_of_parts_is_recorded_as_the_one_in_one_piece(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"))
    (whole,) = recorded(studio, graph)
    inputs = graph[node_of(graph, "KSampler")].inputs
    prompts = {name: inputs[name] for name in ("model", "positive", "negative", "cfg")}
    wanted = {"scheduler": "normal", "steps": 2, "denoise": 1.0}
    parts = {
        "noise": Link(graph.add("RandomNoise", noise_seed=7)),
        "guider": Link(graph.add("CFGGuider", **prompts)),
        "sampler": Link(graph.add("KSamplerSelect", sampler_name="euler")),
        "sigmas": Link(graph.add("BasicScheduler", model=inputs["model"], **wanted)),
    }
    node = graph.add("SamplerCustomAdvanced", **parts, latent_image=inputs["latent_image"])
    graph = changed(graph, "VAEDecode", samples=Link(node))
    (run,) = recorded(studio, graph)
    np.testing.assert_array_equal(run.denoised, whole.denoised)
    np.testing.assert_array_equal(run.attention, whole.attention)
    assert heard_words(studio, graph, run) == 5


def test_a_lora_and_a_learned_word_under_a_controlnet(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"), prompt="a cat, embedding:mine, (red:0)", batch=3)
    loader = node_of(graph, "CheckpointLoaderSimple")
    strengths = {"lora_name": "l.safetensors", "strength_model": 0.5, "strength_clip": 0.5}
    laid = graph.add("LoraLoader", model=Link(loader), clip=Link(loader, 1), **strengths)
    graph = changed(graph, "CLIPTextEncode", clip=Link(laid, 1))
    inputs = graph[node_of(graph, "KSampler")].inputs
    net = Link(graph.add("ControlNetLoader", control_net_name="c.safetensors"))
    image = Link(graph.add("LoadImage", image="noise.png"))
    steering = {"control_net": net, "image": image, "strength": 1.0, "start_percent": 0.0, "end_percent": 0.5}
    node = graph.add("ControlNetApplyAdvanced", positive=inputs["positive"], negative=inputs["negative"], **steering)
    graph = changed(graph, "KSampler", model=Link(laid), positive=Link(node), negative=Link(node, 1))
    (run,) = recorded(studio, graph)
    assert run.noisy.shape[1] == run.attention.shape[1] == 3
    assert heard_words(studio, graph, run) == 8  # a cat , and three rows , red


def test_a_prompt_that_changes_on_the_way_in_the_syntax_of_a1111(studio: Studio) -> None:
    prompt = "a [cat:dog:0.5] BREAK on a mat AND a fox"
    graph = text_to_image(studio.checkpoint("sd1"), prompt=prompt, syntax="a1111", steps=4)
    (run,) = recorded(studio, graph)
    assert heard_words(studio, graph, run) == 5
    heard = run.attention.any(axis=(1, 2, 3, 4))
    assert heard.tolist() == [True, True, False, False]
