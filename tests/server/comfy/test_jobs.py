"""`/jobs`: one list of what waits, runs and has ended."""

from pathlib import Path
from typing import Any

from tests.server.comfy.talking import finished, post
from tests.serving import Served, eventually, serving, workflow


def jobs(served: Served, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = served.http.get(f"/api/jobs{query}").json()
    return found


def ids(served: Served, query: str = "") -> list[str]:
    return [job["id"] for job in jobs(served, query)["jobs"]]


def test_a_job_is_listed_with_its_times_and_a_picture_that_stands_for_it(served: Served) -> None:
    job = post(served, extra_data={"extra_pnginfo": {"workflow": {"nodes": []}}})
    name = finished(served, job)["outputs"]["7"]["images"][0]["filename"]
    [entry] = [each for each in jobs(served, "?status=completed")["jobs"] if each["id"] == job]
    assert (entry["status"], entry["outputs_count"], entry["execution_error"]) == ("completed", 1, None)
    assert entry["create_time"] <= entry["execution_start_time"] <= entry["execution_end_time"]
    picture = {"filename": name, "subfolder": "", "type": "output"}
    assert entry["preview_output"] == {**picture, "nodeId": "7", "mediaType": "images"}

    whole = served.http.get(f"/jobs/{job}").json()
    assert whole["id"] == job
    assert whole["outputs"] == {"7": {"images": [picture]}}
    assert whole["workflow"]["prompt"] == workflow()
    assert whole["workflow"]["extra_data"]["extra_pnginfo"] == {"workflow": {"nodes": []}}
    assert whole["execution_status"]["messages"][-1][0] == "execution_success"


def test_a_failed_job_is_listed_with_its_reason(served: Served) -> None:
    job = post(served, workflow("fail"))
    finished(served, job)
    entry = jobs(served, "?status=failed&limit=1")["jobs"][0]
    assert (entry["id"], entry["status"], entry["preview_output"]) == (job, "failed", None)
    assert entry["execution_error"]["exception_message"] == "It was told to fail. Do not tell it to."


def test_what_is_asked_for_wrongly_is_refused(served: Served) -> None:
    for query in ("?status=lost", "?limit=0", "?offset=-1", "?limit=many"):
        assert served.http.get(f"/jobs{query}").status_code == 400
    assert served.http.get("/jobs/nobody").status_code == 404


def test_pages_go_from_the_newest_and_tell_how_many_there_are(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        made = [post(served) for _ in range(3)]
        for job in made:
            finished(served, job)
        assert ids(served) == made[::-1]
        assert ids(served, "?sort_order=asc") == made
        assert ids(served, "?limit=2&offset=1") == made[1::-1]
        assert jobs(served, "?limit=2")["pagination"] == {"offset": 0, "limit": 2, "total": 3, "has_more": True}
        assert jobs(served, "?limit=2&offset=2")["pagination"]["has_more"] is False
        slow = [post(served, workflow("slow", steps=50)) for _ in range(2)]
        eventually(lambda: ids(served, "?status=in_progress"))
        assert ids(served, "?status=in_progress,pending") == slow[::-1]
        assert ids(served, "?status=pending") == slow[1:]
        assert served.http.get(f"/jobs/{slow[1]}").json()["execution_status"] is None
