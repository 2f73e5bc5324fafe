"""Documents without end, numbers that are none, and wrong types: what somebody sends who means harm."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.errors import BadInput
from safelight.files.folders import Folders
from safelight.graph.catalog import Catalog
from safelight.graph.catalog_json import catalog_from_json
from safelight.graph.estimate import Machine
from safelight.jobs.admission import admit
from safelight.settings import Settings, read_settings
from tests.serving import Served, catalog_document, eventually, serving, workflow

SLOWEST = 10.0  # seconds for one request
POSTS = ("/prompt", "/queue", "/history", "/settings", "/api/v1/jobs", "/api/v1/images", "/api/v1/workflows")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server."""
    with serving(tmp_path_factory.mktemp("documents")) as running:
        eventually(lambda: running.http.get("/api/v1/ready").status_code == 200)
        yield running


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return catalog_from_json(catalog_document())


def _nested(size: int) -> Iterator[tuple[str, bytes]]:
    half = size // 2
    yield "lists", b"[" * half + b"]" * half
    yield "lists that do not end", b"[" * size
    yield "objects", b'{"a":' * (size // 6) + b"1" + b"}" * (size // 6)
    yield "inside of a workflow", b'{"prompt":{"1":' + b"[" * half + b"]" * half + b"}}"
    yield "a number", b'{"prompt":' + b"9" * size + b"}"
    yield "a text", b'{"prompt":"' + b"\\u0000" * (size // 6) + b'"}'
    yield "keys", b"{" + b",".join(b'"%d":0' % number for number in range(size // 12)) + b"}"


@pytest.mark.parametrize(("kind", "body"), list(_nested(10_000_000)), ids=[kind for kind, _ in _nested(100)])
def test_ten_megabytes_of_json_are_refused(kind: str, body: bytes, served: Served) -> None:
    for path in POSTS if kind == "lists" else ("/prompt", "/api/v1/jobs"):
        begun = time.perf_counter()
        answer = served.http.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code < 500, f"{path}: {answer.text[:300]}"
        assert answer.status_code >= 400 or ("jobs" not in path and "prompt" not in path)
        assert time.perf_counter() - begun < SLOWEST
    assert served.http.get("/api/v1/health").status_code == 200


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, "1" * 5000, "-0.0e-999"])
def test_numbers_that_are_none_do_no_harm(number: str, served: Served) -> None:
    for field in ("seed", "steps", "cfg", "denoise", "width", "batch_size"):
        document = json.dumps({"prompt": workflow(), "workflow": workflow()})
        body = "".join(_replaced(document, field, number))
        for path in ("/prompt", "/api/v1/jobs", "/api/v1/jobs/check"):
            answer = served.http.post(path, content=body.encode(), headers={"Content-Type": "application/json"})
            assert answer.status_code < 500, f"{path} {field}: {answer.text[:500]}"
            if number != "-0.0e-999":
                assert answer.status_code >= 400 or path.endswith("check"), f"{path} {field}: {answer.text[:500]}"
    for body in (f'{{"number": {number}, "prompt": {{}}}}', f'{{"priority": {number}}}', number):
        for path in ("/prompt", "/queue", "/history", "/api/v1/jobs", "/api/v1/images", "/free", "/interrupt"):
            answer = served.http.post(path, content=body.encode(), headers={"Content-Type": "application/json"})
            assert answer.status_code < 500, f"{path}: {answer.text[:500]}"


def _replaced(document: str, field: str, number: str) -> Iterator[str]:
    """A document with another number for each field of that name."""
    first, *others = document.split(f'"{field}": ')
    yield first
    for other in others:
        end = min(place for place in (other.find(","), other.find("}")) if place >= 0)
        yield f'"{field}": {number}{other[end:]}'


def test_a_cycle_is_named(served: Served) -> None:
    document: dict[str, Any] = workflow()
    document["4"] = {
        "class_type": "LatentUpscaleBy",
        "inputs": {"samples": ["5", 0], "upscale_method": "bilinear", "scale_by": 2},
    }
    answer = served.http.post("/prompt", json={"prompt": document})
    assert answer.status_code == 400
    assert "5" in answer.text
    assert served.http.post("/api/v1/jobs", json={"workflow": document}).status_code == 422


def _chain(length: int) -> dict[str, object]:
    """A latent that is enlarged so often."""
    document: dict[str, Any] = workflow()
    document["u0"] = {"class_type": "LatentFlip", "inputs": {"samples": ["5", 0], "flip_method": "x-axis: vertically"}}
    for number in range(1, length):
        inputs = {"samples": [f"u{number - 1}", 0], "flip_method": "x-axis: vertically"}
        document[f"u{number}"] = {"class_type": "LatentFlip", "inputs": inputs}
    document["6"]["inputs"]["samples"] = [f"u{length - 1}", 0]
    return document


def test_a_workflow_of_a_hundred_thousand_nodes_is_refused(served: Served) -> None:
    document = _chain(100_000)
    for path, field in (("/prompt", "prompt"), ("/api/v1/jobs", "workflow")):
        begun = time.perf_counter()
        answer = served.http.post(path, json={field: document})
        assert time.perf_counter() - begun < SLOWEST
        assert "at most 20000" in answer.text, answer.text[:300]


def test_a_workflow_of_as_many_nodes_as_are_taken_is_answered_in_time(served: Served, catalog: Catalog) -> None:
    document = _chain(served.settings.most_nodes - 10)
    machine = served.studio.shelf.machine()
    begun = time.perf_counter()
    admitted = admit(document, catalog, served.studio.folders, machine, served.settings)
    assert time.perf_counter() - begun < SLOWEST
    assert admitted.outputs == ("7",)


def test_a_workflow_of_links_to_everything_is_answered_in_time(served: Served, catalog: Catalog) -> None:
    """Each of many nodes leads to two others, so that there are more ways than anybody can walk."""
    document: dict[str, Any] = workflow()
    document["a0"] = {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}
    for number in range(1, 2000):
        both = {name: [f"a{number - 1}", 0] for name in ("samples1", "samples2")}
        document[f"a{number}"] = {"class_type": "LatentAdd", "inputs": both}
    document["6"]["inputs"]["samples"] = ["a1999", 0]
    begun = time.perf_counter()
    admit(document, catalog, served.studio.folders, served.studio.shelf.machine(), served.settings)
    assert time.perf_counter() - begun < SLOWEST


WRONG: list[object] = [
    *(None, True, -1, 10**400, 1e308, float("nan"), float("-inf"), "", "x\0y", "\ud800", "../../etc/passwd"),
    *([], {}, [[]], ["1", 0], ["1", -1], ["1", 10**30], ["1", "0"], ["nope", 0], ["1", True], [None, 0], {"a": 1}),
]
ANYTHING = st.recursive(
    st.sampled_from(WRONG) | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folders, Settings]:
    """Folders with nothing but the starter in them, and settings."""
    home = tmp_path_factory.mktemp("quiet")
    folders = Folders.at(home)
    folders.make()
    return folders, read_settings(home=home)


def _admitted(document: object, catalog: Catalog, quiet: tuple[Folders, Settings]) -> None:
    """Have a workflow looked at; what is raised but `BadInput` fails the test."""
    try:
        admit(document, catalog, quiet[0], Machine("cpu", {"unet": 4, "vae": 4, "text": 4}, ()), quiet[1])
    except BadInput:
        return


def test_a_wrong_type_in_any_field_of_any_node_is_told_in_words(
    catalog: Catalog, quiet: tuple[Folders, Settings]
) -> None:
    for class_type, spec in catalog.items():
        for port in spec.inputs:
            for place, wrong in enumerate(WRONG):
                if (place + len(port.name) + len(class_type)) % 4 == 0:  # a quarter of them, of each node others
                    call = {"class_type": class_type, "inputs": {port.name: wrong}}
                    document = {"1": call, "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}}
                    _admitted(document, catalog, quiet)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_stands_in_the_fields_of_nodes_is_told_in_words(
    data: st.DataObject, catalog: Catalog, quiet: tuple[Folders, Settings]
) -> None:
    document: dict[str, Any] = workflow()
    for node in data.draw(st.lists(st.sampled_from(sorted(document)), min_size=1, max_size=4)):
        call = document[node]
        if data.draw(st.booleans()):
            call["class_type"] = data.draw(st.sampled_from(sorted(catalog)) | ANYTHING)
        names = [port.name for port in spec.inputs] if (spec := _spec(catalog, call["class_type"])) else []
        for name in data.draw(st.lists(st.sampled_from([*names, *call["inputs"]]), max_size=5)):
            call["inputs"][name] = data.draw(ANYTHING)
    _admitted(document, catalog, quiet)


def _spec(catalog: Catalog, class_type: object) -> Any:
    return catalog.get(class_type) if isinstance(class_type, str) else None


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(document=ANYTHING)
def test_whatever_is_no_workflow_is_told_in_words(
    document: object, catalog: Catalog, quiet: tuple[Folders, Settings]
) -> None:
    for wrapped in (document, {"1": document}, {"1": {"class_type": "KSampler", "inputs": document}}):
        _admitted(wrapped, catalog, quiet)
