"""A server, as a Python program uses it."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from safelight.client import Client
from safelight.client import connection as connection_room
from safelight.errors import BadInput, SafelightError
from safelight.jobs import hub
from safelight.protocol.events import Done, Failed, NodeStarted, Output, Preview, Progress, Queued, Started
from tests.serving import Served, eventually, workflow


def test_pictures_are_made_and_saved_in_one_call(client: Client, tmp_path: Path) -> None:
    paths = client.generate("a cat", into=tmp_path / "mine", steps=2, count=2, seed=5)
    assert [path.name for path in paths] == ["safelight_00001_.png", "safelight_00002_.png"]
    assert {Image.open(path).size for path in paths} == {(64, 48)}


def test_a_job_is_followed_from_its_beginning_even_after_its_end(client: Client) -> None:
    (job,) = client.submit(workflow(steps=2), title="mine")
    first = [type(event) for event in client.follow(job)]
    assert first[:3] == [Queued, Started, NodeStarted]
    assert first[-2:] == [Output, Done]
    assert [type(event) for event in client.follow(job)] == [
        kind for kind in first if kind in (Queued, Started, NodeStarted, Output, Done)
    ]
    ended = client.job(job)
    assert (ended.state, ended.title, ended.is_over) == ("done", "mine", True)
    assert ended.workflow == workflow(steps=2)


def test_steps_are_told_while_it_runs(client: Client) -> None:
    (job,) = client.submit(workflow("slow", steps=3))
    steps = [(event.value, event.total) for event in client.follow(job) if isinstance(event, Progress)]
    assert steps[-1] == (3, 3)


def test_a_failure_is_raised_in_its_own_words(client: Client) -> None:
    (job,) = client.submit(workflow("fail"))
    assert isinstance(list(client.follow(job))[-1], Failed)
    with pytest.raises(SafelightError, match="It was told to fail") as raised:
        client.wait(job)
    assert (raised.value.where, raised.value.mend) == ("node 1", "Do not tell it to.")


def test_what_the_server_refuses_is_raised_with_all_problems(client: Client) -> None:
    with pytest.raises(BadInput, match="There is no nothing"):
        client.images("a cat", checkpoint="nothing")
    document = workflow(steps=-1)
    document["4"] = {"class_type": "EmptyLatentImage", "inputs": {"width": 1, "height": 64, "batch_size": 1}}
    with pytest.raises(BadInput) as raised:
        client.submit(document)
    assert "has 2 problems" in raised.value.what
    assert "KSampler (node 5), input steps: -1 is smaller than 1" in raised.value.what
    with pytest.raises(BadInput, match="There is no job nothing"):
        client.job("nothing")


def test_a_job_is_cancelled_retried_and_forgotten(client: Client) -> None:
    (job,) = client.submit(workflow("slow", steps=50))
    eventually(lambda: client.job(job).state == "running")
    client.cancel(job)
    with pytest.raises(SafelightError, match="was cancelled"):
        client.wait(job)
    assert client.retry(job).state in {"queued", "running"}
    client.cancel(job)
    eventually(lambda: client.job(job).is_over)
    client.delete(job)
    with pytest.raises(BadInput):
        client.job(job)


def test_lists_are_read_to_their_end_page_by_page(
    served: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safelight.client.client.PAGE", 2)
    served.http.post("/api/v1/queue/pause", json={})
    jobs = client.submit(workflow(), count=5)
    assert {job.id for job in client.jobs(["queued"], batch=jobs[0].batch)} == {job.id for job in jobs}
    assert list(client.jobs(["done"])) == []


def test_files_are_brought_found_fetched_and_deleted(client: Client, tmp_path: Path) -> None:
    Image.new("RGB", (30, 20), "red").save(tmp_path / "start.png")
    asset = client.upload(tmp_path / "start.png")
    (job,) = client.images("a cat", init_image=asset.id, steps=1)
    (made,) = client.wait(job).files
    assert [each.id for each in client.assets(folder="output", prompt="cat")] == [made.id]
    path = client.download(made, tmp_path / "fetched")
    assert path.read_bytes() == client.content(made)
    client.delete_asset(made)
    assert [each.path for each in client.assets()] == ["start.png"]
    with pytest.raises(SafelightError, match="cannot be read"):
        client.upload(tmp_path / "nothing.png")


def test_workflows_are_saved_and_opened(client: Client) -> None:
    saved = client.save_workflow("mine", {"v": 1})
    again = client.save_version(saved, {"v": 2}, "better")
    assert (again.version, client.open_workflow(again), client.open_workflow(again, 1)) == (2, {"v": 2}, {"v": 1})
    assert [each.name for each in client.workflows()] == ["mine"]


def test_models_nodes_and_health_are_told(client: Client) -> None:
    assert [model.name for model in client.models()] == [
        "chalk-128.safetensors",
        "sketch-256.safetensors",
        "starter-128.safetensors",
    ]
    assert "KSampler" in {node["class_type"] for node in client.nodes()["nodes"]}
    assert client.check(workflow())["problems"] == []
    assert client.health()["ready"] is True


def test_a_stream_that_is_cut_off_is_taken_up_where_it_was(
    served: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job,) = client.submit(workflow("slow", steps=3))
    events = client.follow(job)
    assert isinstance(next(events), Queued)
    monkeypatch.setattr(hub, "BACKLOG", 0)  # whoever is behind at all
    told = [type(event) for event in events if not isinstance(event, Progress | Preview)]
    assert told == [Started, *[NodeStarted] * 7, Output, Done]


@pytest.mark.parametrize("url", ["localhost:8188", "ftp://somewhere", ""])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="is no address"):
        Client(url)


def test_a_server_that_is_not_there_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_room, "TRIES", 1)
    monkeypatch.setattr(connection_room, "BETWEEN", 0.0)
    with Client("http://127.0.0.1:9") as client:
        for ask in (client.health, lambda: list(client.follow("x"))):
            with pytest.raises(SafelightError, match="cannot be reached") as raised:
                ask()
            assert "safelight serve" in raised.value.mend


def test_the_client_is_imported_without_what_takes_long() -> None:
    heavy = ("torch", "httpx2", "pydantic", "fastapi", "sqlalchemy", "numpy", "PIL")
    program = f"import sys, safelight.client; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
