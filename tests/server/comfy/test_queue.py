"""`/queue`, `/interrupt`, `/free`."""

import asyncio
import threading
import time
from pathlib import Path

from safelight.store.jobs import NewJob
from tests.server.comfy.talking import finished, post
from tests.serving import Served, eventually, serving, workflow

JOBS = 5000
LONGEST = 0.05  # seconds that others may have to wait


def running(served: Served) -> list[str]:
    return [item[1] for item in served.http.get("/queue").json()["queue_running"]]


def pending(served: Served) -> list[str]:
    return [item[1] for item in served.http.get("/queue").json()["queue_pending"]]


def test_an_item_is_number_id_workflow_extra_and_outputs(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        first = post(served, workflow("slow", steps=100))
        second = post(served, extra_data={"k": "ä"}, client_id="me")
        eventually(lambda: running(served) == [first])
        item = served.http.get("/queue").json()["queue_pending"][0]
        assert item == [2, second, workflow(), {"k": "ä", "client_id": "me", "preview_method": "none"}, ["7"]]
        assert served.http.get("/prompt").json() == {"exec_info": {"queue_remaining": 2}}
        served.http.post("/interrupt")


def test_what_waits_can_be_deleted_and_cleared_and_what_runs_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        first, *others = [post(served, workflow("slow", steps=100)) for _ in range(5)]
        eventually(lambda: running(served) == [first])
        served.http.post("/queue", json={"delete": [others[1], "no-such-job"]})
        assert pending(served) == [others[0], others[2], others[3]]
        answer = served.http.post("/queue", json={"clear": True})
        assert (answer.status_code, answer.content) == (200, b"")
        assert pending(served) == []
        assert running(served) == [first]
        assert served.http.get("/history").json() == {}
        served.http.post("/interrupt", json={"prompt_id": others[0]})
        time.sleep(0.3)
        assert running(served) == [first]
        served.http.post("/interrupt", json={"prompt_id": first})
        assert finished(served, first)["status"]["status_str"] == "error"


def test_malformed_changes_are_refused(served: Served) -> None:
    assert served.http.post("/queue", json={"delete": "x"}).status_code == 400
    assert served.http.post("/queue", content=b"no").status_code == 400
    assert served.http.post("/queue", content=b"[]").status_code == 400
    assert served.http.post("/interrupt", json={"prompt_id": 7}).status_code == 400


def test_memory_is_given_back_by_the_engine(served: Served) -> None:
    engine = served.fleet.engines[0]
    served.http.post("/free", json={"unload_models": True, "free_memory": True})
    served.http.post("/free", json={"free_memory": True})
    served.http.post("/free", json={})
    eventually(lambda: len(engine.freed) == 2)
    assert engine.freed == [True, False]


def test_a_queue_of_thousands_is_listed_whole_and_holds_up_nobody(tmp_path: Path) -> None:
    with serving(tmp_path, most_queued=JOBS) as served:
        served.studio.queue.pause()
        text = '{"1": {"class_type": "X", "inputs": {"text": "' + "words " * 300 + '"}}}'
        jobs = [NewJob(f"job-{number}", "local", text, ["1"], extra='{"workflow": {}}') for number in range(JOBS)]
        served.studio.queue.add(jobs)
        sampling = asyncio.run_coroutine_threadsafe(held_up(is_over := threading.Event()), served.loop)
        listed = [served.http.get("/queue").text.count('"job-') for _ in range(2)]
        is_over.set()
        waits = sorted(sampling.result(5))
        assert listed == [JOBS, JOBS]
        assert waits[len(waits) * 9 // 10] < LONGEST, waits[-10:]


async def held_up(is_over: threading.Event) -> list[float]:
    """How long the event loop keeps others waiting, in seconds, time and again until it is over."""
    waits = []
    while not is_over.is_set():
        began = time.perf_counter()
        await asyncio.sleep(0.001)
        waits.append(time.perf_counter() - began)
    return waits
