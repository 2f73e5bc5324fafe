"""Saved workflows: each save is a version."""

from typing import Any

import pytest

from safelight.store import workflows as rows
from tests.serving import Served

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
