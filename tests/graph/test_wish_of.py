"""From a workflow back to a wish: what is wished for again comes to the same workflow."""

from dataclasses import replace
from typing import Any

import pytest

from safelight.files.folders import Folders
from safelight.graph.document import Link, NodeCall
from safelight.graph.request import ImageRequest, workflow_of
from safelight.graph.wanted import Area, Control, Lora, Outpaint, Upscale, Variation
from safelight.graph.wish import Wish, requests_of
from safelight.graph.wish_of import loras_of, made_with, shown_by, sound, vae_of, wish_of

REQUEST = ImageRequest(
    prompt="a cat",
    negative="a dog",
    checkpoint="starter-128.safetensors",
    steps=12,
    cfg=6.5,
    sampler="dpmpp_2m",
    scheduler="karras",
    seed=42,
    width=128,
    height=96,
)
PARTS = {"loras": Lora, "controls": Control}
PART = {"outpaint": Outpaint, "upscale": Upscale, "variation": Variation}


def wished(request: ImageRequest) -> dict[str, Any]:
    graph = workflow_of(request)
    output = shown_by(graph)
    assert output is not None
    found = wish_of(graph, output)
    assert found is not None
    return found


def as_wish(found: dict[str, Any]) -> Wish:
    """A wish as the server makes one of what was sent."""
    many = {name: tuple(kind(**each) for each in found[name]) for name, kind in PARTS.items() if name in found}
    one = {name: kind(**found[name]) for name, kind in PART.items() if name in found}
    return Wish(**found | many | one)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"batch": 3, "clip_skip": 2, "negative": ""},
        {"syntax": "a1111", "cfg": 0.0, "seed": 0},
        {"upscale": Upscale(2.0, 0.3, 9)},
        {"upscale": Upscale(1.5, 0.0)},
        {"variation": Variation(7, 0.2)},
        {"init_image": "a.png", "denoise": 0.6},
        {"init_image": "sub/a.png", "denoise": 1.0, "batch": 2},
        {"init_image": "a.png", "mask": "m.png", "denoise": 0.5},
        {"init_image": "a.png", "mask": "m.png", "mask_feather": 20, "upscale": Upscale(2.0, 0.5, None)},
        {"init_image": "a.png", "outpaint": Outpaint(8, 0, 16, 24, 12), "denoise": 0.9, "upscale": Upscale(2.0)},
        {"init_image": "a.png", "outpaint": Outpaint(8, 0, 16, 24, 12), "mask": "m.png", "denoise": 0.9},
    ],
)
def test_what_is_wished_for_again_is_the_same_request(changes: dict[str, Any], home: Any) -> None:
    margins = changes.get("outpaint", Outpaint())
    size = {"width": 128 + margins.left + margins.right, "height": 96 + margins.top + margins.bottom}
    request = replace(REQUEST, **{**size, **changes})
    folders = Folders.at(home)
    folders.make()
    start = (128, 96) if request.init_image else None
    (again,) = requests_of(as_wish(wished(request)), folders, start)
    assert workflow_of(again) == workflow_of(request)


def test_models_and_pictures_beside_the_prompt_are_told_in_their_order() -> None:
    loras = (Lora("a.safetensors", 0.8), Lora("deep/b.safetensors", -0.5))
    controls = (
        Control("canny.pth", "a.png", 0.7, 0.1, 0.9, "canny"),
        Control("depth.pth", "b.png", preprocess="depth_midas"),
        Control("plain.pth", "c.png"),
    )
    found = wished(replace(REQUEST, loras=loras, controls=controls, vae="v.safetensors"))
    assert [Lora(**lora) for lora in found["loras"]] == list(loras)
    assert [Control(**control) for control in found["controls"]] == list(controls)
    assert (found["vae"], found["checkpoint"]) == ("v.safetensors", "starter-128.safetensors")


def test_a_part_of_a_picture_is_told_as_such_without_a_size() -> None:
    area = Area(8, 8, 64, 48, of=(640, 480))
    found = wished(replace(REQUEST, init_image="a.png", mask="m.png", denoise=0.5, area=area))
    assert found["inpaint_area"] == "masked"
    assert not {"width", "height", "upscale"} & found.keys()


def test_a_latent_made_larger_between_two_samplers_is_a_second_pass() -> None:
    graph = workflow_of(REQUEST)
    sampler = next(name for name, call in graph.items() if call.class_type == "KSampler")
    decoder = next(name for name, call in graph.items() if call.class_type == "VAEDecode")
    graph["20"] = NodeCall("LatentUpscaleBy", {"samples": Link(sampler), "upscale_method": "bislerp", "scale_by": 1.5})
    second = {**graph[sampler].inputs, "latent_image": Link("20"), "steps": 8, "denoise": 0.5, "seed": 9}
    graph["21"] = NodeCall("KSampler", second)
    graph[decoder] = graph[decoder]._replace(inputs={**graph[decoder].inputs, "samples": Link("21")})
    output = shown_by(graph)
    assert output is not None
    found = wish_of(graph, output)
    assert found is not None
    assert found["upscale"] == {"by": 1.5, "denoise": 0.5, "steps": 8, "model": None}
    assert (found["seed"], found["steps"], found["width"]) == (42, 12, 128)
    made = made_with(graph, output)
    assert made is not None
    assert (made.steps, made.denoise) == (12, 1.0)


def test_what_samples_nothing_is_no_wish() -> None:
    graph = {"1": NodeCall("LoadImage", {"image": "a.png"}), "2": NodeCall("SaveImage", {"images": Link("1")})}
    assert (shown_by(graph), wish_of(graph, "2"), loras_of(graph, "2"), vae_of(graph, "2")) == (None, None, [], None)
    assert shown_by({}) is None


def test_circles_links_to_nowhere_and_odd_values_harm_nobody() -> None:
    graph = workflow_of(replace(REQUEST, loras=(Lora("a"),), upscale=Upscale()))
    for name, call in graph.items():
        for port, value in call.inputs.items():
            for odd in (Link("nowhere"), Link(name), [1], None, 2**70, "x"):
                changed = sound({**graph, name: call._replace(inputs={**call.inputs, port: odd})})
                for output in graph:
                    wish_of(changed, output)
                    loras_of(changed, output)
                    vae_of(changed, output)
            assert value == call.inputs[port]
