"""Saved workflows, each save of which is a version; and workflows read from files."""

import io
import json
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from safelight.files.folders import STARTER_CHECKPOINT
from safelight.graph.formats import parse_api
from safelight.graph.layout import to_editor
from safelight.store import workflows as rows
from tests.serving import Served, workflow
from tests.studio import CATALOG

WORKFLOWS = "/api/v1/workflows"


def save(served: Served, name: str, document: object) -> dict[str, Any]:
    answer = served.http.post(WORKFLOWS, json={"name": name, "document": document})
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


def test_a_document_comes_back_as_it_was_saved(served: Served) -> None:
    document = {"nodes": [{"id": 1, "x": 1.0, "y": 1e300}], "☃": [None, True, {"deep": []}], "version": 0.4}
    saved = save(served, "snow ☃", document)
    assert (saved["name"], saved["version"]) == ("snow ☃", 1)
    assert served.http.get(f"{WORKFLOWS}/{saved['id']}/document").json() == document


def test_each_save_is_a_version_and_an_old_one_can_be_taken_up_again(served: Served) -> None:
    path = f"{WORKFLOWS}/{save(served, 'one', {'v': 1})['id']}"
    answer = served.http.put(f"{path}/document", json={"document": {"v": 2}, "note": "better"})
    assert answer.json()["version"] == 2
    assert served.http.put(f"{path}/document", json={"document": {"v": 2}}).json()["version"] == 2
    assert served.http.get(f"{path}/document", params={"version": 1}).json() == {"v": 1}
    assert served.http.post(f"{path}/restore", json={"version": 1}).json()["version"] == 3
    assert served.http.get(f"{path}/document").json() == {"v": 1}
    versions = served.http.get(f"{path}/versions").json()["versions"]
    assert [(each["version"], each["note"]) for each in versions] == [(3, "version 1 again"), (2, "better"), (1, "")]


def test_so_many_versions_are_kept_and_no_more(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "VERSIONS", 2)
    path = f"{WORKFLOWS}/{save(served, 'one', {'v': 1})['id']}"
    for number in (2, 3):
        served.http.put(f"{path}/document", json={"document": {"v": number}})
    assert [each["version"] for each in served.http.get(f"{path}/versions").json()["versions"]] == [3, 2]
    assert served.http.get(f"{path}/document", params={"version": 1}).status_code == 404


def test_the_list_begins_with_the_last_one_saved(served: Served) -> None:
    first, second = save(served, "a", {}), save(served, "b", {})
    served.http.put(f"{WORKFLOWS}/{first['id']}/document", json={"document": {"new": 1}})
    page = served.http.get(WORKFLOWS, params={"limit": 1}).json()
    assert ([each["id"] for each in page["workflows"]], page["total"]) == ([first["id"]], 2)
    page = served.http.get(WORKFLOWS, params={"offset": 1}).json()
    assert [each["id"] for each in page["workflows"]] == [second["id"]]


def test_names_are_changed_and_no_two_are_the_same(served: Served) -> None:
    first = save(served, "a", {})
    save(served, "b", {})
    assert served.http.post(WORKFLOWS, json={"name": "a", "document": {}}).status_code == 400
    assert served.http.patch(f"{WORKFLOWS}/{first['id']}", json={"name": "b"}).status_code == 400
    assert served.http.patch(f"{WORKFLOWS}/{first['id']}", json={"name": "c"}).json()["name"] == "c"


def test_what_is_deleted_is_gone_with_all_its_versions(served: Served) -> None:
    path = f"{WORKFLOWS}/{save(served, 'a', {})['id']}"
    assert served.http.delete(path).status_code == 204
    for further in ("", "/document", "/versions"):
        assert served.http.get(path + further).status_code == 404
    save(served, "a", {})


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"name": "", "document": {}}, 422),
        ({"name": "\0", "document": {}}, 422),
        ({"name": "a" * 256, "document": {}}, 422),
        ({"name": "a", "document": []}, 422),
        ({"name": "a", "document": {"x": "y" * (17 * 2**20)}}, 400),
    ],
)
def test_what_cannot_be_kept_is_refused(sent: object, status: int, served: Served) -> None:
    assert served.http.post(WORKFLOWS, json=sent).status_code == status


def read(served: Served, content: str | bytes, name: str = "mine.json") -> dict[str, Any]:
    answer = served.http.post(f"{WORKFLOWS}/read", files={"file": (name, content)})
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


def png(**texts: str) -> bytes:
    chunks = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        chunks.add_text(key, text)
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=chunks)
    return file.getvalue()


def test_an_editors_document_is_read_untouched_beside_what_it_means(served: Served) -> None:
    laid_out = to_editor(parse_api(workflow())[0], CATALOG) | {"groups": [{"title": "mine"}], "extra": {"x": 1}}
    for view in (
        read(served, json.dumps(laid_out)),
        read(served, png(workflow=json.dumps(laid_out), prompt=json.dumps(workflow("another"))), "mine.png"),
        served.http.post(f"{WORKFLOWS}/convert", json={"document": laid_out}).json(),
    ):
        assert view["editor"] == laid_out
        assert parse_api(view["workflow"])[0]["5"].inputs == parse_api(workflow())[0]["5"].inputs
        assert (view["problems"], view["unknown"], view["missing"], view["notes"]) == ([], [], [], [])
        assert view["name"] in ("mine", "")


def test_a_workflow_for_programs_is_laid_out_with_its_ids_kept_and_what_is_unknown_drawn(served: Served) -> None:
    document: dict[str, Any] = workflow()
    document["9"] = {"class_type": "Fancy", "inputs": {"image": ["6", 0], "size": 3, "gone": ["77", 0]}}
    document["7"]["inputs"]["images"] = ["9", 1]
    document["1"]["inputs"]["ckpt_name"] = "other.safetensors"
    view = read(served, json.dumps(document))
    assert {str(node["id"]) for node in view["editor"]["nodes"]} == set(document) == set(view["workflow"])
    fancy = next(node for node in view["editor"]["nodes"] if node["id"] == 9)
    assert (fancy["widgets_values"], len(fancy["outputs"])) == ({"size": 3}, 2)
    assert view["workflow"]["9"]["inputs"] == {"size": 3, "image": ["6", 0]}
    assert (view["unknown"], [each["name"] for each in view["missing"]]) == (["Fancy"], ["other.safetensors"])
    assert {problem["kind"] for problem in view["problems"]} >= {"missing_node_type", "value_not_in_list"}


def test_a_text_of_automatic1111_is_read_and_its_checkpoint_missed(served: Served) -> None:
    text = "a cat\nNegative prompt: fog\nSteps: 2, Sampler: Euler, CFG scale: 5, Seed: 7, Size: 64x64, Model: nobody"
    view = read(served, text, "settings.txt")
    (missing,) = view["missing"]
    assert (missing["folder"], missing["name"]) == ("checkpoints", "nobody.safetensors")
    assert any("nobody" in note for note in view["notes"])
    there = read(served, png(parameters=text.replace("nobody", STARTER_CHECKPOINT.removesuffix(".safetensors"))))
    assert there["missing"] == []


@pytest.mark.parametrize("content", [b"", b"words", b"[1]", b'{"nodes": 3}', b"\x89PNG\r\n", b"\xff" * 10])
def test_what_holds_no_workflow_is_refused(content: bytes, served: Served) -> None:
    answer = served.http.post(f"{WORKFLOWS}/read", files={"file": ("x", content)})
    assert answer.status_code == 400
    assert answer.json()["error"]["mend"] or "Give" in answer.json()["error"]["what"]
    assert "/tmp" not in answer.text
