import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.graph.document import Link, NodeCall, Value
from safelight.graph.formats import load_api, parse_api, write_api
from tests.shared import shared_file

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


def test_a_node_is_read_with_its_links_literals_and_title() -> None:
    workflow, problems = load_api(
        '{"3": {"class_type": "KSampler", "inputs": {"model": ["1", 2], "seed": 7}, "_meta": {"title": "Mine"}}}'
    )
    assert problems == []
    assert workflow == {"3": NodeCall("KSampler", {"model": Link("1", 2), "seed": 7}, "Mine")}


@pytest.mark.parametrize("value", [["1", "0"], ["1"], ["1", 0, 0], [1, 0], ["1", True], ["1", 0.5], []])
def test_a_list_that_is_no_id_and_number_is_a_literal(value: object) -> None:
    workflow, _ = parse_api({"1": {"class_type": "A", "inputs": {"x": value}}})
    assert workflow["1"].inputs["x"] == value
    assert not isinstance(workflow["1"].inputs["x"], Link)


def test_an_output_number_may_be_written_as_a_whole_float() -> None:
    workflow, _ = parse_api({"1": {"class_type": "A", "inputs": {"x": ["2", 1.0]}}})
    assert workflow["1"].inputs["x"] == Link("2", 1)


def test_a_wrapped_list_is_a_list_even_where_it_looks_like_a_link() -> None:
    workflow, _ = parse_api({"1": {"class_type": "A", "inputs": {"x": {"__value__": ["2", 0]}}}})
    assert workflow["1"].inputs["x"] == ["2", 0]
    assert not isinstance(workflow["1"].inputs["x"], Link)


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (None, "no_prompt"),
        ([], "invalid_prompt"),
        ("text", "invalid_prompt"),
        (5, "invalid_prompt"),
        ({"1": None}, "invalid_prompt"),
        ({"1": []}, "invalid_prompt"),
        ({"1": {}}, "invalid_prompt"),
        ({"1": {"inputs": {}}}, "invalid_prompt"),
        ({"1": {"class_type": 5, "inputs": {}}}, "invalid_prompt"),
        ({"1": {"class_type": "A", "inputs": []}}, "invalid_prompt"),
        ({"1": {"class_type": "A", "inputs": None}}, "invalid_prompt"),
        ({"nodes": [], "links": []}, "invalid_prompt"),
    ],
)
def test_a_malformed_shape_is_a_problem(document: object, kind: str) -> None:
    workflow, problems = parse_api(document)
    assert [problem.kind for problem in problems] == [kind]
    assert problems[0].mend
    assert workflow == {}


def test_all_malformed_nodes_are_named_and_the_others_read() -> None:
    workflow, problems = parse_api({"1": 5, "2": {"class_type": "A"}, "3": {"inputs": {}}})
    assert [problem.node for problem in problems] == ["1", "3"]
    assert list(workflow) == ["2"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "{'1': 2}", "nonsense", "[" * 5_000_000, '{"a":' * 2_000_000, "9" * 5000, b"\xff\xfe{", b"\x80"],
    ids=["empty", "unclosed", "quotes", "word", "deep lists", "deep objects", "long number", "utf-16", "bytes"],
)
def test_text_that_is_no_json_object_is_a_problem(text: str | bytes) -> None:
    workflow, problems = load_api(text)
    assert [problem.kind for problem in problems] == ["invalid_prompt"]
    assert len(problems[0].message) < 300
    assert workflow == {}


def test_a_value_nested_too_deep_is_a_problem_of_its_input() -> None:
    value: object = 1
    for _ in range(40):
        value = [value]
    _, problems = parse_api({"1": {"class_type": "A", "inputs": {"x": value}}})
    assert [(problem.node, problem.input) for problem in problems] == [("1", "x")]


def test_ten_megabytes_of_literals_are_read() -> None:
    workflow, problems = load_api(json.dumps({"1": {"class_type": "A", "inputs": {"x": list(range(1_500_000))}}}))
    assert problems == []
    assert len(list(workflow["1"].inputs["x"])) == 1_500_000  # type: ignore[call-overload]


@given(json_values)
def test_no_document_raises(document: object) -> None:
    parse_api(document)
    parse_api({"1": document, "2": {"class_type": "A", "inputs": {"x": document}, "_meta": document}})
    parse_api({"1": {"class_type": document, "inputs": document}})


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_what_is_written_reads_the_same(literals: dict[str, object]) -> None:
    inputs = {name: value for name, value in literals.items() if value == value}  # noqa: PLR0124 (NaN)
    document = {"1": {"class_type": "A", "inputs": {**inputs, "link": ["0", 3]}, "_meta": {"title": "T"}}}
    workflow, _ = parse_api(document)
    assert repr(parse_api(write_api(workflow))[0]) == repr(workflow)


def test_an_object_that_looks_wrapped_is_written_wrapped() -> None:
    workflow = {"1": NodeCall("A", {"x": {"__value__": 1}})}
    assert parse_api(write_api(workflow))[0] == workflow


def test_a_live_value_cannot_be_written() -> None:
    with pytest.raises(TypeError):
        write_api({"1": NodeCall("A", {"x": Value(object())})})


def test_recorded_workflows_are_read_and_written_unchanged() -> None:
    recorded = json.loads(Path(shared_file("oracle/workflows/workflows.json")).read_text(encoding="utf-8"))
    for record in recorded.values():
        workflow, problems = parse_api(record["prompt"])
        assert problems == []
        assert write_api(workflow) == record["prompt"]
