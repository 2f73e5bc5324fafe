import json
import time

import pytest

from safelight.graph.catalog import NodeSpec
from safelight.graph.document import Link, NodeCall, Value
from safelight.graph.problems import Problem
from safelight.graph.validate import validate
from safelight.nodes.registry import BUILTIN
from tests.graph.samples import CATALOG, FILES, call, problems_of


def problem_of(node: NodeCall, **others: NodeCall) -> Problem:
    """The one problem of a workflow that shows `node`."""
    workflow = {"1": node, "end": call("Show", value=Link("1")), **others}
    (problem,) = validate(workflow, CATALOG, FILES.__getitem__)
    assert problem.mend
    return problem


def test_a_good_workflow_has_no_problems() -> None:
    assert not problems_of(a=call("Number", value=3), b=call("Add", a=Link("a"), b=4), c=call("Show", value=Link("b")))


def test_a_literal_may_stand_where_a_number_is_linked_and_the_other_way_about() -> None:
    assert not problems_of(a=call("Add", a=1, b=2), b=call("Add", a=Link("a"), b=1), c=call("Show", value=Link("b")))


def test_optional_inputs_may_be_left_out_or_null() -> None:
    assert not problems_of(
        l=call("MakeLatent", size=8),
        s=call("Sample", latent=Link("l"), sampler="euler", fast=False, prompt="", cfg=None),
        end=call("Show", value=Link("s")),
    )


def test_inputs_that_a_node_does_not_have_are_ignored() -> None:
    assert not problems_of(a=call("Number", value=3, extra=Link("nowhere")), c=call("Show", value=Link("a")))


def test_a_missing_widget_is_a_problem_that_tells_the_usual_value() -> None:
    problem = problem_of(call("Number"))
    assert (problem.kind, problem.node, problem.input) == ("required_input_missing", "1", "value")
    assert "20" in problem.mend


def test_a_missing_socket_is_a_problem_that_tells_what_to_link() -> None:
    sample = call("Sample", sampler="euler", fast=False, prompt="")
    problem = problem_of(sample)
    assert (problem.kind, problem.input) == ("required_input_missing", "latent")
    assert "MakeLatent" in problem.mend


@pytest.mark.parametrize(
    ("node", "name", "proposed"),
    [
        ("KSampler", "model", "Load Checkpoint"),
        ("KSampler", "positive", "CLIP Text Encode (Prompt)"),
        ("KSampler", "latent_image", "Empty Latent Image"),
        ("CLIPTextEncode", "clip", "Load CLIP"),
    ],
)
def test_what_to_link_is_proposed_by_the_node_that_makes_it_from_something_else(
    node: str, name: str, proposed: str
) -> None:
    catalog = {class_type: built_in.spec for class_type, built_in in BUILTIN.items()}
    problems = validate({"1": call(node)}, catalog, lambda folder: (), ["1"])
    (mend,) = (problem.mend for problem in problems if problem.input == name)
    assert mend.endswith(f"such as that of {proposed}.")


def test_null_is_a_missing_value() -> None:
    assert problem_of(call("Number", value=None)).kind == "required_input_missing"


@pytest.mark.parametrize(
    ("node", "kind", "name"),
    [
        (call("Number", value="many"), "invalid_input_type", "value"),
        (call("Number", value=101), "value_bigger_than_max", "value"),
        (call("Number", value=-101), "value_smaller_than_min", "value"),
        (call("Number", value=float("nan")), "invalid_input_type", "value"),
        (call("Number", value=["a", "b"]), "bad_linked_input", "value"),
        (call("Number", value=Link("9")), "bad_linked_input", "value"),
        (call("Number", value=Link("end")), "bad_linked_input", "value"),
        (call("Number", value=Link("good", 1)), "bad_linked_input", "value"),
        (call("Number", value=Link("good", -1)), "bad_linked_input", "value"),
        (call("Number", value=Link("latent")), "return_type_mismatch", "value"),
        (call("Load", name="missing.safetensors"), "value_not_in_list", "name"),
        (call("Sample", latent="text", sampler="euler", fast=False, prompt=""), "bad_linked_input", "latent"),
        (call("Sample", latent=Link("latent"), sampler="heum", fast=False, prompt=""), "value_not_in_list", "sampler"),
        (call("Sample", latent=Link("latent"), sampler="heun", fast=3, prompt=""), "invalid_input_type", "fast"),
        (call("Numbre", value=3), "missing_node_type", ""),
    ],
)
def test_each_kind_of_problem_names_the_node_and_the_input(node: NodeCall, kind: str, name: str) -> None:
    workflow = {
        "good": call("Number", value=1),
        "latent": call("MakeLatent", size=8),
        "1": node,
        "end": call("Show", value=Link("1")),
    }
    problems = [problem for problem in validate(workflow, CATALOG, FILES.__getitem__) if problem.kind == kind]
    assert [(problem.node, problem.class_type, problem.input) for problem in problems] == [("1", node.class_type, name)]
    assert problems[0].mend


def test_all_problems_come_in_one_answer_in_the_order_of_the_workflow() -> None:
    found = problems_of(
        z=call("Load", name="gone.ckpt"),
        a=call("Sample", latent=Link("z"), sampler="ddim", fast="perhaps", cfg=31, start=Link("n")),
        n=call("Number", value="x"),
        u=call("Nothing"),
        s=call("Show", value=Link("a")),
    )
    assert found == [
        ("value_not_in_list", "z", "name"),
        ("value_not_in_list", "a", "sampler"),
        ("invalid_input_type", "a", "fast"),
        ("required_input_missing", "a", "prompt"),
        ("value_bigger_than_max", "a", "cfg"),
        ("return_type_mismatch", "a", "start"),
        ("invalid_input_type", "n", "value"),
        ("missing_node_type", "u", ""),
    ]


def test_a_workflow_without_an_end_has_nothing_to_run() -> None:
    assert problems_of(a=call("Number", value=3)) == [("prompt_no_outputs", "", "")]
    assert problems_of() == [("prompt_no_outputs", "", "")]


def test_any_node_can_be_a_target() -> None:
    assert not problems_of(["a"], a=call("Number", value=3), b=call("Show"))


def test_a_target_that_is_not_there_is_a_problem() -> None:
    assert problems_of(["x"], a=call("Number", value=3)) == [("prompt_no_outputs", "", "")]


def test_nodes_that_no_output_needs_are_only_checked_for_their_type() -> None:
    found = problems_of(
        a=call("Number", value="bad"), u=call("Unknown"), n=call("Number", value=1), s=call("Show", value=Link("n"))
    )
    assert found == [("missing_node_type", "u", "")]


def test_what_is_behind_an_unknown_node_is_checked_too() -> None:
    found = problems_of(a=call("Number", value="bad"), u=call("Unknown", x=Link("a")), s=call("Show", value=Link("u")))
    assert found == [("invalid_input_type", "a", "value"), ("missing_node_type", "u", "")]


def test_a_circle_names_its_nodes_in_the_direction_of_the_data() -> None:
    workflow = {
        "a": call("Add", a=Link("c"), b=1),
        "b": call("Add", a=Link("a"), b=1),
        "c": call("Add", a=Link("b"), b="bad"),
        "end": call("Show", value=Link("c")),
    }
    problems = validate(workflow, CATALOG, FILES.__getitem__)
    circle = next(problem for problem in problems if problem.kind == "dependency_cycle")
    assert circle.extra["nodes"] == ["a", "b", "c"]
    assert "Add (a) → Add (b) → Add (c) → Add (a)" in circle.message
    assert [problem.kind for problem in problems] == ["dependency_cycle", "invalid_input_type"]


def test_a_node_that_feeds_itself_is_a_circle() -> None:
    found = problems_of(a=call("Add", a=Link("a"), b=1), end=call("Show", value=Link("a")))
    assert found == [("dependency_cycle", "a", "")]


@pytest.mark.parametrize(
    ("name", "proposal"),
    [("pony.safetensors", "anime/pony.safetensors"), ("Starter-128.ckpt", "starter-128.safetensors"),
     ("startr-128.safetensors", "starter-128.safetensors")],
)  # fmt: skip
def test_a_missing_file_is_told_with_its_folder_and_the_one_probably_meant(name: str, proposal: str) -> None:
    problem = problem_of(call("Load", name=name))
    assert "checkpoints" in problem.message
    assert name in problem.message
    assert proposal in problem.mend


def test_a_file_of_an_empty_folder_is_told_so() -> None:
    (problem,) = validate({"1": call("Load", name="x")}, CATALOG, lambda folder: [], ["1"])
    assert "empty" in problem.mend


def test_a_misspelt_type_or_choice_is_told_the_one_probably_meant() -> None:
    assert '"Number"' in problem_of(call("Numbre")).mend
    sample = call("Sample", latent=Link("l"), sampler="heum", fast=False, prompt="")
    assert '"heun"' in problem_of(sample, l=call("MakeLatent", size=8)).mend


def test_a_live_value_is_taken_as_it_is() -> None:
    assert not problems_of(["a"], a=call("Sample", latent=Value(3), sampler="euler", fast=Value("x"), prompt=""))


def test_details_are_there_for_programs() -> None:
    assert problem_of(call("Number", value=101)).extra == {"received_value": 101, "limit": 100}
    mismatch = problem_of(call("Number", value=Link("l", 0)), l=call("MakeLatent", size=8))
    assert mismatch.extra == {"linked_node": ["l", 0], "received_type": "LATENT"}
    json.dumps(mismatch.extra)


def test_values_that_nobody_can_read_are_told_shortly() -> None:
    for value in ("x" * 1_000_000, 10**5000, {str(i): i for i in range(100_000)}, [0] * 100_000):
        assert len(str(problem_of(call("Number", value=value)))) < 400


def test_ten_thousand_misspelt_nodes_are_reported_in_seconds() -> None:
    files = [f"model-{number}.safetensors" for number in range(10_000)]
    workflow = {str(i): call("Load", name=f"modl-{i}.pt") for i in range(5_000)}
    workflow |= {f"u{i}": call(f"Lod{i}") for i in range(5_000)}
    workflow |= {f"s{i}": call("Show", value=Link(str(i))) for i in range(5_000)}
    begin = time.process_time()
    assert len(validate(workflow, CATALOG, lambda folder: files)) == 10_000
    assert time.process_time() - begin < 10


def test_the_files_of_a_folder_are_listed_once() -> None:
    asked = []

    def files(folder: str) -> list[str]:
        asked.append(folder)
        return FILES[folder]

    workflow = {str(i): call("Load", name="starter-128.safetensors") for i in range(5)}
    assert not validate(workflow, CATALOG, files, list(workflow))
    assert asked == ["checkpoints"]


def test_a_choice_that_is_no_file_may_stand_beside_files() -> None:
    spec = CATALOG["Load"]
    port = spec.inputs[0].__class__(**{**vars(spec.inputs[0]), "choices": ("built in",)})
    catalog = {"Load": NodeSpec("Load", "", "", "", (port,), spec.outputs)}
    assert not validate({"1": call("Load", name="built in")}, catalog, FILES.__getitem__, ["1"])
    assert validate({"1": call("Load", name="other")}, catalog, FILES.__getitem__, ["1"])


def test_a_list_that_is_no_curve_is_told_so_on_its_node_and_input() -> None:
    workflow = {
        "1": NodeCall("LoadImage", {"image": "a.png"}),
        "2": NodeCall("ImageCurves", {"image": Link("1"), "curve": [[0, 0], [1, 1]], "red": [[0.5, 0], [0.2, 1]]}),
        "3": NodeCall("PreviewImage", {"images": Link("2")}),
    }
    catalog = {name: node.spec for name, node in BUILTIN.items()}
    (problem,) = validate(workflow, catalog, lambda folder: ["a.png"])
    assert (problem.node, problem.class_type, problem.input) == ("2", "ImageCurves", "red")
    assert "right" in problem.message
