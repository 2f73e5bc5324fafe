"""What becomes of jobs, from the queue to their end, with engines that pretend."""

import asyncio
import json
import sqlite3
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from safelight.errors import BadInput
from safelight.jobs import dispatch, station
from safelight.jobs.queue import NoSuchJob, QueueFull
from safelight.server.studio import opened
from safelight.store import events as stored
from safelight.store.database import FILE_NAME
from safelight.store.jobs import ENDED, JobRow, NewJob
from safelight.store.state import ONLY_USER
from tests.serving import Served, eventually, serving, workflow


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as running:
        yield running


def put(served: Served, prompt: str, *, steps: int = 2, front: bool = False, priority: int = 0) -> str:
    job = uuid.uuid4().hex
    document = json.dumps(workflow(prompt, steps=steps))
    served.studio.queue.add([NewJob(job, ONLY_USER, document, ["7"], priority=priority)], front=front)
    return job


def row(served: Served, job: str) -> JobRow:
    return served.studio.queue.get(job, None)


def ended(served: Served, job: str) -> JobRow:
    eventually(lambda: row(served, job).state in ENDED)
    return row(served, job)


def running(served: Served, job: str) -> None:
    eventually(lambda: row(served, job).state == "running" and job in served.studio.dispatcher.running())


def tags(served: Served, job: str) -> list[str]:
    with served.studio.database.read() as connection:
        return [event.tag for event in stored.events_of(connection, job)]


def test_a_job_is_run_and_everything_about_it_is_kept(served: Served) -> None:
    job = put(served, "a cat")
    done = ended(served, job)
    assert done.state == "done"
    assert done.started is not None
    assert done.ended is not None
    assert done.created <= done.started <= done.ended
    assert 0 < done.device_seconds < 30
    assert tags(served, job) == ["queued", "started", *["node"] * 7, "output", "done"]


def test_jobs_run_one_after_another_in_the_order_in_which_they_came(served: Served) -> None:
    jobs = [put(served, f"cat {number}") for number in range(10)]
    for job in jobs:
        assert ended(served, job).state == "done"
    assert served.fleet.engines[0].runs == jobs


def test_several_engines_share_the_queue(tmp_path: Path) -> None:
    with serving(tmp_path, "one", "two") as served:
        jobs = [put(served, "slow", steps=2) for _ in range(4)]
        for job in jobs:
            ended(served, job)
        one, two = (engine.runs for engine in served.fleet.engines)
        assert sorted(one + two) == sorted(jobs)
        assert len(one) == len(two) == 2


def test_a_job_that_fails_says_why_and_the_next_one_runs(served: Served) -> None:
    bad, good = put(served, "fail"), put(served, "a cat")
    failed = ended(served, bad)
    assert failed.state == "failed"
    assert json.loads(failed.error or "")["what"] == "It was told to fail."
    assert ended(served, good).state == "done"


def test_a_job_whose_engine_dies_once_is_run_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station, "BACKOFF", (0.0,))
    job = put(served, "slow")
    running(served, job)
    served.loop.call_soon_threadsafe(served.fleet.engines[0].die)
    assert ended(served, job).state == "done"
    assert row(served, job).crashes == 1
    assert tags(served, job).count("queued") == 2


def test_a_job_whose_engines_die_twice_fails_in_plain_words_and_the_queue_goes_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "BACKOFF", (0.0,))
    bad, good = put(served, "crash"), put(served, "a cat")
    failed = ended(served, bad)
    error = json.loads(failed.error or "")
    assert failed.state == "failed"
    assert error["what"].startswith(
        "The engine was killed, which systems do to a program when memory runs out, 2 times"
    )
    assert error["mend"]
    assert served.fleet.engines[0].runs.count(bad) == 2
    assert ended(served, good).state == "done"


def test_a_queued_job_that_is_cancelled_is_never_run(served: Served) -> None:
    first, second = put(served, "slow", steps=3), put(served, "a cat")
    assert served.studio.queue.cancel([second], None) == 1
    assert row(served, second).state == "cancelled"
    ended(served, first)
    time.sleep(0.1)
    assert served.fleet.engines[0].runs == [first]


def test_a_running_job_stops_within_a_step(served: Served) -> None:
    job = put(served, "slow", steps=100)
    running(served, job)
    before = time.monotonic()
    assert served.studio.queue.cancel([job], None) == 1
    assert ended(served, job).state == "cancelled"
    assert time.monotonic() - before < 2


def test_an_engine_that_does_not_stop_is_replaced_and_the_queue_goes_on(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "ANSWER", 0.3)
    bad, good = put(served, "hang", steps=1000), put(served, "a cat")
    running(served, bad)
    served.studio.queue.cancel([bad], None)
    assert ended(served, bad).state == "cancelled"
    assert ended(served, good).state == "done"
    assert served.fleet.engines[0].starts == 2


def test_a_job_that_takes_too_long_is_stopped_and_says_so(tmp_path: Path) -> None:
    with serving(tmp_path, job_seconds=0.5) as served:
        job = put(served, "slow", steps=100)
        failed = ended(served, job)
        assert failed.state == "failed"
        assert "longer than 0.5 seconds" in (failed.error or "")


def test_a_job_that_trains_may_take_longer_and_is_given_time_to_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "ANSWER", 0.0)
    with serving(tmp_path, job_seconds=0.1, training_seconds=0.5) as served:
        job = uuid.uuid4().hex
        document = {"1": {"class_type": "TrainRun", "inputs": {"text": "slow", "steps": 100}}}
        served.studio.queue.add([NewJob(job, ONLY_USER, json.dumps(document), ["1"])])
        failed = ended(served, job)
        assert "longer than 0.5 seconds" in (failed.error or "")
        assert "it goes on where it was" in (failed.error or "")
        assert served.fleet.engines[0].starts == 1  # it has stopped by itself, after its step


def test_a_paused_queue_finishes_what_runs_and_begins_nothing(served: Served) -> None:
    first, second = put(served, "slow"), put(served, "a cat")
    running(served, first)
    served.studio.queue.pause()
    assert ended(served, first).state == "done"
    time.sleep(0.2)
    assert row(served, second).state == "queued"
    served.studio.queue.resume()
    assert ended(served, second).state == "done"


def test_what_runs_can_be_put_back_and_is_taken_up_again(served: Served) -> None:
    job = put(served, "slow", steps=5)
    running(served, job)
    served.studio.queue.pause("requeue")
    eventually(lambda: row(served, job).state == "queued")
    assert row(served, job).crashes == 0
    served.studio.queue.resume()
    assert ended(served, job).state == "done"
    assert served.fleet.engines[0].runs == [job, job]


def test_the_queue_is_reordered(served: Served) -> None:
    served.studio.queue.pause()
    a, b, c, d = (put(served, name) for name in "abcd")
    served.studio.queue.move(d, None, before=b)
    served.studio.queue.move(c, None, front=True)
    served.studio.queue.move(b, None, priority=3)
    assert [served.studio.queue.place(row(served, job)).position for job in (b, c, a, d)] == [0, 1, 2, 3]
    served.studio.queue.resume()
    for job in (a, b, c, d):
        ended(served, job)
    assert served.fleet.engines[0].runs == [b, c, a, d]


def test_only_what_has_ended_is_retried_or_forgotten(served: Served) -> None:
    queue = served.studio.queue
    job, bad = put(served, "slow"), put(served, "fail")
    running(served, job)
    assert queue.delete([job], None) == 0
    with pytest.raises(BadInput, match="running"):
        queue.retry(job, None)
    ended(served, bad)
    assert queue.retry(bad, None).state == "queued"
    ended(served, bad)
    assert queue.delete(None, None) == 2
    with pytest.raises(NoSuchJob):
        queue.get(bad, None)


def test_a_person_can_have_so_many_jobs_in_the_queue(tmp_path: Path) -> None:
    with serving(tmp_path, most_queued=3) as served:
        served.studio.queue.pause()
        for _ in range(3):
            put(served, "a cat")
        with pytest.raises(QueueFull, match="3 jobs"):
            put(served, "a cat")
        assert served.studio.queue.remaining() == 3


def test_jobs_of_one_request_are_all_taken_or_none(served: Served) -> None:
    twice = NewJob("same", ONLY_USER, "{}", ["1"])
    served.studio.queue.pause()
    served.studio.queue.add([twice])
    with pytest.raises(BadInput, match="same already"):
        served.studio.queue.add([NewJob("fresh", ONLY_USER, "{}", ["1"]), twice])
    assert served.studio.queue.remaining() == 1


def test_no_job_is_begun_while_the_disk_is_nearly_full(tmp_path: Path) -> None:
    with serving(tmp_path, spare_bytes=2**60) as served:
        job = put(served, "a cat")
        eventually(lambda: "MB left" in served.studio.dispatcher.waiting_for)
        assert row(served, job).state == "queued"
        assert "MB left" in served.http.get("/api/v1/health").json()["waiting_for"]


def test_while_another_program_holds_the_database_nothing_is_lost(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = put(served, "slow", steps=3)
    running(served, job)
    holder = sqlite3.connect(served.settings.home / FILE_NAME)
    holder.execute("BEGIN EXCLUSIVE")
    time.sleep(1.5)  # the job's end comes meanwhile
    assert served.http.get("/api/v1/health").status_code == 200
    holder.rollback()
    holder.close()
    assert ended(served, job).state == "done"
    assert tags(served, job) == ["queued", "started", *["node"] * 7, "output", "done"]


def test_after_a_stop_of_the_server_jobs_are_where_they_were(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        first, second = put(served, "slow", steps=50), put(served, "a cat")
        running(served, first)
    with serving(tmp_path) as served:
        served.studio.queue.cancel([first], None)
        assert ended(served, second).state == "done"
        assert ended(served, first).state == "cancelled"
        assert row(served, first).restarts == 0


def test_a_job_that_ended_with_the_server_again_and_again_is_set_aside(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        served.studio.queue.pause()
        job = put(served, "a cat")
    for _ in range(dispatch.RESTARTS):
        with sqlite3.connect(tmp_path / FILE_NAME) as killed:  # as a server leaves it that was killed at work
            killed.execute("UPDATE jobs SET state = 'running'")
        killed.close()
        with serving(tmp_path) as served:
            state = row(served, job).state
    assert state == "failed"
    with serving(tmp_path) as served:
        assert "3 times" in (row(served, job).error or "")


def test_the_files_that_jobs_make_are_in_the_books(served: Served) -> None:
    job = put(served, "a cat on a mat")
    ended(served, job)
    with sqlite3.connect(served.settings.home / FILE_NAME) as books:
        found = books.execute("SELECT folder, path, width, height, prompt, checkpoint, job_id FROM assets").fetchall()
    books.close()
    assert found == [("output", "test_00001_.png", 64, 48, "a cat on a mat", "starter-128.safetensors", job)]
    assert (served.settings.home / "output" / "test_00001_.png").is_file()


def test_two_servers_are_not_at_work_in_one_home_folder(served: Served) -> None:
    async def open_another() -> None:
        async with opened(served.settings, served.fleet):
            pass

    with pytest.raises(BadInput, match="at work in"):
        asyncio.run(open_another())
    assert ended(served, put(served, "a cat")).state == "done"
