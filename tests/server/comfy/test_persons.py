"""Where several people sign in, each has their own jobs, files and settings."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from websockets.sync.client import connect

from tests.server.comfy.talking import PATIENCE, png, said, said_until
from tests.server.security.signing import add_person
from tests.serving import Served, eventually, serving, workflow


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server where people sign in."""
    with serving(tmp_path_factory.mktemp("home"), auth="on") as server:
        yield server


@pytest.fixture(scope="module")
def people(served: Served) -> Iterator[dict[str, httpx2.Client]]:
    """What each of them asks with."""
    names = {"ada": False, "bob": False, "eve": True}
    headers = {name: add_person(served.studio.database, name, admin=admin) for name, admin in names.items()}
    clients = {
        name: httpx2.Client(base_url=served.url, headers=each, timeout=PATIENCE) for name, each in headers.items()
    }
    yield clients
    for client in clients.values():
        client.close()


def run(client: httpx2.Client, **more: object) -> tuple[str, dict[str, Any]]:
    """A job of somebody's, and its place in their history."""
    job = client.post("/prompt", json={"prompt": workflow(), **more}).json()["prompt_id"]
    entry = eventually(lambda: client.get(f"/history/{job}").json().get(job))
    assert isinstance(entry, dict)
    return job, entry


def test_strangers_are_told_nothing(served: Served) -> None:
    for path in ("/prompt", "/queue", "/api/history", "/view?filename=a.png", "/object_info", "/userdata?dir=x"):
        assert served.http.get(path).status_code == 401


def test_jobs_and_pictures_are_ones_own_and_an_admin_sees_all_jobs(people: dict[str, httpx2.Client]) -> None:
    job, entry = run(people["ada"])
    name = entry["outputs"]["7"]["images"][0]["filename"]
    assert people["ada"].get("/view", params={"filename": name}).status_code == 200
    assert people["bob"].get("/view", params={"filename": name}).status_code == 404
    assert people["bob"].get(f"/history/{job}").json() == {}
    assert people["bob"].get("/history").json() == {}
    assert people["bob"].get("/jobs").json()["jobs"] == []
    assert people["bob"].get(f"/jobs/{job}").status_code == 404
    assert people["eve"].get(f"/jobs/{job}").status_code == 200
    assert job in people["eve"].get("/history").json()
    people["bob"].post("/history", json={"delete": [job], "clear": True})
    people["eve"].post("/history", json={"clear": True})
    assert list(people["ada"].get("/history").json()) == [job]


def test_nobody_stops_anothers_job(served: Served, people: dict[str, httpx2.Client]) -> None:
    body = {"prompt": workflow("slow", steps=50)}
    jobs = [people["ada"].post("/prompt", json=body).json()["prompt_id"] for _ in range(2)]
    eventually(served.studio.dispatcher.running)
    assert people["bob"].get("/queue").json() == {"queue_running": [], "queue_pending": []}
    for name in ("bob", "eve"):
        people[name].post("/interrupt")
        people[name].post("/queue", json={"clear": True})
    people["bob"].post("/interrupt", json={"prompt_id": jobs[0]})
    people["bob"].post("/queue", json={"delete": jobs})
    queue = people["ada"].get("/queue").json()
    assert [item[1] for items in queue.values() for item in items] == jobs
    people["eve"].post("/queue", json={"delete": jobs})
    people["eve"].post("/interrupt", json={"prompt_id": jobs[0]})
    eventually(lambda: people["ada"].get("/queue").json() == {"queue_running": [], "queue_pending": []})


def test_uploads_settings_and_files_are_ones_own(people: dict[str, httpx2.Client]) -> None:
    people["ada"].post("/upload/image", files={"image": ("mine.png", png())})
    people["ada"].post("/settings", json={"theme": "dark"})
    people["ada"].post("/userdata/a.json", content=b"{}")
    for name, is_hers in (("ada", True), ("bob", False), ("eve", False)):
        node = people[name].get("/object_info/LoadImage").json()["LoadImage"]
        assert ("mine.png" in node["input"]["required"]["image"][0]) == is_hers
        assert people[name].get("/settings").json() == ({"theme": "dark"} if is_hers else {})
        assert people[name].get("/userdata/a.json").status_code == (200 if is_hers else 404)


def test_knowing_a_clients_id_is_not_enough_to_listen(served: Served, people: dict[str, httpx2.Client]) -> None:
    url = served.url.replace("http", "ws") + "/ws?clientId=shared"
    headers = {"Authorization": people["bob"].headers["authorization"]}
    with connect(url, additional_headers=headers, max_queue=None) as socket:
        said(socket)
        run(people["ada"], client_id="shared")
        job, _ = run(people["bob"])
        remaining = {"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}}}
        heard = said_until(socket, lambda message: message == remaining)
    assert {message["type"] for message in heard} == {"status"}
    assert job


@pytest.mark.parametrize("path", ["/internal/logs", "/internal/logs/raw", "/internal/folder_paths"])
def test_the_server_itself_is_shown_to_admins_only(people: dict[str, httpx2.Client], path: str) -> None:
    assert people["ada"].get(path).status_code == 403
    assert people["eve"].get(path).status_code == 200
