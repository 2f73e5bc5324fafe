"""The same workflow with other seeds."""

from typing import Any

import pytest

from safelight.errors import BadInput
from safelight.graph.formats import parse_api, write_api
from safelight.graph.seeds import seed_inputs, with_seeds
from tests.serving import workflow
from tests.studio import CATALOG


def varied(document: dict[str, Any], **how: Any) -> list[Any]:
    parsed, problems = parse_api(document)
    assert not problems
    return [write_api(run) for run in with_seeds(parsed, CATALOG, **how)]


def two_samplers() -> dict[str, Any]:
    document: dict[str, Any] = workflow(seed=5)
    document["8"] = {"class_type": "KSampler", "inputs": {**document["5"]["inputs"], "seed": 50}}
    document["9"] = {"class_type": "KSampler", "inputs": {**document["5"]["inputs"], "seed": ["4", 0]}}
    return document


def test_seeds_are_numbers_of_inputs_that_control_after_generate() -> None:
    assert seed_inputs(parse_api(two_samplers())[0], CATALOG) == [("5", "seed"), ("8", "seed")]


def test_each_run_has_all_seeds_one_higher_and_nothing_else_changed() -> None:
    document = two_samplers()
    runs = varied(document, count=3)
    assert [(run["5"]["inputs"]["seed"], run["8"]["inputs"]["seed"]) for run in runs] == [(5, 50), (6, 51), (7, 52)]
    assert runs[0] == document
    assert runs[2]["9"]["inputs"]["seed"] == ["4", 0]


def test_seeds_that_are_given_are_those_of_every_input() -> None:
    runs = varied(two_samplers(), seeds=[7, 2**64 - 1])
    assert [{run["5"]["inputs"]["seed"], run["8"]["inputs"]["seed"]} for run in runs] == [{7}, {2**64 - 1}]


def test_what_has_no_seed_or_would_pass_the_largest_is_refused() -> None:
    with pytest.raises(BadInput, match="no seed"):
        varied({"1": {"class_type": "EmptyImage", "inputs": {}}}, count=2)
    with pytest.raises(BadInput, match="past 2"):
        varied(workflow(seed=2**64 - 2), count=3)
