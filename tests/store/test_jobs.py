import json
import time

import pytest
from sqlalchemy import insert

from safelight.store import events as stored
from safelight.store import jobs
from safelight.store.database import Database
from safelight.store.jobs import ENDED, NewJob
from safelight.store.state import ONLY_USER, ensure_only_user
from safelight.store.tables import JOBS, USERS


@pytest.fixture
def database(opened: Database) -> Database:
    with opened.write() as connection:
        ensure_only_user(connection)
        connection.execute(JOBS.delete())
    return opened


def new(name: str, user: str = ONLY_USER, **more: object) -> NewJob:
    return NewJob(name, user, json.dumps({"1": {"class_type": name, "inputs": {}}}), ["1"], **more)  # type: ignore[arg-type]


def waiting(database: Database, each: int = 100) -> list[str]:
    with database.read() as connection:
        return [job.id for job in jobs.waiting_jobs(connection, each)]


def test_jobs_wait_in_the_order_in_which_they_came(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new("a"), new("b")])
        jobs.insert_jobs(connection, [new("c")])
    assert waiting(database) == ["a", "b", "c"]


def test_priority_and_the_front_go_first(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new("a"), new("b")])
        jobs.insert_jobs(connection, [new("c", priority=5)])
        jobs.insert_jobs(connection, [new("d"), new("e")], front=True)
    assert waiting(database) == ["c", "d", "e", "a", "b"]


def test_a_job_is_moved_before_another(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new(name) for name in "abcd"])
        for _ in range(60):  # the numbers between two others do not run out soon
            for name in ("d", "c"):
                other = jobs.get_job(connection, "b")
                assert other is not None
                jobs.place_job(connection, name, priority=None, number=jobs.number_before(connection, other))
                jobs.place_job(connection, name, priority=None, number=jobs.number_before(connection, other))
    assert waiting(database) == ["a", "d", "c", "b"]


def test_each_person_has_some_jobs_among_those_looked_at(database: Database) -> None:
    with database.write() as connection:
        for user in ("ann", "bob"):
            connection.execute(USERS.delete().where(USERS.c.id == user))
            connection.execute(insert(USERS).values(id=user, name=user, admin=False, disabled=False, created=0.0))
        jobs.insert_jobs(connection, [new(f"a{n}", "ann") for n in range(50)])
        jobs.insert_jobs(connection, [new("b", "bob")])
    assert waiting(database, 3) == ["a0", "a1", "a2", "b"]
    with database.write() as connection:
        jobs.delete_jobs(connection, [*(f"a{n}" for n in range(50)), "b"])


def test_a_job_is_taken_once(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new("a")])
        assert jobs.set_running(connection, "a", "cpu")
        assert not jobs.set_running(connection, "a", "cpu")


def test_a_job_ends_once(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new("a")])
        jobs.set_running(connection, "a", "cpu")
        assert jobs.end_job(connection, "a", "done", seconds=2.5)
        assert not jobs.end_job(connection, "a", "failed")
        row = jobs.get_job(connection, "a")
    assert row is not None
    assert (row.state, row.device_seconds) == ("done", 2.5)


def test_what_was_running_when_the_server_died_is_queued_again_at_its_place_some_times(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new("a"), new("b")])
        for _ in range(2):
            jobs.set_running(connection, "a", "cpu")
            assert jobs.requeue_interrupted(connection, 3) == (["a"], [])
    assert waiting(database) == ["a", "b"]
    with database.write() as connection:
        jobs.set_running(connection, "a", "cpu")
        assert jobs.requeue_interrupted(connection, 3) == ([], ["a"])


def test_only_queued_jobs_are_cancelled(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new("a"), new("b"), new("c")])
        jobs.set_running(connection, "a", "cpu")
        found = jobs.cancel_queued(connection, user=None, ids=["a", "b", "nobody's"])
    assert [job for job, _, _ in found] == ["b"]
    assert waiting(database) == ["c"]


def test_an_ended_job_is_put_at_the_end_of_the_queue_by_a_retry(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new("a"), new("b")])
        assert not jobs.reset_job(connection, "a")
        jobs.end_job(connection, "a", "failed", error="{}")
        assert jobs.reset_job(connection, "a")
        row = jobs.get_job(connection, "a")
    assert row is not None
    assert (row.state, row.error, row.ended) == ("queued", None, None)
    assert waiting(database) == ["b", "a"]


def test_the_time_before_a_job_is_the_sum_of_estimates_where_all_are_known(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new("a", estimate=3.0), new("b", estimate=4.0), new("c"), new("d")])
        rows = {name: jobs.get_job(connection, name) for name in "cd"}
        assert rows["c"] is not None
        assert rows["d"] is not None
        assert jobs.jobs_before(connection, rows["c"]) == (2, 7.0)
        assert jobs.jobs_before(connection, rows["d"]) == (3, None)


def test_events_are_numbered_in_order_and_replayed_from_any_of_them(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new("a"), new("b")])
        ids = stored.insert_events(
            connection, [(name, time.time(), "queued", f'{{"job": "{name}"}}') for name in "abab"]
        )
        assert ids == sorted(set(ids))
        assert [event.job for event in stored.events_after(connection, ids[1], user=None, limit=10)] == ["a", "b"]
        assert [event.id for event in stored.events_of(connection, "b", ids[1])] == [ids[3]]
        assert stored.events_after(connection, ids[1], user="somebody else", limit=10) == []
        assert stored.last_event(connection) == ids[-1]


def test_a_deleted_job_takes_its_events_along_and_their_ids_are_not_used_again(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new("a"), new("b")])
        first = stored.insert_events(connection, [("a", 0.0, "queued", "{}")])
        jobs.delete_jobs(connection, ["a"])
        assert stored.events_of(connection, "a") == []
        assert stored.insert_events(connection, [("b", 0.0, "queued", "{}")])[0] > first[0]


def test_pages_of_ended_jobs_are_in_the_order_in_which_they_ended(database: Database) -> None:
    with database.write() as connection:
        jobs.insert_jobs(connection, [new(name) for name in "abc"])
        for name in "cab":
            jobs.end_job(connection, name, "done")
            time.sleep(0.002)
        oldest = jobs.page_of_jobs(connection, user=None, states=ENDED, limit=2)
        newest = jobs.page_of_jobs(connection, user=None, states=ENDED, limit=2, newest_first=True)
        rest = jobs.page_of_jobs(connection, user=None, states=ENDED, limit=2, offset=2)
        assert jobs.count_jobs(connection, ENDED) == 3
    assert ["".join(row.id for row in rows) for rows in (oldest, newest, rest)] == ["ca", "ba", "b"]


def test_thousands_of_ids_go_into_one_call(database: Database) -> None:
    names = [f"j{n}" for n in range(3000)]
    with database.write() as connection:
        jobs.insert_jobs(connection, [new(name) for name in names])
        assert len(jobs.cancel_queued(connection, user=None, ids=names)) == 3000
        assert len(stored.events_of_jobs(connection, names, ["queued"])) == 3000
        jobs.delete_jobs(connection, names)
        assert jobs.count_jobs(connection, ENDED) == 0
