"""What a workflow makes, in the few words people exchange."""

from typing import Any

from safelight import __version__
from safelight.files.parameters import Parameters
from safelight.graph.document import Link, NodeCall
from safelight.graph.request import ImageRequest, workflow_of
from safelight.graph.summary import summary

REQUEST: dict[str, Any] = {
    "prompt": "a cat",
    "negative": "a dog",
    "checkpoint": "sub/m.safetensors",
    "steps": 12,
    "cfg": 6.5,
    "sampler": "dpmpp_2m",
    "scheduler": "karras",
    "seed": 42,
    "width": 640,
    "height": 480,
}


def workflow(**changes: Any) -> dict[str, NodeCall]:
    return workflow_of(ImageRequest(**(REQUEST | changes)))


def told(graph: dict[str, NodeCall]) -> Parameters:
    save = next(number for number, call in graph.items() if call.class_type == "SaveImage")
    found = summary(graph, save)
    assert found is not None
    return found


def changed(graph: dict[str, NodeCall], class_type: str, **inputs: object) -> dict[str, NodeCall]:
    return {
        number: call._replace(inputs={**call.inputs, **inputs}) if call.class_type == class_type else call
        for number, call in graph.items()
    }


def test_a_request_is_told_back() -> None:
    assert told(workflow()) == Parameters(
        prompt="a cat",
        negative="a dog",
        steps=12,
        sampler="dpmpp_2m",
        scheduler="karras",
        cfg=6.5,
        seed=42,
        width=640,
        height=480,
        model="sub/m.safetensors",
        version=__version__,
    )


def test_clip_skip_and_denoise_are_told() -> None:
    found = told(workflow(clip_skip=2, init_image="a.png", denoise=0.6))
    assert (found.clip_skip, found.denoise, found.width, found.height) == (2, 0.6, 640, 480)


def test_prompts_in_the_a1111_syntax_are_told() -> None:
    found = told(workflow(syntax="a1111"))
    assert (found.prompt, found.negative) == ("a cat", "a dog")


def test_the_model_is_found_behind_what_changes_it() -> None:
    graph = workflow()
    graph["patch"] = NodeCall("RescaleCFG", {"model": Link("1"), "multiplier": 0.7})
    assert told(changed(graph, "KSampler", model=Link("patch"))).model == "sub/m.safetensors"


def test_a_denoiser_alone_is_the_model() -> None:
    graph = workflow()
    graph["unet"] = NodeCall("UNETLoader", {"unet_name": "u.safetensors", "weight_dtype": "default"})
    assert told(changed(graph, "KSampler", model=Link("unet"))).model == "u.safetensors"


def test_of_two_samplers_the_last_one_is_told() -> None:
    graph = workflow()
    (first,) = (number for number, call in graph.items() if call.class_type == "KSampler")
    graph["again"] = graph[first]._replace(
        inputs={**graph[first].inputs, "latent_image": Link(first), "seed": 43, "denoise": 0.5}
    )
    found = told(changed(graph, "VAEDecode", samples=Link("again")))
    assert (found.seed, found.denoise, found.width) == (43, 0.5, 640)


def test_the_advanced_sampler_is_told_by_its_own_seed() -> None:
    graph = workflow()
    (number,) = (number for number, call in graph.items() if call.class_type == "KSampler")
    kept = {name: value for name, value in graph[number].inputs.items() if name not in ("seed", "denoise")}
    graph[number] = NodeCall("KSamplerAdvanced", {**kept, "noise_seed": 5})
    assert (told(graph).seed, told(graph).denoise) == (5, 1.0)


def test_prompts_that_pass_through_one_node_are_told_apart() -> None:
    graph = workflow()
    (sampler,) = (call for call in graph.values() if call.class_type == "KSampler")
    both = {name: sampler.inputs[name] for name in ("positive", "negative")}
    graph["both"] = NodeCall("InpaintModelConditioning", {**both, "vae": Link("1", 2)})
    found = told(changed(graph, "KSampler", positive=Link("both"), negative=Link("both", 1)))
    assert (found.prompt, found.negative) == ("a cat", "a dog")


def test_of_a_pair_of_prompts_each_is_told_by_the_inputs_of_its_side() -> None:
    graph = workflow()
    (sampler,) = (call for call in graph.values() if call.class_type == "KSampler")
    pair = {f"{name}_{when}": sampler.inputs[name] for name in ("positive", "negative") for when in ("NEW", "DEFAULT")}
    graph["pair"] = NodeCall("PairConditioningSetPropertiesAndCombine", pair)
    found = told(changed(graph, "KSampler", positive=Link("pair"), negative=Link("pair", 1)))
    assert (found.prompt, found.negative) == ("a cat", "a dog")


def test_a_size_made_from_another_is_left_open() -> None:
    graph = workflow()
    (sampler,) = (call for call in graph.values() if call.class_type == "KSampler")
    graph["larger"] = NodeCall("LatentUpscaleBy", {"samples": sampler.inputs["latent_image"], "scale_by": 1.5})
    found = told(changed(graph, "KSampler", latent_image=Link("larger")))
    assert (found.width, found.height) == (0, 0)


def test_a_prompt_that_was_made_nothing_has_no_words() -> None:
    graph = workflow()
    (sampler,) = (call for call in graph.values() if call.class_type == "KSampler")
    graph["nothing"] = NodeCall("ConditioningZeroOut", {"conditioning": sampler.inputs["positive"]})
    found = told(changed(graph, "KSampler", negative=Link("nothing")))
    assert (found.prompt, found.negative) == ("a cat", "")


def test_what_is_worked_out_while_it_runs_is_left_open() -> None:
    graph = workflow()
    graph["number"] = NodeCall("PrimitiveInt", {"value": 3})
    found = told(changed(graph, "KSampler", seed=Link("number"), cfg=Link("number")))
    assert (found.seed, found.cfg, found.steps) == (0, 0.0, 12)


def test_a_workflow_without_a_sampler_tells_nothing() -> None:
    graph = {
        "1": NodeCall("LoadImage", {"image": "a.png"}),
        "2": NodeCall("SaveImage", {"images": Link("1"), "filename_prefix": "x"}),
    }
    assert summary(graph, "2") is None
