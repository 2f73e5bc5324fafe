"""`/history`: what has ended, and what it made."""

from pathlib import Path
from typing import Any

from safelight.jobs.recorder import row_of
from safelight.protocol.events import Done, Output, Started
from safelight.store import events as stored
from safelight.store import jobs as rows
from safelight.store.jobs import NewJob
from tests.server.comfy.talking import finished, post
from tests.serving import Served, eventually, serving, workflow


def history(served: Served, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = served.http.get(f"/history{query}").json()
    return found


def test_an_entry_has_the_shape_that_clients_read(served: Served) -> None:
    job = post(served, client_id="me")
    entry = finished(served, job)
    image = {"filename": "test_00001_.png", "subfolder": "", "type": "output"}
    assert set(entry) == {"prompt", "outputs", "status", "meta"}
    assert entry["prompt"][1:3] == [job, workflow()]
    assert entry["prompt"][4] == ["7"]
    assert entry["outputs"] == {"7": {"images": [image]}}
    assert entry["meta"] == {"7": {"node_id": "7", "display_node": "7", "parent_node": None, "real_node_id": "7"}}
    assert (entry["status"]["status_str"], entry["status"]["completed"]) == ("success", True)
    kinds = [kind for kind, _ in entry["status"]["messages"]]
    assert kinds == ["execution_start", "execution_cached", "execution_success"]
    assert all(data["prompt_id"] == job for _, data in entry["status"]["messages"])
    assert served.http.get(f"/view?{'&'.join(f'{k}={v}' for k, v in image.items())}").status_code == 200


def test_a_failed_job_says_why(served: Served) -> None:
    status = finished(served, post(served, workflow("fail")))["status"]
    assert (status["status_str"], status["completed"]) == ("error", False)
    kind, data = status["messages"][-1]
    assert kind == "execution_error"
    assert data["exception_message"] == "It was told to fail. Do not tell it to."


def test_a_job_that_has_not_ended_or_is_not_known_has_no_entry(served: Served) -> None:
    job = post(served, workflow("slow", steps=50))
    assert served.http.get(f"/history/{job}").json() == {}
    assert served.http.get("/history/nobody").json() == {}
    eventually(lambda: served.http.get("/queue").json()["queue_running"])
    served.http.post("/interrupt")
    kind, data = finished(served, job)["status"]["messages"][-1]
    assert (kind, data["prompt_id"]) == ("execution_interrupted", job)


def test_pages_are_cut_from_the_oldest_or_the_newest(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        jobs = [post(served) for _ in range(4)]
        for job in jobs:
            finished(served, job)
        assert list(history(served)) == jobs
        assert list(history(served, "?max_items=2")) == jobs[2:]
        assert list(history(served, "?max_items=2&offset=-1")) == jobs[2:]
        assert list(history(served, "?max_items=2&offset=1")) == jobs[1:3]
        assert list(history(served, "?offset=3")) == jobs[3:]
        assert history(served, "?max_items=0") == {}
        assert served.http.get("/history?max_items=many").status_code == 400


def test_entries_can_be_deleted_and_all_cleared(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        jobs = [post(served) for _ in range(3)]
        for job in jobs:
            finished(served, job)
        assert served.http.post("/history", json={"delete": [jobs[1]]}).status_code == 200
        assert list(history(served)) == [jobs[0], jobs[2]]
        served.http.post("/history", json={"clear": True})
        assert history(served) == {}
        assert len(list((tmp_path / "output").iterdir())) == 3


def test_files_that_are_gone_are_not_named(served: Served) -> None:
    job = post(served, workflow(prefix="gone"))
    name = finished(served, job)["outputs"]["7"]["images"][0]["filename"]
    (served.settings.home / "output" / name).unlink()
    assert history(served)[job]["outputs"] == {}


def test_a_long_history_is_answered_whole(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        jobs = [NewJob(f"job-{number}", "local", '{"1": {}}', ["1"]) for number in range(300)]
        with served.studio.database.write() as connection:
            rows.insert_jobs(connection, jobs)
            for place, job in enumerate(jobs):
                rows.end_job(connection, job.id, "done")
                text = Output(job.id, "1", "text", text=str(place))
                told = [row_of(event, float(place)) for event in (Started(job.id), text, Done(job.id))]
                stored.insert_events(connection, told)
        for query, first in (("", 0), ("?max_items=50", 250)):
            texts = [entry["outputs"]["1"]["text"] for entry in history(served, query).values()]
            assert texts == [[str(place)] for place in range(first, 300)]
