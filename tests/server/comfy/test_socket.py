"""The socket, as clients follow their jobs on it."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from safelight.jobs import hub
from tests.server.comfy.talking import finished, is_end, post, said, said_until, socket_of
from tests.serving import Served, eventually, serving, workflow


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages if message["type"] not in ("status", "progress_state")]


def quick_nodes() -> dict[str, object]:
    """A workflow of a thousand nodes that take no time."""
    return {str(number): {"class_type": "PreviewAny", "inputs": {"source": "x"}} for number in range(1000)}


def test_a_client_is_greeted_with_its_id_and_the_length_of_the_queue(served: Served) -> None:
    with socket_of(served, "me") as socket:
        greeting = said(socket)
    assert greeting == {"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}, "sid": "me"}}
    with socket_of(served) as socket:
        assert len(said(socket)["data"]["sid"]) == 32


def test_a_client_hears_its_job_from_start_to_end(served: Served) -> None:
    with socket_of(served, "a") as socket:
        job = post(served, client_id="a")
        heard = said_until(socket, is_end(job))
    nodes = [message["data"]["node"] for message in heard if message["type"] == "executing"]
    assert nodes == [*"1234567", None]
    assert kinds(heard)[:2] == ["execution_start", "execution_cached"]
    assert kinds(heard)[-3:] == ["executed", "execution_success", "executing"]
    states = [message["data"]["nodes"] for message in heard if message["type"] == "progress_state"]
    assert {state["state"] for state in states[-1].values()} == {"finished"}


def test_the_id_may_stand_in_the_extra_data(served: Served) -> None:
    with socket_of(served, "b") as socket:
        job = post(served, extra_data={"client_id": "b"})
        assert "execution_success" in kinds(said_until(socket, is_end(job)))


def test_other_clients_hear_of_the_queue_only(served: Served) -> None:
    with socket_of(served, "c") as other, socket_of(served, "d") as socket:
        said_until(socket, is_end(post(served, client_id="d")))
        own = post(served, client_id="c")
        heard = said_until(other, is_end(own))
    assert {message["data"]["prompt_id"] for message in heard if message["type"] != "status"} == {own}


def test_a_failure_reaches_the_client(served: Served) -> None:
    with socket_of(served, "e") as socket:
        job = post(served, workflow("fail"), client_id="e")
        error = next(m for m in said_until(socket, is_end(job)) if m["type"] == "execution_error")
    assert error["data"]["exception_message"] == "It was told to fail. Do not tell it to."
    assert error["data"]["node_id"] == "1"


def test_everybody_hears_of_an_interruption(served: Served) -> None:
    with socket_of(served, "f") as other, socket_of(served, "g") as socket:
        job = post(served, workflow("slow", steps=100), client_id="g")
        said_until(socket, lambda message: message["type"] == "progress")
        assert served.http.post("/interrupt").status_code == 200
        own = said_until(socket, is_end(job))
        heard = said_until(other, lambda message: message["type"] == "execution_interrupted")
    interrupted = next(message["data"] for message in own if message["type"] == "execution_interrupted")
    assert (interrupted["node_id"], interrupted["node_type"]) == ("5", "KSampler")
    assert interrupted["executed"] == [*"1234"]
    assert heard[-1]["data"]["prompt_id"] == job


@pytest.mark.parametrize(("flag", "event"), [(True, 4), (False, 1)])
def test_previews_come_as_the_client_knows_them(served: Served, flag: bool, event: int) -> None:
    with socket_of(served, "h") as socket:
        said(socket)
        socket.send(json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": flag}}))
        flags = said_until(socket, lambda message: message["type"] == "feature_flags")[-1]
        post(served, client_id="h")
        while not isinstance(frame := socket.recv(timeout=10), bytes):
            pass
    assert flags["type"] == "feature_flags"
    assert flags["data"] == served.http.get("/features").json()
    assert flags["data"]["supports_preview_metadata"] is True
    assert frame[:4] == event.to_bytes(4, "big")


def test_who_connects_after_sending_is_shown_no_previews(served: Served) -> None:
    job = post(served, workflow("slow", steps=4), client_id="late")
    with socket_of(served, "late") as socket:
        heard: list[str | bytes] = []
        while not (heard and isinstance(heard[-1], str) and is_end(job)(json.loads(heard[-1]))):
            heard.append(socket.recv(timeout=10))
    assert not any(isinstance(message, bytes) for message in heard)


@pytest.mark.parametrize("noise", ["", "no JSON", "[]", '{"type": 3}', '{"type": "feature_flags", "data": 3}', b"\xff"])
def test_what_a_client_says_beside_does_no_harm(served: Served, noise: str | bytes) -> None:
    with socket_of(served, "i") as socket:
        socket.send(noise)
        job = post(served, client_id="i")
        assert "execution_success" in kinds(said_until(socket, is_end(job)))


def test_a_client_that_comes_again_goes_on_where_the_job_is(served: Served) -> None:
    with socket_of(served, "j") as first:
        job = post(served, workflow("slow", steps=12), client_id="j")
        said_until(first, lambda message: message["type"] == "progress")
    with socket_of(served, "j") as second:
        heard = said_until(second, is_end(job))
    assert heard[0]["data"]["sid"] == "j"
    assert heard[1] == {"type": "executing", "data": {"node": "5", "display_node": "5", "prompt_id": job}}
    seen = next(message["data"]["nodes"] for message in heard if message["type"] == "progress_state")
    assert list(seen) == [*"12345"]
    assert kinds(heard)[-3:] == ["executed", "execution_success", "executing"]


def test_of_two_sockets_of_a_client_the_newest_hears_the_job(served: Served) -> None:
    with socket_of(served, "k") as old, socket_of(served, "k") as new:
        said(new)
        job = post(served, client_id="k")
        assert "execution_success" in kinds(said_until(new, is_end(job)))
        post(served)
        remaining = {"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}}}
        assert kinds(said_until(old, lambda message: message == remaining)) == []


def test_the_log_is_sent_to_those_who_ask(served: Served) -> None:
    with socket_of(served, "l") as socket:
        said(socket)
        wanted = {"clientId": "l", "enabled": True}
        assert served.http.patch("/internal/logs/subscribe", json=wanted).status_code == 200
        logging.getLogger("safelight.test").warning("a line, and token=verysecret")
        heard = said_until(socket, lambda message: message["type"] == "logs")
    entries = heard[-1]["data"]["entries"]
    assert set(heard[-1]["data"]["size"]) == {"cols", "rows"}
    assert "a line" in entries[-1]["m"]
    assert "verysecret" not in entries[-1]["m"]


def test_a_thousand_quick_nodes_cost_a_client_under_two_megabytes(served: Served) -> None:
    with socket_of(served, "m") as socket:
        job, size = post(served, quick_nodes(), client_id="m"), 0
        while not is_end(job)(json.loads(message := socket.recv(timeout=20))):
            size += len(message)
    assert size < 2_000_000


def test_a_client_that_is_far_behind_is_told_to_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "BACKLOG", 20)
    with serving(tmp_path) as served, socket_of(served, "behind") as socket:
        said(socket)
        job = post(served, quick_nodes(), client_id="behind")
        with pytest.raises(ConnectionClosed):
            said_until(socket, is_end(job))
        assert socket.close_code == 1013
        assert finished(served, job)["status"]["completed"]


def test_a_socket_that_is_left_is_forgotten(served: Served) -> None:
    with socket_of(served, "n") as socket:
        said(socket)
        assert len(served.studio.hub) >= 1
    eventually(lambda: len(served.studio.hub) == 0)
