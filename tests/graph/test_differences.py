"""Why pictures are not the same, told from their recipes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from safelight.graph.differences import EFFECTS, KINDS, Difference, differences
from safelight.graph.document import Link, NodeCall, Workflow
from safelight.graph.request import ImageRequest, workflow_of
from safelight.graph.told import Told, told_of
from safelight.graph.wanted import Lora

REQUEST = ImageRequest(
    prompt="a red cat, on grass",
    negative="a dog",
    checkpoint="starter-128.safetensors",
    steps=12,
    cfg=6.5,
    sampler="dpmpp_2m",
    scheduler="karras",
    seed=42,
    width=128,
    height=96,
    loras=(Lora("soft.safetensors", 0.8),),
)
FILES = (("checkpoints", "starter-128.safetensors", "a1" * 32), ("loras", "soft.safetensors", "b2" * 32))
RECORD: dict[str, Any] = {
    "safelight": "0.1.0",
    "torch": "2.13.0",
    "device": "cpu",
    "dtype": {"unet": "float32", "vae": "float32"},
    "noise": "on the CPU",
    "files": [{"folder": folder, "name": name, "sha256": digest} for folder, name, digest in FILES],
}
A1111 = (
    "a red cat, on grass\nNegative prompt: a dog\nSteps: 12, Sampler: DPM++ 2M, Schedule type: Karras, "
    "CFG scale: 6.5, Seed: 42, Size: 128x96, Model hash: a1a1a1a1a1, Model: starter-128, Version: v1.10.1"
)


def told(
    request: ImageRequest = REQUEST, record: Mapping[str, Any] = RECORD, parameters: str = "", form: str = "PNG"
) -> Told:
    """What a picture tells that was made by a request."""
    return told_of(workflow_of(request), "", record, parameters, form)


def with_files(**digests: str) -> dict[str, Any]:
    """The record of a picture that was made with other files: names without endings, and hashes."""
    files = [
        {"folder": folder, "name": f"{name}.safetensors", "sha256": digest}
        for (folder, _, _), (name, digest) in zip(FILES, digests.items(), strict=True)
    ]
    return RECORD | {"files": files}


def with_value(workflow: Workflow, class_type: str, **values: object) -> Workflow:
    """A workflow with other values in the nodes of a type."""
    return {
        node: call._replace(inputs={**call.inputs, **values}) if call.class_type == class_type else call
        for node, call in workflow.items()
    }


def only(found: list[Difference]) -> Difference:
    (difference,) = found
    return difference


def test_a_recipe_does_not_differ_from_itself() -> None:
    assert differences(told(), told()) == []


@pytest.mark.parametrize(
    ("changes", "kind", "one", "other"),
    [
        ({"seed": 43}, "seed", "42", "43"),
        ({"sampler": "euler"}, "sampler", "dpmpp_2m", "euler"),
        ({"scheduler": "normal"}, "scheduler", "karras", "normal"),
        ({"steps": 13}, "steps", "12", "13"),
        ({"cfg": 7.0}, "cfg", "6.5", "7"),
        ({"width": 96}, "size", "128x96", "96x96"),
        ({"clip_skip": 2}, "clip_skip", "1", "2"),
        ({"vae": "sharp.safetensors"}, "vae", "", "sharp.safetensors"),
        ({"loras": (Lora("soft.safetensors", 0.5),)}, "loras", "soft.safetensors 0.8", "soft.safetensors 0.5"),
        ({"loras": ()}, "loras", "soft.safetensors 0.8", ""),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_changed_setting_is_told_once(changes: dict[str, Any], kind: str, one: str, other: str) -> None:
    found = differences(told(), told(replace(REQUEST, **changes)))
    assert [(each.kind, each.one, each.other) for each in found] == [(kind, one, other)]


def test_of_a_prompt_the_words_are_told() -> None:
    found = only(differences(told(), told(replace(REQUEST, prompt="a green cat, on long grass"))))
    assert (found.kind, found.effect) == ("prompt", "much")
    assert (found.removed, found.added) == (("red",), ("green", "long"))


def test_what_matters_most_is_told_first() -> None:
    other = replace(REQUEST, prompt="a dog", steps=20, seed=1)
    found = differences(told(), told(other, RECORD | {"torch": "2.14.0"}))
    assert [each.kind for each in found] == ["seed", "prompt", "steps", "version"]
    order = [list(EFFECTS).index(each.effect) for each in found]
    assert order == sorted(order)


def test_the_kinds_stand_in_the_order_of_their_effects_beside_what_hangs_on_the_file() -> None:
    order = [list(EFFECTS).index(effect) for kind, (effect, _) in KINDS.items() if kind != "weights"]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("record", "subject", "effect"),
    [
        (with_files(**{"starter-128": "c3" * 32, "soft": "b2" * 32}), "starter-128.safetensors", "much"),
        (with_files(**{"starter-128": "a1" * 32, "soft": "c3" * 32}), "soft.safetensors", "some"),
    ],
    ids=["checkpoint", "lora"],
)
def test_other_weights_of_the_same_name_are_told(record: dict[str, Any], subject: str, effect: str) -> None:
    found = only(differences(told(), told(record=record)))
    assert (found.kind, found.subject, found.effect, found.other) == ("weights", subject, effect, "c3c3c3c3c3")


def test_the_same_weights_under_another_name_change_nothing() -> None:
    other = replace(REQUEST, checkpoint="renamed.safetensors")
    found = only(differences(told(), told(other, with_files(renamed="a1" * 32, soft="b2" * 32))))
    assert (found.kind, found.effect) == ("renamed", "none")
    assert (found.one, found.other) == ("starter-128.safetensors", "renamed.safetensors")


def test_another_checkpoint_is_told_by_its_name() -> None:
    other = replace(REQUEST, checkpoint="other.safetensors")
    found = only(differences(told(), told(other, with_files(other="c3" * 32, soft="b2" * 32))))
    assert (found.kind, found.one, found.other) == ("checkpoint", "starter-128.safetensors", "other.safetensors")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"device": "NVIDIA H100"}, ("device", "", "little")),
        ({"torch": "2.14.0"}, ("version", "torch", "little")),
        ({"dtype": {"unet": "float16", "vae": "float32"}}, ("dtype", "unet", "little")),
        ({"warnings": ["2 of the 4 tensors of soft fit nothing."]}, ("warnings", "", "some")),
    ],
)
def test_what_a_worker_records_is_compared(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    found = only(differences(told(), told(record=RECORD | changes)))
    assert (found.kind, found.subject, found.effect) == expected


def test_a_lossy_file_is_told() -> None:
    found = only(differences(told(), told(form="JPEG")))
    assert (found.kind, found.one, found.other) == ("format", "PNG", "JPEG")


def test_other_ids_and_titles_of_nodes_are_no_difference() -> None:
    plain = told()

    def moved(value: object) -> object:
        return Link(f"x{value.node}", value.output) if isinstance(value, Link) else value

    renamed = {
        f"x{node}": NodeCall(call.class_type, {name: moved(value) for name, value in call.inputs.items()}, "Else")
        for node, call in reversed(list(plain.workflow.items()))
    }
    assert differences(plain, told_of(renamed, "", RECORD, "", "PNG")) == []


def test_a_value_of_another_node_is_told_with_its_name() -> None:
    plain = told()
    other = told_of(with_value(plain.workflow, "EmptyLatentImage", batch_size=4), "", RECORD, "", "PNG")
    found = only(differences(plain, other))
    assert (found.kind, found.one, found.other) == ("node", "1", "4")
    assert found.subject.endswith(": batch_size")


def test_where_files_are_saved_is_no_difference() -> None:
    plain = told()
    other = told_of(with_value(plain.workflow, "SaveImage", filename_prefix="else"), "", RECORD, "", "PNG")
    assert differences(plain, other) == []


def test_another_picture_to_start_from_is_another_picture() -> None:
    request = replace(REQUEST, init_image="a.png", denoise=0.5)
    found = only(differences(told(request), told(replace(request, init_image="b.png"))))
    assert (found.kind, found.effect, found.one, found.other) == ("start", "much", "a.png", "b.png")


def test_automatic1111_draws_its_noise_elsewhere_and_reads_prompts_in_its_way() -> None:
    request = replace(REQUEST, loras=())
    theirs = told_of(workflow_of(replace(request, syntax="a1111")), "", {}, A1111 + ", ENSD: 31337", "PNG")
    record = with_files(**{"starter-128": "a1" * 32, "soft": "b2" * 32})
    found = {each.kind: each for each in differences(told(request, record), theirs)}
    assert (found["noise"].one, found["noise"].other, found["noise"].effect) == ("CPU", "GPU", "much")
    assert (found["program"].one, found["program"].other) == ("Safelight", "AUTOMATIC1111")
    assert (found["setting"].subject, found["setting"].other) == ("ENSD", "31337")
    assert found.keys() == {"noise", "program", "setting"}


def test_comfyui_draws_its_noise_as_we_do() -> None:
    found = only(differences(told(), told(record={})))
    assert (found.kind, found.one, found.other) == ("program", "Safelight", "ComfyUI")


def test_of_a_picture_that_tells_nothing_nothing_is_told() -> None:
    nothing = told_of({}, "", {}, "", "PNG")
    assert nothing.is_silent
    assert differences(told(), nothing) == []
