"""Many pictures at once: marked, tagged, put into the bin, restored, archived."""

import io
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx2
import pytest

from safelight.client import Client
from safelight.server.api.asset_sets import MOST
from safelight.server.cleaning import KEPT_IN_BIN, clean, empty_bin
from tests.server.security.signing import add_person
from tests.serving import Served, serving, workflow

ASSETS = "/api/v1/assets"
SEEDS = itertools.count(1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server."""
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture
def cats(served: Served) -> list[dict[str, Any]]:
    """Two pictures that jobs have made, and no others."""
    old = served.http.get(ASSETS, params={"limit": 200}).json()["assets"]
    binned = served.http.get(ASSETS, params={"limit": 200, "deleted": True}).json()["assets"]
    post(served, "delete", assets=[asset["id"] for asset in (*old, *binned)], forever=True)
    with Client(served.url) as client:
        files = [client.wait(client.submit(workflow("a cat", seed=next(SEEDS)))[0]).files[0] for _ in range(2)]
    return [vars(file) for file in files]


def post(served: Served, what: str, **body: object) -> httpx2.Response:
    answer = served.http.post(f"{ASSETS}/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return answer


def found(served: Served, **sought: Any) -> list[str]:
    return [asset["path"] for asset in served.http.get(ASSETS, params=sought).json()["assets"]]


def test_several_are_marked_and_tagged_at_once(served: Served, cats: list[dict[str, Any]]) -> None:
    ids = [cat["id"] for cat in cats]
    change = {"favourite": True, "add_tags": [" soft ", "pet", "pet"], "remove_tags": ["never"]}
    assert post(served, "change", assets=[*ids, ids[0]], **change).json() == {"count": 2}
    view = served.http.get(f"{ASSETS}/{ids[0]}").json()
    assert (view["tags"], view["favourite"], view["deleted"]) == (["pet", "soft"], True, None)
    served.http.patch(f"{ASSETS}/{ids[0]}", json={"tags": ["own"]})
    assert found(served, tag=["pet", "soft"]) == [cats[1]["path"]]
    assert found(served, tag="own", favourite=True) == [cats[0]["path"]]
    assert found(served, order="oldest") == [cat["path"] for cat in cats]
    assert served.http.patch(f"{ASSETS}/{ids[0]}", json={}).json()["tags"] == ["own"]


@pytest.mark.parametrize("tags", [[""], ["  "], ["a,b"], ["x" * 65], ["a\0"], ["a"] * 51])
def test_a_tag_is_a_word_or_a_few(tags: list[str], served: Served, cats: list[dict[str, Any]]) -> None:
    answer = served.http.post(f"{ASSETS}/change", json={"assets": [cats[0]["id"]], "add_tags": tags})
    assert answer.status_code == 422


def test_facets_say_what_there_is_to_filter_by(served: Served, cats: list[dict[str, Any]]) -> None:
    post(served, "change", assets=[cats[0]["id"]], add_tags=["pet"])
    today = datetime.fromtimestamp(cats[0]["created"], UTC).date().isoformat()
    facets = served.http.get(f"{ASSETS}/facets").json()
    assert (facets["total"], facets["tags"]) == (2, [{"name": "pet", "count": 1}])
    assert facets["checkpoints"] == [{"name": "starter-128.safetensors", "count": 2}]
    assert facets["days"][0]["day"] in (today, datetime.now(UTC).date().isoformat())
    assert served.http.get(f"{ASSETS}/facets", params={"ahead": 1441}).status_code == 422


def test_what_is_deleted_can_be_restored_as_it_was(served: Served, cats: list[dict[str, Any]]) -> None:
    cat, path = cats[0], served.settings.home / "output" / cats[0]["path"]
    content = path.read_bytes()
    assert post(served, "delete", assets=[cat["id"]]).json() == {"count": 1}
    assert (path.exists(), found(served)) == (False, [cats[1]["path"]])
    assert served.http.get("/view", params={"filename": cat["path"]}).status_code == 404
    assert cat["path"] not in served.http.get(f"/history/{cat['job']}").text
    with Client(served.url) as client:
        assert client.job(cat["job"]).outputs == ()
    assert found(served, deleted=True) == [cat["path"]]
    assert served.http.get(f"{ASSETS}/{cat['id']}/file").content == content
    assert served.http.get(f"{ASSETS}/{cat['id']}/thumbnail").status_code == 200
    assert post(served, "delete", assets=[cat["id"]]).json() == {"count": 0}
    assert post(served, "restore", assets=[cat["id"], cats[1]["id"]]).json() == {"count": 1}
    assert (path.read_bytes(), found(served, deleted=True)) == (content, [])
    assert cat["path"] in served.http.get(f"/history/{cat['job']}").text
    with Client(served.url) as client:
        assert [output.asset.id for output in client.job(cat["job"]).outputs if output.asset] == [cat["id"]]


def test_a_picture_that_took_the_name_meanwhile_stays(served: Served, cats: list[dict[str, Any]]) -> None:
    last = cats[1]
    post(served, "delete", assets=[last["id"]])
    with Client(served.url) as client:
        (new,) = client.wait(client.submit(workflow("a dog", seed=next(SEEDS)))[0]).files
    assert new.path == last["path"]
    post(served, "restore", assets=[last["id"]])
    back = served.http.get(f"{ASSETS}/{last['id']}").json()["path"]
    assert back == last["path"].replace(".png", " (1).png")
    assert set(found(served, folder="output")) == {cats[0]["path"], new.path, back}
    assert back in served.http.get(f"/history/{last['job']}").text


def test_what_is_long_in_the_bin_is_deleted_for_good(served: Served, cats: list[dict[str, Any]]) -> None:
    gone, kept = (cat["id"] for cat in cats)
    post(served, "delete", assets=[gone, kept])
    with served.studio.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE assets SET deleted = deleted - {KEPT_IN_BIN} WHERE id = '{gone}'")
    stray = served.settings.home / "cache/bin/zz" / "zz-nobodys"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"x")
    clean(served.studio)
    assert served.http.get(f"{ASSETS}/{gone}").status_code == 404
    assert [path.name for path in (served.settings.home / "cache/bin").rglob("*") if path.is_file()] == [kept]
    assert found(served, deleted=True) == [cats[1]["path"]]
    assert served.http.delete(f"{ASSETS}/{kept}").status_code == 204
    assert not [path for path in (served.settings.home / "cache/bin").rglob("*") if path.is_file()]


def test_a_file_whose_server_died_while_it_was_moved_goes_back(served: Served, cats: list[dict[str, Any]]) -> None:
    path = served.settings.home / "output" / cats[0]["path"]
    moved = served.settings.home / "cache/bin" / cats[0]["id"][:2] / cats[0]["id"]
    moved.parent.mkdir(parents=True, exist_ok=True)
    path.rename(moved)
    empty_bin(served.studio, KEPT_IN_BIN)
    assert (path.is_file(), moved.exists()) == (True, False)


def test_what_cannot_be_moved_leaves_all_as_it_was(served: Served, cats: list[dict[str, Any]], tmp_path: Path) -> None:
    path = served.settings.home / "output" / cats[1]["path"]
    content = path.read_bytes()
    path.unlink()
    path.symlink_to(tmp_path)
    ids = [cat["id"] for cat in cats]
    assert served.http.post(f"{ASSETS}/delete", json={"assets": ids}).status_code == 400
    path.unlink()
    path.write_bytes(content)
    assert len(found(served)) == 2
    assert (served.settings.home / "output" / cats[0]["path"]).is_file()


def test_an_archive_has_every_file_once(served: Served, cats: list[dict[str, Any]]) -> None:
    post(served, "delete", assets=[cats[0]["id"]])
    answer = post(served, "archive", assets=[cat["id"] for cat in (*cats, cats[0])])
    assert answer.headers["content-type"] == "application/zip"
    assert ".zip" in answer.headers["content-disposition"]
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [cat["path"] for cat in cats]
    assert served.http.post(f"{ASSETS}/archive", json={"assets": ["x"] * (MOST + 1)}).status_code == 422


def test_pictures_of_others_are_not_there(tmp_path: Path) -> None:
    with serving(tmp_path, auth="on") as served:
        ann, ben = (add_person(served.studio.database, name) for name in ("ann", "ben"))
        ada = add_person(served.studio.database, "ada", admin=True)
        with Client(served.url, ann["Authorization"].removeprefix("Bearer ")) as client:
            asset = client.wait(client.submit(workflow("a secret cat"))[0]).files[0].id
        body = {"assets": [asset]}
        mine = served.http.post("/api/v1/collections", json={"name": "mine"}, headers=ben).json()["id"]
        for person in (ben, ada):
            assert served.http.get(f"{ASSETS}/facets", headers=person).json()["total"] == 0
            its = served.http.get("/api/v1/collections", headers=person).json()["collections"]
            assert [one["name"] for one in its] == (["mine"] if person is ben else [])
        for what in ("change", "delete", "restore", "archive"):
            answer = served.http.post(f"{ASSETS}/{what}", json=body, headers=ben)
            assert answer.status_code == 404, what
        assert served.http.get(f"{ASSETS}/{asset}/recipe", headers=ben).status_code == 404
        assert served.http.post(f"/api/v1/collections/{mine}/add", json=body, headers=ben).status_code == 404
        assert served.http.get(ASSETS, params={"collection": mine}, headers=ann).status_code == 404
        for method, path, sent in (
            ("PATCH", mine, {"name": "hers"}),
            ("POST", f"{mine}/add", body),
            ("POST", f"{mine}/remove", body),
            ("DELETE", mine, None),
        ):
            answer = served.http.request(method, f"/api/v1/collections/{path}", json=sent, headers=ann)
            assert answer.status_code == 404, path
        assert served.http.post(f"{ASSETS}/archive", json=body, headers=ada).status_code == 200
        assert served.http.post(f"{ASSETS}/delete", json=body, headers=ann).json() == {"count": 1}
