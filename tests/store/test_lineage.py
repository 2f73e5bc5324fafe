"""Which pictures jobs began with."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection

from safelight.store import jobs, lineage
from safelight.store.assets import NewAsset, get_asset, put_asset
from safelight.store.bin import forget_assets
from safelight.store.database import Database
from safelight.store.jobs import NewJob
from safelight.store.state import ONLY_USER, ensure_only_user
from safelight.store.tables import ASSETS, JOB_INPUTS, JOBS

CAT = NewAsset(ONLY_USER, "input", "cat.png", "images", "image/png", 1000, 64, 48)
HERE = ("input", "cat.png")


@pytest.fixture
def database(opened: Database) -> Database:
    with opened.write() as connection:
        ensure_only_user(connection)
        for table in (JOB_INPUTS, JOBS, ASSETS):
            connection.execute(table.delete())
    return opened


def queue(connection: Connection, *names: str) -> None:
    text = '{"1": {"class_type": "LoadImage", "inputs": {"image": "cat.png"}}}'
    for name in names:
        jobs.insert_jobs(connection, [NewJob(name, ONLY_USER, text, ["7"])])


def test_what_was_there_when_a_job_was_queued_is_what_it_began_with(database: Database) -> None:
    with database.write() as connection:
        cat = put_asset(connection, CAT)
        queue(connection, "a", "b")
        lineage.put_inputs(connection, ONLY_USER, {"a": [HERE, HERE, ("output", "x.png")], "b": [HERE]})
        assert lineage.inputs_of(connection, "a") == {HERE: cat, ("output", "x.png"): None}
        assert lineage.jobs_beginning_with(connection, cat, 9) == {"b": [HERE], "a": [HERE]}
        assert lineage.jobs_naming(connection, ONLY_USER, HERE, 0, 9) == []
        other = put_asset(connection, replace(CAT, size=5))
        assert lineage.jobs_beginning_with(connection, other, 9) == {}
        lineage.renew_inputs(connection, ONLY_USER, "b")
        assert lineage.jobs_beginning_with(connection, other, 9) == {"b": [HERE]}
        forgotten = get_asset(connection, other)
        assert forgotten is not None
        forget_assets(connection, [forgotten])
        assert lineage.inputs_of(connection, "b") == {HERE: other}
        lineage.renew_inputs(connection, ONLY_USER, "b")
        assert lineage.inputs_of(connection, "b") == {HERE: None}


def test_what_was_not_noted_goes_by_name_unless_the_picture_came_later(database: Database) -> None:
    with database.write() as connection:
        queue(connection, "before")
        lineage.put_inputs(connection, ONLY_USER, {"before": [HERE]})
        queue(connection, "old")
        assert set(lineage.jobs_naming(connection, ONLY_USER, HERE, 0, 9)) == {"before", "old"}
        assert lineage.jobs_naming(connection, ONLY_USER, HERE, 1e12, 9) == []
        assert lineage.jobs_naming(connection, "somebody", HERE, 0, 9) == []


def test_what_deleted_jobs_began_with_stays_for_what_they_made(database: Database) -> None:
    with database.write() as connection:
        cat = put_asset(connection, CAT)
        queue(connection, "a", "b")
        lineage.put_inputs(connection, ONLY_USER, {"a": [HERE], "b": [HERE]})
        put_asset(connection, replace(CAT, folder="output", job="a"))
        jobs.delete_jobs(connection, ["a", "b"])
        lineage.forget_inputs(connection, ["a", "b"])
        assert lineage.jobs_beginning_with(connection, cat, 9) == {"a": [HERE]}
