"""From words to a workflow: which nodes stand in it, and how they are joined."""

from typing import Any

from safelight.graph.document import Link, NodeCall
from safelight.graph.request import ImageRequest, workflow_of


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
