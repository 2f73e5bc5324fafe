"""What happens to jobs, as it happens: by server-sent events and by WebSocket, with what was missed."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from safelight.client import Client
from safelight.jobs import hub
from safelight.server.api import events
from tests.serving import Served, eventually, workflow

EVENTS = "/api/v1/events"
ENDS = {"done", "failed", "cancelled"}


def submit(served: Served, prompt: str = "a cat", **more: object) -> str:
    answer = served.http.post("/api/v1/jobs", json={"workflow": workflow(prompt), **more})
    return str(answer.json()["jobs"][0]["id"])


@contextlib.contextmanager
def streamed(served: Served, **parameters: Any) -> Iterator[Iterator[dict[str, Any]]]:
    """Events as they come, each with the `id` line of the stream under `line`."""

    def read(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
        number = None
        for line in lines:
            if line.startswith("id: "):
                number = int(line[4:])
            if line.startswith("data: "):
                yield {**json.loads(line[6:]), "line": number}
                number = None

    with served.http.stream("GET", EVENTS, **parameters) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield read(response.iter_lines())


@contextlib.contextmanager
def socketed(served: Served, query: str = "") -> Iterator[Iterator[dict[str, Any]]]:
    with connect(served.url.replace("http", "ws") + f"{EVENTS}/ws{query}") as socket:
        yield (json.loads(message) for message in socket)


def until_end(told: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    seen = []
    for event in told:
        seen.append(event)
        if event["event"] in ENDS:
            break
    return seen


def kinds(seen: list[dict[str, Any]]) -> list[str]:
    return [event["event"] for event in seen if event["event"] not in ("progress", "preview", "queue")]


FULL = ["open", "queued", "started", *["node"] * 7, "output", "done"]


def test_a_run_is_told_from_its_beginning_to_its_end(served: Served) -> None:
    with streamed(served) as told:
        assert next(told) == {"event": "open", "last": 0, "line": 0}
        submit(served)
        seen = until_end(told)
    assert kinds(seen) == FULL[1:]
    assert {"progress", "preview"} <= {event["event"] for event in seen}
    kept = [event["id"] for event in seen if "id" in event]
    assert kept == sorted(kept) == [event["line"] for event in seen if event["line"] is not None]


def test_a_socket_tells_the_same(served: Served) -> None:
    with socketed(served) as told:
        opened = next(told)
        submit(served)
        assert [opened["event"], *kinds(until_end(told))] == FULL


@pytest.mark.parametrize("way", ["query", "header"])
def test_what_was_missed_is_told_again_from_the_last_seen_id(way: str, served: Served, client: Client) -> None:
    job = submit(served)
    client.wait(job)
    with streamed(served, params={"after": 0}) as told:
        everything = until_end(told)
    assert kinds(everything) == FULL
    seen = everything[4]["id"]
    sent: dict[str, Any] = {"params": {"after": seen}} if way == "query" else {"headers": {"Last-Event-ID": str(seen)}}
    with streamed(served, **sent) as told:
        assert kinds(until_end(told))[1:] == [event["event"] for event in everything[5:]]


def test_what_is_told_again_and_what_is_new_come_once_each_and_in_order(served: Served) -> None:
    job = submit(served, "slow")
    for _ in range(3):
        with streamed(served, params={"after": 0, "job": job}) as told:
            first = [next(told) for _ in range(4)]
        assert kinds(first)[:3] == FULL[:3]
    with streamed(served, params={"after": 0, "job": job}) as told:
        assert kinds(until_end(told)) == FULL


def test_one_job_is_told_of_alone(paused: Served) -> None:
    first, second = submit(paused), submit(paused)
    with socketed(paused, f"?job={second}&after=0") as told:
        paused.http.post("/api/v1/queue/resume")
        seen = until_end(told)
    assert {event["job"] for event in seen if event["event"] != "open"} == {second} != {first}


def test_an_unknown_job_is_refused(served: Served) -> None:
    assert served.http.get(EVENTS, params={"job": "nothing"}).status_code == 404
    with connect(served.url.replace("http", "ws") + f"{EVENTS}/ws?job=nothing") as socket:
        assert "There is no job" in json.loads(socket.recv())["error"]["what"]
        with pytest.raises(ConnectionClosedError):
            socket.recv()
        assert socket.close_code == 4404


def test_silence_is_broken_by_a_heartbeat(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    with socketed(served) as told:
        assert [next(told)["event"] for _ in range(3)] == ["open", "alive", "alive"]


def test_one_that_reads_too_slowly_is_told_to_come_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with streamed(served) as told:
        next(told)
        (listener,) = served.studio.hub._listeners
        monkeypatch.setattr(hub, "BACKLOG", 0)
        submit(served)
        assert [event["event"] for event in told] == ["reconnect"]
    assert listener.cut_off


def test_listeners_that_go_away_are_forgotten(served: Served) -> None:
    with streamed(served) as told, socketed(served) as also:
        next(told), next(also)
        assert len(served.studio.hub) == 2
    eventually(lambda: len(served.studio.hub) == 0)


def test_a_page_that_comes_in_the_middle_of_a_run_is_shown_how_it_stands(served: Served) -> None:
    with streamed(served) as first:  # before the job: without anybody who watches there are no previews
        assert next(first)["event"] == "open"
        answer = served.http.post("/api/v1/jobs", json={"workflow": workflow("slow", steps=500)})
        job = str(answer.json()["jobs"][0]["id"])
        assert "preview" in (event["event"] for event in first)
        with streamed(served) as told:
            opened = [next(told) for _ in range(4)]
        with streamed(served, params={"after": opened[0]["last"]}) as told:
            again = [next(told) for _ in range(3)]
    assert [event["event"] for event in opened] == ["open", "node", "progress", "preview"]
    assert all(event["line"] is None and "id" not in event and event["job"] == job for event in opened[1:])
    assert opened[1]["node"] == opened[2]["node"] == "5"
    assert [event["event"] for event in again] == ["open", "progress", "preview"]
    served.http.post(f"/api/v1/jobs/{job}/cancel")
    eventually(lambda: served.http.get(f"/api/v1/jobs/{job}").json()["state"] == "cancelled")
    assert served.studio.hub.shown_now(None) == []
