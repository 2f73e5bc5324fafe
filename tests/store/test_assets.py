"""Stored files in the database."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from safelight.store import assets, bin, jobs
from safelight.store import events as stored
from safelight.store.assets import Asset, AssetFilter, NewAsset
from safelight.store.database import Database, database_url
from safelight.store.state import ONLY_USER, ensure_only_user

CAT = NewAsset(ONLY_USER, "output", "animals/☃ cat_00001_.png", "images", "image/png", 1000, 64, 48, "j1", "7", "a cat")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(database_url("", tmp_path))
    with opened.write() as connection:
        ensure_only_user(connection)
    yield opened
    opened.close()


def put(database: Database, asset: NewAsset) -> Asset:
    with database.write() as connection:
        kept = assets.get_asset(connection, assets.put_asset(connection, asset))
    assert kept is not None
    return kept


def test_a_file_that_is_shown_again_stays_the_same_asset(database: Database) -> None:
    first = put(database, CAT)
    with database.write() as connection:
        assets.set_favourite(connection, [first.id], True)
    assert put(database, replace(CAT, job="j2")) == replace(first, favourite=True)


def test_another_file_of_the_same_path_is_another_asset(database: Database) -> None:
    first = put(database, CAT)
    second = put(database, replace(CAT, size=1001, job="j2"))
    assert (second.id == first.id, second.job) == (False, "j2")
    with database.read() as connection:
        assert assets.count_assets(connection, AssetFilter(user=ONLY_USER)) == 1


def test_what_is_forgotten_is_named_by_no_job_that_made_or_showed_it(database: Database) -> None:
    cat, dog = put(database, CAT), put(database, replace(CAT, path="animals/dog.png"))
    with database.write() as connection:
        jobs.insert_jobs(connection, [jobs.NewJob(job, ONLY_USER, "{}", ["7"]) for job in ("j1", "j2")])
        told = [
            (job, 0.0, "output", f'{{"node": "7", "folder": "{folder}", "path": {path}}}')
            for job in ("j1", "j2")
            for folder in ("output", "temp")
            for path in ('"animals/\\u2603 cat_00001_.png"', '"animals/dog.png"')
        ]
        stored.insert_events(connection, told)
        bin.forget_assets(connection, [cat])
        assert assets.get_asset(connection, cat.id) is None
        assert assets.get_asset(connection, dog.id) is not None
        left = {(event.job, event.data) for job in ("j1", "j2") for event in stored.events_of(connection, job)}
    assert left == {(job, data) for job, _, _, data in told if "cat" not in data or "temp" in data}


def test_places_are_looked_up_all_at_once(database: Database) -> None:
    made = [put(database, replace(CAT, path=f"{number}.png")) for number in range(450)]
    sought = [(asset.user, asset.folder, asset.path) for asset in made]
    with database.read() as connection:
        found = assets.assets_at(connection, [*sought, (ONLY_USER, "temp", "0.png")])
    assert found == dict(zip(sought, made, strict=True))
