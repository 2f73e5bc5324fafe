"""From words to a workflow: which nodes stand in it, and how they are joined."""

from typing import Any

import pytest

from safelight.graph.canvas import blurs
from safelight.graph.check import find_problems
from safelight.graph.document import Link, NodeCall
from safelight.graph.request import ImageRequest, Prompted, workflow_of
from safelight.graph.wanted import Area, Control, Lora, Outpaint, Upscale, Variation
from tests.studio import CATALOG


def workflow(**changes: Any) -> dict[str, NodeCall]:
    usual: dict[str, Any] = {
        "prompt": "a cat",
        "negative": "a dog",
        "checkpoint": "m.safetensors",
        "steps": 12,
        "cfg": 6.5,
        "sampler": "dpmpp_2m",
        "scheduler": "karras",
        "seed": 42,
        "width": 640,
        "height": 480,
    }
    return workflow_of(ImageRequest(**(usual | changes)))


def inputs(graph: dict[str, NodeCall], class_type: str) -> dict[str, Any]:
    (call,) = (call for call in graph.values() if call.class_type == class_type)
    return dict(call.inputs)


def types(graph: dict[str, NodeCall]) -> list[str]:
    return [call.class_type for call in graph.values()]


def behind(graph: dict[str, NodeCall], link: object) -> NodeCall:
    assert isinstance(link, Link)
    return graph[link.node]


def test_a_picture_from_words_takes_seven_nodes() -> None:
    graph = workflow()
    assert types(graph) == [
        "CheckpointLoaderSimple",
        "CLIPTextEncode",
        "CLIPTextEncode",
        "EmptyLatentImage",
        "KSampler",
        "VAEDecode",
        "SaveImage",
    ]
    sampler = inputs(graph, "KSampler")
    assert behind(graph, sampler["positive"]).inputs["text"] == "a cat"
    assert behind(graph, sampler["negative"]).inputs["text"] == "a dog"
    numbers = {name: sampler[name] for name in ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")}
    assert numbers == {
        "seed": 42,
        "steps": 12,
        "cfg": 6.5,
        "sampler_name": "dpmpp_2m",
        "scheduler": "karras",
        "denoise": 1.0,
    }
    assert inputs(graph, "EmptyLatentImage") == {"width": 640, "height": 480, "batch_size": 1}
    assert inputs(graph, "VAEDecode")["vae"] == Link("1", 2)


def test_every_node_has_a_title_for_people() -> None:
    graph = workflow(clip_skip=2, vae="v.safetensors", init_image="a.png", mask="m.png", batch=2)
    titles = [call.title for call in graph.values()]
    assert all(titles)
    assert len(set(titles)) == len(titles)


def test_another_vae_decodes_and_encodes() -> None:
    graph = workflow(vae="v.safetensors", init_image="a.png")
    for class_type in ("VAEDecode", "VAEEncode"):
        assert behind(graph, inputs(graph, class_type)["vae"]).inputs == {"vae_name": "v.safetensors"}


def test_clip_skip_counts_from_the_last_layer() -> None:
    graph = workflow(clip_skip=2)
    assert inputs(graph, "CLIPSetLastLayer") == {"clip": Link("1", 1), "stop_at_clip_layer": -2}
    encoders = [call for call in graph.values() if call.class_type == "CLIPTextEncode"]
    assert [behind(graph, call.inputs["clip"]).class_type for call in encoders] == ["CLIPSetLastLayer"] * 2


def test_the_a1111_syntax_is_read_over_the_samplers_steps() -> None:
    graph = workflow(syntax="a1111")
    assert "CLIPTextEncode" not in types(graph)
    for call in graph.values():
        if call.class_type == "PromptEncode":
            read = (call.inputs["syntax"], call.inputs["weighting"], call.inputs["steps"])
            assert read == ("a1111", "a1111", 12)


def test_a_picture_to_start_from_is_scaled_and_encoded() -> None:
    graph = workflow(init_image="a.png", denoise=0.6)
    assert "EmptyLatentImage" not in types(graph)
    sampler = inputs(graph, "KSampler")
    assert sampler["denoise"] == 0.6
    encode = behind(graph, sampler["latent_image"])
    scale = behind(graph, encode.inputs["pixels"])
    assert (scale.inputs["width"], scale.inputs["height"], scale.inputs["crop"]) == (640, 480, "center")
    assert behind(graph, scale.inputs["image"]).inputs == {"image": "a.png"}


def test_a_mask_is_scaled_with_its_picture_and_white_is_repainted() -> None:
    graph = workflow(init_image="a.png", mask="m.png")
    masked = behind(graph, inputs(graph, "KSampler")["latent_image"])
    assert masked.class_type == "SetLatentNoiseMask"
    mask = behind(graph, masked.inputs["mask"])
    assert (mask.class_type, mask.inputs["channel"]) == ("ImageToMask", "red")
    scale = behind(graph, mask.inputs["image"])
    assert (scale.inputs["width"], scale.inputs["height"], scale.inputs["crop"]) == (640, 480, "center")


def test_a_batch_from_words_is_one_latent() -> None:
    assert inputs(workflow(batch=3), "EmptyLatentImage")["batch_size"] == 3


def test_a_batch_from_a_picture_repeats_its_latent_with_its_mask() -> None:
    graph = workflow(init_image="a.png", mask="m.png", batch=3)
    repeated = behind(graph, inputs(graph, "KSampler")["latent_image"])
    assert (repeated.class_type, repeated.inputs["amount"]) == ("RepeatLatentBatch", 3)
    assert behind(graph, repeated.inputs["samples"]).class_type == "SetLatentNoiseMask"


def test_what_a_mask_keeps_is_pasted_back_over_the_decoded_picture() -> None:
    for batch in (1, 3):
        graph = workflow(init_image="a.png", mask="m.png", mask_feather=5, batch=batch)
        pasted = inputs(graph, "ImageCompositeMasked")
        kept = behind(graph, pasted["destination"])
        if batch > 1:
            assert (kept.class_type, kept.inputs["amount"]) == ("RepeatImageBatch", 3)
            kept = behind(graph, kept.inputs["image"])
        assert kept is behind(graph, inputs(graph, "VAEEncode")["pixels"])
        assert behind(graph, pasted["source"]).class_type == "VAEDecode"
        assert pasted["mask"] == inputs(graph, "SetLatentNoiseMask")["mask"]
        assert inputs(graph, "ImageBlur")["blur_radius"] == 5
        assert behind(graph, inputs(graph, "SaveImage")["images"]).inputs == pasted


def test_a_wide_soft_edge_takes_several_blurs_whose_deviations_add_up() -> None:
    assert [blurs(feather) for feather in (0, 1, 31, 44, 62)] == [0, 1, 1, 2, 4]


def test_of_an_area_only_that_is_sampled_and_it_is_put_back_where_it_was() -> None:
    area = Area(40, 24, 96, 64, of=(300, 200))
    graph = workflow(init_image="a.png", mask="m.png", area=area)
    cuts = [call.inputs for call in graph.values() if call.class_type == "ImageCrop"]
    assert [(cut["x"], cut["y"], cut["width"], cut["height"]) for cut in cuts] == [(40, 24, 96, 64)] * 2
    pasted = inputs(graph, "ImageCompositeMasked")
    assert (pasted["x"], pasted["y"]) == (40, 24)
    assert behind(graph, pasted["destination"]).class_type == "LoadImage"
    back = behind(graph, pasted["source"])
    assert (back.class_type, back.inputs["width"], back.inputs["height"]) == ("ImageScale", 96, 64)


def test_a_picture_is_extended_on_a_canvas_of_its_own_colours() -> None:
    graph = workflow(init_image="a.png", mask="m.png", outpaint=Outpaint(left=64, bottom=32, feather=16))
    padded = inputs(graph, "ImagePadForOutpaint")
    assert (padded["left"], padded["bottom"], padded["feathering"]) == (64, 32, 16)
    fitted = behind(graph, padded["image"])
    assert (fitted.inputs["width"], fitted.inputs["height"]) == (640 - 64, 480 - 32)
    encoded = behind(graph, inputs(graph, "VAEEncode")["pixels"])
    assert (encoded.class_type, encoded.inputs["x"], encoded.inputs["y"]) == ("ImageCompositeMasked", 64, 0)
    around = behind(graph, behind(graph, encoded.inputs["destination"]).inputs["image"])
    assert (around.inputs["width"], around.inputs["height"]) == (640, 480)
    assert inputs(graph, "MaskComposite")["operation"] == "add"


def test_loras_are_laid_on_one_after_another_before_the_prompts_are_read() -> None:
    graph = workflow(loras=(Lora("a.safetensors", 0.5), Lora("b.safetensors", -1.0)), clip_skip=2)
    second = behind(graph, inputs(graph, "KSampler")["model"])
    first = behind(graph, second.inputs["model"])
    assert (first.inputs["lora_name"], first.inputs["strength_clip"]) == ("a.safetensors", 0.5)
    assert (second.inputs["lora_name"], second.inputs["strength_model"]) == ("b.safetensors", -1.0)
    assert behind(graph, inputs(graph, "CLIPSetLastLayer")["clip"]) is second


def test_pictures_are_followed_one_after_another_in_the_shape_of_what_is_made() -> None:
    canny, depth = Control("a", "a.png", preprocess="canny"), Control("b", "b.png", 0.5, 0.1, 0.6, "depth")
    graph = workflow(controls=(canny, depth, Control("c", "c.png")))
    applied = behind(graph, inputs(graph, "KSampler")["positive"])
    looked_at = []
    while applied.class_type == "ControlNetApplyAdvanced":
        looked_at.append(behind(graph, applied.inputs["image"]).class_type)
        assert applied.inputs["positive"] != applied.inputs["negative"]
        last = applied
        applied = behind(graph, applied.inputs["positive"])
    assert looked_at == ["ImageScale", "ControlNetPreprocessor", "Canny"]
    assert last.inputs["strength"] == 1.0
    assert inputs(graph, "ControlNetPreprocessor") | {"image": None} == {
        "image": None,
        "kind": "depth",
        "resolution": 512,
    }


def test_a_second_pass_samples_the_enlarged_picture_with_the_same_words_and_seed() -> None:
    graph = workflow(upscale=Upscale(1.5, 0.3, steps=6, model="x4.pth"))
    first, second = (call.inputs for call in graph.values() if call.class_type == "KSampler")
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"steps", "denoise", "latent_image"}
    scaled = behind(graph, behind(graph, second["latent_image"]).inputs["pixels"])
    assert (scaled.inputs["width"], scaled.inputs["height"]) == (960, 720)
    assert behind(graph, scaled.inputs["image"]).class_type == "ImageUpscaleWithModel"
    plain = workflow(upscale=Upscale(2.0, 0.0))
    assert types(plain).count("KSampler") == 1
    assert behind(plain, inputs(plain, "SaveImage")["images"]).inputs["width"] == 1280


def test_a_variation_mixes_other_noise_in_and_none_of_it_is_the_plain_picture() -> None:
    mixed = inputs(workflow(variation=Variation(9, 0.25)), "KSamplerVariation")
    assert (mixed["seed"], mixed["variation_seed"], mixed["variation_strength"]) == (42, 9, 0.25)
    assert workflow(variation=Variation(9, 0.0)) == workflow()


FILES = {
    "checkpoints": ("m.safetensors",),
    "input": ("a.png", "m.png"),
    "loras": ("l",),
    "controlnet": ("c",),
    "ipadapter": ("i",),
    "clip_vision": ("v",),
    "upscale_models": ("u",),
}
EVERYTHING: dict[str, Any] = {
    "init_image": "a.png",
    "mask": "m.png",
    "mask_feather": 40,
    "batch": 2,
    "loras": (Lora("l"), Lora("l")),
    "controls": (Control("c", "a.png", preprocess="canny"), Control("c", "a.png", preprocess="hed")),
    "references": (Prompted("a.png", 0.5, "i", "v"), Prompted("m.png", 1.0, "i", "v")),
    "upscale": Upscale(2.0, 0.3, None, "u"),
    "variation": Variation(3, 0.5),
    "clip_skip": 2,
    "syntax": "a1111",
}


@pytest.mark.parametrize("more", [{"outpaint": Outpaint(8, 8, 8, 8)}, {"area": Area(0, 0, 64, 64, of=(100, 100))}])
def test_with_everything_at_once_nothing_is_wrong_with_it_and_every_title_is_another(more: dict[str, Any]) -> None:
    graph = workflow(**EVERYTHING, **more)
    assert find_problems(graph, CATALOG, lambda folder: FILES.get(folder, ()), lambda folder, name: None) == []
    titles = [call.title for call in graph.values()]
    assert sorted(set(titles)) == sorted(titles)
