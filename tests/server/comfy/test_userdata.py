"""`/userdata`: files that graph editors keep."""

import json

import pytest

from tests.serving import Served

TREE = {"workflows/a.json": b"{}", "workflows/sub/b.json": b"[1]", "comfy.settings.json": b"{}"}


@pytest.fixture(scope="module", autouse=True)
def files(served: Served) -> None:
    """What is kept."""
    for name, content in TREE.items():
        assert served.http.post(f"/userdata/{name.replace('/', '%2F')}", content=content).status_code == 200
    (served.settings.home / "user" / "default" / "link.json").symlink_to(served.settings.home / "safelight.db")


def test_a_file_is_kept_under_the_persons_folder(served: Served) -> None:
    assert (served.settings.home / "user/default/workflows/a.json").read_bytes() == b"{}"
    answer = served.http.get("/api/userdata/workflows%2Fsub%2Fb.json")
    assert answer.content == b"[1]"
    assert answer.headers["content-type"] == "application/json"


def test_lists_are_relative_to_the_folder(served: Served) -> None:
    def listed(query: str) -> object:
        return served.http.get(f"/userdata?dir=workflows{query}").json()

    assert listed("") == ["a.json"]
    assert listed("&recurse=true") == ["a.json", "sub/b.json"]
    assert listed("&recurse=true&split=true") == [["a.json", "a.json"], ["sub/b.json", "sub", "b.json"]]
    full = served.http.get("/userdata?dir=workflows&recurse=true&full_info=true").json()
    assert [(each["path"], each["size"]) for each in full] == [("a.json", 2), ("sub/b.json", 3)]
    assert all(each["modified"] > 1.7e12 for each in full)  # milliseconds


def test_the_tree_names_files_and_folders(served: Served) -> None:
    tree = {each["path"]: each for each in served.http.get("/v2/userdata?path=workflows").json()}
    assert {path: each["type"] for path, each in tree.items()} == {
        "workflows/a.json": "file",
        "workflows/sub": "directory",
        "workflows/sub/b.json": "file",
    }
    assert tree["workflows/a.json"]["size"] == 2
    assert "comfy.settings.json" in [each["path"] for each in served.http.get("/v2/userdata").json()]


def test_what_is_there_is_only_replaced_where_that_is_wanted(served: Served) -> None:
    served.http.post("/userdata/c.json", content=b"1")
    assert served.http.post("/userdata/c.json?overwrite=false", content=b"2").status_code == 409
    answer = served.http.post("/userdata/c.json?overwrite=true&full_info=true", content=b"34")
    assert (answer.json()["path"], answer.json()["size"]) == ("c.json", 2)
    assert served.http.post("/userdata/c.json", content=b"5").json() == "c.json"


def test_files_are_moved_and_deleted(served: Served) -> None:
    served.http.post("/userdata/d.json", content=b"d")
    assert served.http.post("/userdata/d.json/move/workflows%2Fe.json").json() == "workflows/e.json"
    served.http.post("/userdata/d.json", content=b"d")
    assert served.http.post("/userdata/d.json/move/workflows%2Fe.json?overwrite=false").status_code == 409
    assert served.http.post("/userdata/none.json/move/f.json").status_code == 404
    assert served.http.delete("/userdata/workflows%2Fe.json").status_code == 204
    assert served.http.delete("/userdata/workflows%2Fe.json").status_code == 404


@pytest.mark.parametrize(
    "name", ["..%2F..%2Fsafelight.db", "%2Fetc%2Fpasswd", "a%2F..%2F..%2Fx", "link.json", "a%00b", "C:%5Cx", "x" * 300]
)
def test_nothing_outside_is_read_or_written(served: Served, name: str) -> None:
    assert served.http.get(f"/userdata/{name}").status_code == 403
    assert served.http.post(f"/userdata/{name}", content=b"x").status_code == 403
    assert served.http.delete(f"/userdata/{name}").status_code == 403
    assert served.http.post(f"/userdata/workflows%2Fa.json/move/{name}").status_code == 403
    assert served.http.get(f"/userdata?dir={name}").status_code == 403


def test_what_is_no_file_is_refused(served: Served) -> None:
    assert served.http.get("/userdata").status_code == 400
    assert served.http.get("/userdata?dir=nothing").status_code == 404
    assert served.http.get("/userdata/workflows").status_code == 404
    assert served.http.post("/userdata/workflows", content=b"x").status_code == 400
    assert served.http.post("/userdata/workflows%2Fa.json%2Fb", content=b"x").status_code == 400


def test_pages_and_scripts_are_not_kept(served: Served) -> None:
    assert served.http.post("/userdata/page.html", content=b"<script>").status_code in (400, 403)


def test_settings_are_kept_by_key(served: Served) -> None:
    assert served.http.post("/settings", json={"Comfy.Theme": "dark", "n": [1]}).status_code == 200
    assert served.http.post("/api/settings/one.more", content=json.dumps({"a": None})).status_code == 200
    assert served.http.get("/settings").json() == {"Comfy.Theme": "dark", "n": [1], "one.more": {"a": None}}
    assert served.http.get("/settings/Comfy.Theme").json() == "dark"
    assert served.http.get("/settings/unknown").json() is None
    assert served.http.post("/settings/x", content=b"no").status_code == 400
    assert served.http.post("/settings", json={"x" * 300: 1}).status_code == 400
    assert served.http.post("/settings/x", json="y" * 300_000).status_code == 413
