"""The words that a recording is about are those of the prompt that was listened to."""

import pytest

from safelight.graph.document import Link, NodeCall, Workflow
from safelight.graph.first_prompt import FirstPrompt, first_prompt

CAT = NodeCall("CLIPTextEncode", {"text": "a cat", "clip": Link("clip")})
DOG = NodeCall("CLIPTextEncode", {"text": "a dog", "clip": Link("clip")})


def found(positive: NodeCall, sampler: NodeCall | None = None, **more: NodeCall) -> FirstPrompt | None:
    nodes = {"cat": CAT, "dog": DOG, "p": positive, **more}
    nodes["s"] = sampler or NodeCall("KSampler", {"negative": Link("dog"), "positive": Link("p")})
    workflow: Workflow = nodes
    return first_prompt(workflow, "s")


@pytest.mark.parametrize(
    "positive",
    [
        CAT,
        NodeCall("ConditioningCombine", {"conditioning_2": Link("dog"), "conditioning_1": Link("cat")}),
        NodeCall("ConditioningConcat", {"conditioning_from": Link("dog"), "conditioning_to": Link("cat")}),
        NodeCall("ControlNetApplyAdvanced", {"negative": Link("dog"), "positive": Link("cat"), "strength": 1.0}),
        NodeCall("CLIPTextEncodeControlnet", {"text": "for the control", "conditioning": Link("cat")}),
        NodeCall("GLIGENTextBoxApply", {"text": "in the box", "conditioning_to": Link("cat")}),
        NodeCall("PairConditioningCombine", {"positive_B": Link("dog"), "positive_A": Link("cat")}),
        NodeCall("ConditioningSetPropertiesAndCombine", {"cond_NEW": Link("dog"), "cond": Link("cat")}),
    ],
    ids=lambda call: call.class_type,
)
def test_of_several_prompts_it_is_the_first(positive: NodeCall) -> None:
    assert found(positive) == FirstPrompt("a cat", "comfyui")


def test_a_region_set_deeper_in_the_graph_does_not_give_way_to_a_nearer_prompt() -> None:
    combine = NodeCall("ConditioningCombine", {"conditioning_1": Link("area"), "conditioning_2": Link("dog")})
    assert found(combine, area=NodeCall("ConditioningSetArea", {"conditioning": Link("cat")})) == ("a cat", "comfyui")


@pytest.mark.parametrize("prompts", [{"positive": Link("cat")}, {"conditioning": Link("cat")}, {"cond1": Link("cat")}])
def test_guiders_are_followed_before_the_sampler_that_made_the_latent(prompts: dict[str, object]) -> None:
    sampler = NodeCall("SamplerCustomAdvanced", {"latent_image": Link("earlier"), "guider": Link("guider")})
    earlier = NodeCall("KSampler", {"positive": Link("dog")})
    assert found(CAT, sampler, earlier=earlier, guider=NodeCall("Guider", prompts)) == ("a cat", "comfyui")


def test_of_the_two_texts_of_sdxl_the_larger_encoders_is_told() -> None:
    two = {"text_l": "small", "text_g": "large", "clip": Link("clip")}
    assert found(NodeCall("CLIPTextEncodeSDXL", two)) == ("large", "comfyui")
    assert found(NodeCall("CLIPTextEncodeSDXL", {**two, "text_g": ""})) == ("small", "comfyui")


def test_brackets_are_read_as_the_node_reads_them() -> None:
    assert found(NodeCall("PromptEncode", {"text": "[x]"})) == ("[x]", "a1111")
    assert found(NodeCall("PromptEncode", {"text": "[x]", "syntax": "comfyui"})) == ("[x]", "comfyui")


def test_a_text_that_comes_from_another_node_is_found_where_it_is_written() -> None:
    linked = NodeCall("CLIPTextEncode", {"text": Link("words")})
    assert found(linked, words=NodeCall("PrimitiveString", {"value": "a fox"})) == ("a fox", "comfyui")
    assert found(linked, words=NodeCall("Joined", {"a": Link("cat")})) is None


def test_what_says_nothing_has_no_words_and_an_empty_prompt_has_none_either() -> None:
    assert found(NodeCall("ConditioningZeroOut", {"conditioning": Link("cat")})) is None
    assert found(NodeCall("CLIPTextEncode", {"text": ""})) == ("", "comfyui")
