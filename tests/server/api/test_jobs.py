"""Jobs: put in, look, move, cancel, retry, delete."""

from typing import Any

import pytest

from safelight.client import Client
from safelight.files.folders import STARTER_CHECKPOINT
from safelight.graph.formats import parse_api
from safelight.graph.layout import to_editor
from tests.serving import Served, eventually, workflow
from tests.studio import CATALOG

JOBS = "/api/v1/jobs"


def seeds_of(served: Served, jobs: list[dict[str, Any]]) -> list[int]:
    details = [served.http.get(f"{JOBS}/{job['id']}").json() for job in jobs]
    return [each["workflow"]["5"]["inputs"]["seed"] for each in details]


def submit(served: Served, prompt: str = "a cat", *, steps: int = 3, **more: object) -> list[dict[str, Any]]:
    answer = served.http.post(JOBS, json={"workflow": workflow(prompt, steps=steps), **more})
    assert answer.status_code == 202, answer.text
    jobs: list[dict[str, Any]] = answer.json()["jobs"]
    return jobs


def listed(served: Served, **sought: Any) -> list[str]:
    return [job["id"] for job in served.http.get(JOBS, params=sought).json()["jobs"]]


def test_a_job_that_is_done_names_its_picture_as_an_asset(served: Served, client: Client) -> None:
    (job,) = submit(served, title="mine", extra={"from": "a test"})
    client.wait(job["id"])
    details = served.http.get(f"{JOBS}/{job['id']}").json()
    assert (details["state"], details["title"], details["engine"]) == ("done", "mine", "pretend")
    assert details["extra"]["from"] == "a test"
    assert [node["state"] for node in details["nodes"]] == ["done"] * 7
    (output,) = details["outputs"]
    asset = output["asset"]
    assert (asset["prompt"], asset["checkpoint"], asset["job"]) == ("a cat", STARTER_CHECKPOINT, job["id"])
    assert served.http.get(asset["url"]).content == (served.settings.home / "output" / asset["path"]).read_bytes()


def test_a_saved_picture_keeps_a_layout_for_graph_editors(paused: Served) -> None:
    (job,) = submit(paused)
    extra = paused.http.get(f"{JOBS}/{job['id']}").json()["extra"]
    assert {node["type"] for node in extra["extra_pnginfo"]["workflow"]["nodes"]} >= {"KSampler", "SaveImage"}
    (job,) = submit(paused, editor={"nodes": [], "mine": True})
    extra = paused.http.get(f"{JOBS}/{job['id']}").json()["extra"]
    assert extra["extra_pnginfo"]["workflow"] == {"nodes": [], "mine": True}


def test_several_seeds_are_one_request_and_one_batch(paused: Served) -> None:
    jobs = submit(paused, count=3)
    assert seeds_of(paused, jobs) == [1, 2, 3]
    assert seeds_of(paused, submit(paused, seeds=[9, 4])) == [9, 4]
    (batch,) = {job["batch"] for job in jobs}
    assert set(listed(paused, batch=batch)) == {job["id"] for job in jobs}


def test_a_workflow_without_a_seed_is_not_run_several_times(paused: Served) -> None:
    document = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 64, "batch_size": 1, "color": 0}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
    }
    assert paused.http.post(JOBS, json={"workflow": document}).status_code == 202
    answer = paused.http.post(JOBS, json={"workflow": document, "count": 2})
    assert answer.status_code == 400
    assert "no seed" in answer.json()["error"]["what"]


def test_a_seed_does_not_grow_past_the_largest(paused: Served) -> None:
    document: dict[str, Any] = workflow(seed=2**64 - 1)
    answer = paused.http.post(JOBS, json={"workflow": document, "count": 2})
    assert (answer.status_code, answer.json()["error"]["where"]) == (400, "node 5")


def test_a_workflow_that_cannot_run_is_refused_with_all_that_is_wrong(served: Served) -> None:
    document: dict[str, Any] = workflow()
    document["5"]["inputs"]["steps"] = -1
    document["1"]["inputs"]["ckpt_name"] = "nothing.safetensors"
    answer = served.http.post(JOBS, json={"workflow": document})
    assert answer.status_code == 422
    problems = {(each["node"], each["input"]) for each in answer.json()["error"]["problems"]}
    assert problems == {("5", "steps"), ("1", "ckpt_name")}
    assert listed(served) == []


def test_a_check_says_what_is_wrong_or_what_it_takes_and_runs_nothing(served: Served) -> None:
    document: dict[str, Any] = workflow()
    verdict = served.http.post(f"{JOBS}/check", json={"workflow": document}).json()
    assert verdict["problems"] == []
    assert verdict["estimate"]["weights"] > 10_000_000  # fp32 of the starter
    assert verdict["estimate"]["model_calls"] == 6  # three steps, two prompts
    document["5"]["inputs"]["sampler_name"] = "eulr"
    verdict = served.http.post(f"{JOBS}/check", json={"workflow": document}).json()
    assert (verdict["estimate"], verdict["problems"][0]["input"]) == (None, "sampler_name")
    assert listed(served) == []


def test_the_queue_is_listed_in_its_order_and_history_from_the_newest(paused: Served) -> None:
    first, second, third = (submit(paused)[0]["id"] for _ in range(3))
    assert listed(paused, state="queued", order="queue") == [first, second, third]
    assert listed(paused) == [third, second, first]
    page = paused.http.get(JOBS, params={"limit": 1, "offset": 1}).json()
    assert ([job["id"] for job in page["jobs"]], page["total"]) == ([second], 3)


def test_jobs_are_moved_before_others_to_the_front_and_by_priority(paused: Served) -> None:
    first, second, third = (submit(paused)[0]["id"] for _ in range(3))
    for move, order in (
        ({"before": second}, [first, third, second]),
        ({"front": True}, [third, first, second]),
        ({"priority": -1}, [first, second, third]),
    ):
        assert paused.http.post(f"{JOBS}/{third}/move", json=move).status_code == 200
        assert listed(paused, state="queued", order="queue") == order
    assert submit(paused, front=True)[0]["id"] == listed(paused, state="queued", order="queue")[0]


def test_a_queued_job_says_how_many_are_before_it(paused: Served) -> None:
    jobs = [submit(paused)[0]["id"] for _ in range(3)]
    assert [paused.http.get(f"{JOBS}/{job}").json()["position"] for job in jobs] == [0, 1, 2]


def test_a_running_job_shows_how_far_each_node_is_and_stops_when_cancelled(served: Served) -> None:
    (job,) = submit(served, "slow", steps=100)
    path = f"{JOBS}/{job['id']}"
    eventually(lambda: {"node": "5", "state": "running"} in served.http.get(path).json()["nodes"])
    assert served.http.get(path).json()["nodes"][0] == {"node": "1", "state": "done"}
    assert served.http.post(f"{path}/cancel").status_code == 200
    eventually(lambda: served.http.get(path).json()["state"] == "cancelled")
    assert served.http.post(f"{path}/retry").json()["state"] in ("queued", "running")


def test_a_failed_job_says_why_and_which_node(served: Served, client: Client) -> None:
    (job,) = submit(served, "fail")
    list(client.follow(job["id"]))
    error = served.http.get(f"{JOBS}/{job['id']}").json()["error"]
    assert (error["what"], error["mend"], error["node"]) == ("It was told to fail.", "Do not tell it to.", "1")


def test_only_jobs_that_have_ended_are_forgotten_and_their_pictures_stay(served: Served, client: Client) -> None:
    (job,) = submit(served)
    (asset,) = client.wait(job["id"]).files
    (slow,) = submit(served, "slow")
    assert served.http.delete(f"{JOBS}/{slow['id']}").status_code == 400
    assert served.http.post(f"{JOBS}/delete", json={}).json() == {"count": 1}
    assert served.http.get(f"{JOBS}/{job['id']}").status_code == 404
    assert served.http.get(f"/api/v1/assets/{asset.id}/file").status_code == 200


def test_several_jobs_are_cancelled_at_once(paused: Served) -> None:
    jobs = [submit(paused)[0]["id"] for _ in range(3)]
    assert paused.http.post(f"{JOBS}/cancel", json={"jobs": jobs[:2]}).json() == {"count": 2}
    assert listed(paused, state="queued") == jobs[2:]
    assert paused.http.post(f"{JOBS}/cancel", json={}).json() == {"count": 1}


@pytest.mark.parametrize("path", ["nothing", "nothing/cancel", "nothing/retry", "nothing/move"])
def test_an_unknown_job_is_answered_404(path: str, served: Served) -> None:
    method = "POST" if "/" in path else "GET"
    answer = served.http.request(method, f"{JOBS}/{path}", json={} if method == "POST" else None)
    assert (answer.status_code, answer.json()["error"]["mend"]) == (404, "Look at the list of jobs.")


@pytest.mark.parametrize(
    "body",
    [
        {"workflow": []},
        {"workflow": {}, "count": 0},
        {"workflow": {}, "seeds": []},
        {"workflow": {}, "seeds": [2**64]},
        {"workflow": {}, "priority": 10**9},
        {"workflow": {}, "title": "x" * 256},
        {"workflow": {}, "title": "\0"},
    ],
)
def test_a_malformed_request_is_answered_422(body: object, served: Served) -> None:
    answer = served.http.post(JOBS, json=body)
    assert (answer.status_code, "malformed" in answer.json()["error"]["what"]) == (422, True)


@pytest.mark.parametrize(
    "sent", [b'{"workflow": {}, "extra": {"x": NaN}}', b'{"workflow": {}, "extra": {"\\ud800": 1}}']
)
def test_what_no_other_program_could_read_is_not_kept(sent: bytes, served: Served) -> None:
    answer = served.http.post(JOBS, content=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_json_that_is_nested_without_end_is_refused(served: Served) -> None:
    sent = b'{"workflow": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001
    answer = served.http.post(JOBS, content=sent, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500


def test_the_queue_stands_still_until_it_is_resumed(paused: Served) -> None:
    submit(paused)
    view = paused.http.get("/api/v1/queue").json()
    assert (view["paused"], view["queued"], view["mine"]) == (True, 1, 1)
    eventually(lambda: paused.http.get("/api/v1/queue").json()["waiting_for"] == "The queue is paused.")
    assert paused.http.post("/api/v1/queue/resume").json()["paused"] is False
    eventually(lambda: paused.http.get("/api/v1/queue").json()["mine"] == 0)


def test_a_running_job_is_put_back_by_a_pause_that_says_so(served: Served) -> None:
    (job,) = submit(served, "slow")
    path = f"{JOBS}/{job['id']}"
    eventually(lambda: served.http.get(path).json()["state"] == "running")
    served.http.post("/api/v1/queue/pause", json={"running": "requeue"})
    eventually(lambda: served.http.get(path).json()["state"] == "queued")
    assert served.http.post("/api/v1/queue/clear").json()["mine"] == 0
    assert served.http.get(path).json()["state"] == "cancelled"


def laid_out(prompt: str = "a cat") -> dict[str, Any]:
    """A graph editor's document of the usual workflow."""
    return to_editor(parse_api(workflow(prompt))[0], CATALOG)


def details(served: Served, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [served.http.get(f"{JOBS}/{job['id']}").json() for job in jobs]


def test_an_editors_document_is_run_as_it_means_with_its_choices_drawn(paused: Served) -> None:
    document = laid_out("a {cat|dog} // not a bird")
    answer = paused.http.post(JOBS, json={"editor": document, "count": 8})
    found = details(paused, answer.json()["jobs"])
    texts = {each["workflow"]["2"]["inputs"]["text"] for each in found}
    assert texts <= {"a cat ", "a dog "}
    assert [each["workflow"]["5"]["inputs"]["seed"] for each in found] == list(range(1, 9))
    kept = [each["extra"]["extra_pnginfo"]["workflow"]["nodes"] for each in found]
    written = [{node["id"]: node["widgets_values"] for node in nodes} for nodes in kept]
    assert [values[2] for values in written] == [["a {cat|dog} // not a bird"]] * 8
    assert [values[5][0] for values in written] == list(range(1, 9))


def test_a_check_takes_an_editors_document_and_names_what_is_not_there(served: Served) -> None:
    document = laid_out()
    assert served.http.post(f"{JOBS}/check", json={"editor": document}).json()["problems"] == []
    document["nodes"][0]["widgets_values"] = ["starter-129.safetensors"]
    document["nodes"][1]["type"] = "FancyEncode"
    verdict = served.http.post(f"{JOBS}/check", json={"editor": document}).json()
    assert verdict["unknown"] == ["FancyEncode"]
    (missing,) = verdict["missing"]
    assert (missing["node"], missing["input"], missing["nearest"][0]) == ("1", "ckpt_name", STARTER_CHECKPOINT)
    assert served.http.post(f"{JOBS}/check", json={}).json()["problems"][0]["kind"] == "no_prompt"


def test_each_entry_of_changes_is_a_run_of_one_batch_that_says_what_was_changed(paused: Served) -> None:
    changes = [
        [{"node": "5", "input": "steps", "value": 7}],
        [{"node": "5", "input": "sampler_name", "value": "ddim"}, {"node": "2", "input": "text", "value": "a dog"}],
        [],
    ]
    jobs = submit(paused, changes=changes, extra={"from": "a grid"})
    found = details(paused, jobs)
    assert len({job["batch"] for job in jobs}) == 1
    assert [each["workflow"]["5"]["inputs"]["steps"] for each in found] == [7, 3, 3]
    assert found[1]["workflow"]["5"]["inputs"]["sampler_name"] == "ddim"
    assert found[1]["workflow"]["2"]["inputs"]["text"] == "a dog"
    assert [(each["extra"]["changes"], each["extra"]["from"]) for each in found] == [(c, "a grid") for c in changes]
    editors = [each["extra"]["extra_pnginfo"]["workflow"] for each in found]
    assert [len(editor["nodes"]) for editor in editors] == [7, 7, 7]
    assert [next(n for n in editor["nodes"] if n["id"] == 5)["widgets_values"][2] for editor in editors] == [7, 3, 3]


def test_a_change_that_cannot_be_is_refused_with_the_run_that_it_is_in(paused: Served) -> None:
    def refused(*values: object, **more: object) -> dict[str, Any]:
        changes = [[{"node": "5", "input": "steps", "value": value}] for value in values]
        answer = paused.http.post(JOBS, json={"workflow": workflow(), "changes": changes, **more})
        assert answer.status_code in (400, 422)
        error: dict[str, Any] = answer.json()["error"]
        return error

    (problem,) = refused(3, -1, -1)["problems"]
    assert (problem["node"], problem["input"]) == ("5", "steps")
    assert problem["message"].startswith("In run 2, 3: ")
    assert not refused(-1, -1)["problems"][0]["message"].startswith("In run")
    assert "count" in refused(3, count=2)["what"]
    changes = [[], [{"node": "5", "input": "stpes", "value": 1}]]
    error = paused.http.post(JOBS, json={"workflow": workflow(), "changes": changes}).json()["error"]
    assert (error["where"], error["mend"]) == ("run 2", "Did you mean steps?")
    assert listed(paused) == []
