"""Tags, collections, the bin and the uses of models in the database."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from safelight.store import assets, collections, jobs, model_books, tags
from safelight.store import events as stored
from safelight.store.assets import Asset, AssetFilter, NewAsset
from safelight.store.bin import deleted_before, forget_assets, put_into_bin, take_from_bin
from safelight.store.database import Database, database_url
from safelight.store.jobs import NewJob
from safelight.store.model_books import ModelNotes
from safelight.store.state import ONLY_USER, ensure_only_user
from safelight.store.tables import ASSETS, COLLECTIONS, JOBS, MODEL_NOTES, MODEL_USES

CAT = NewAsset(
    ONLY_USER, "output", "☃/cat_00001_.png", "images", "image/png", 1000, 64, 48, "j1", "7", "a cat", "a.ckpt"
)
MINE = AssetFilter(user=ONLY_USER)


@pytest.fixture
def database(opened: Database) -> Database:
    with opened.write() as connection:
        ensure_only_user(connection)
        for table in (JOBS, ASSETS, COLLECTIONS, MODEL_NOTES, MODEL_USES):
            connection.execute(table.delete())
    return opened


def put(connection: Connection, asset: NewAsset = CAT, created: float | None = None) -> Asset:
    kept = assets.put_asset(connection, asset)
    if created is not None:
        connection.execute(ASSETS.update().where(ASSETS.c.id == kept).values(created=created))
    found = assets.get_asset(connection, kept)
    assert found is not None
    return found


def told(connection: Connection, *jobs_and_paths: tuple[str, str]) -> None:
    """Jobs that have told of files."""
    names = dict.fromkeys(job for job, _ in jobs_and_paths)
    jobs.insert_jobs(connection, [NewJob(job, ONLY_USER, "{}", ["7"]) for job in names])
    rows = [
        (job, 0.0, "output", json.dumps({"node": "7", "folder": "output", "path": path}))
        for job, path in jobs_and_paths
    ]
    stored.insert_events(connection, rows)


def paths_told(connection: Connection, *names: str) -> list[str]:
    return [json.loads(event.data)["path"] for job in names for event in stored.events_of(connection, job)]


def listed(connection: Connection, wanted: AssetFilter, **how: bool) -> list[str]:
    found = assets.page_of_assets(connection, wanted, limit=50, **how)
    assert assets.count_assets(connection, wanted) == len(found)
    return [asset.path for asset in found]


def test_what_is_in_the_bin_is_in_no_list_and_no_history_until_it_is_restored(database: Database) -> None:
    with database.write() as connection:
        cat, dog = put(connection), put(connection, replace(CAT, path="dog.png"))
        told(connection, ("j1", CAT.path), ("j2", CAT.path), ("j2", "dog.png"))
        put_into_bin(connection, [cat])
        assert listed(connection, MINE) == listed(connection, replace(MINE, folder="output")) == ["dog.png"]
        assert paths_told(connection, "j1", "j2") == ["dog.png"]
        (binned,) = assets.page_of_assets(connection, replace(MINE, deleted=True, folder="output"), limit=5)
        assert (binned.path, binned.folder, binned.deleted is not None) == (CAT.path, "output", True)
        assert assets.assets_at(connection, [(ONLY_USER, "output", CAT.path)]) == {}
        take_from_bin(connection, binned, binned.path)
        assert assets.get_asset(connection, cat.id) == cat
        assert paths_told(connection, "j1", "j2") == [CAT.path, CAT.path, "dog.png"]
        assert listed(connection, replace(MINE, deleted=True)) == []
        assert assets.get_asset(connection, dog.id) == dog


def test_a_new_file_of_the_same_name_and_one_in_the_bin_do_not_know_each_other(database: Database) -> None:
    with database.write() as connection:
        old = put(connection)
        told(connection, ("j1", CAT.path))
        put_into_bin(connection, [old])
        new = put(connection, replace(CAT, job="j2", size=7))
        told(connection, ("j2", CAT.path))
        assert listed(connection, MINE) == [CAT.path]
        binned = assets.get_asset(connection, old.id)
        assert binned is not None
        take_from_bin(connection, binned, "☃/cat_00001_ (1).png")
        assert paths_told(connection, "j1", "j2") == ["☃/cat_00001_ (1).png", CAT.path]
        put_into_bin(connection, [new])
        forget_assets(connection, assets.assets_by_id(connection, [new.id]))
        assert paths_told(connection, "j1", "j2") == ["☃/cat_00001_ (1).png"]
        assert assets.get_asset(connection, new.id) is None


def test_many_are_put_into_the_bin_as_few_are(database: Database) -> None:
    with database.write() as connection:
        many = [put(connection, replace(CAT, path=f"{number}.png")) for number in range(20)]
        told(connection, *(("j1", asset.path) for asset in many), ("j2", "kept.png"))
        put_into_bin(connection, many)
        assert paths_told(connection, "j1", "j2") == ["kept.png"]
        assert {asset.id for asset in deleted_before(connection, 2e10)} == {asset.id for asset in many}
        assert deleted_before(connection, 1.0) == []
        jobs.delete_jobs(connection, ["j1"])  # takes what it told of files in the bin with it
        take_from_bin(connection, assets.assets_by_id(connection, [many[0].id])[0], many[0].path)
        assert listed(connection, MINE) == ["0.png"]


def test_assets_are_found_by_all_of_several_tags(database: Database) -> None:
    with database.write() as connection:
        cat, dog = put(connection, created=2.0), put(connection, replace(CAT, path="dog.png"), created=1.0)
        tags.add_tags(connection, [cat.id, dog.id], ["pet", "ü"])
        tags.add_tags(connection, [cat.id], ["pet", "fur"])
        assert listed(connection, replace(MINE, tags=("pet", "fur"))) == [CAT.path]
        assert listed(connection, replace(MINE, tags=("ü",))) == [CAT.path, "dog.png"]
        assert listed(connection, replace(MINE, tags=("ü",)), oldest_first=True) == ["dog.png", CAT.path]
        tags.remove_tags(connection, [cat.id, dog.id], ["ü", "never"])
        assert [asset.tags for asset in assets.assets_by_id(connection, [dog.id, cat.id])] == [("pet",), ("fur", "pet")]


def test_facets_count_what_is_there_by_the_clock_of_whoever_asks(database: Database) -> None:
    day, hour = 86400, 3600
    with database.write() as connection:
        late = put(connection, created=3 * day - hour)
        put(connection, replace(CAT, path="b.png", checkpoint="b.ckpt"), created=3 * day + hour)
        put(connection, replace(CAT, path="c.png", checkpoint=""), created=3 * day + hour)
        put_into_bin(connection, [put(connection, replace(CAT, path="gone.png"), created=9 * day)])
        tags.add_tags(connection, [late.id], ["x"])
        wanted = replace(MINE, folder="output", kind="images")
        here = tags.facets(connection, wanted, 0)
        assert (here.total, here.tags, here.days) == (3, {"x": 1}, {3: 2, 2: 1})
        assert here.checkpoints == {"a.ckpt": 1, "b.ckpt": 1}
        assert tags.facets(connection, wanted, 2 * hour).days == {3: 3}
        assert tags.facets(connection, replace(wanted, folder="input"), 0).total == 0


def test_a_collection_shows_its_newest_picture_and_keeps_each_once(database: Database) -> None:
    with database.write() as connection:
        old, new = put(connection, created=1.0), put(connection, replace(CAT, path="dog.png"), created=2.0)
        pets = collections.add_collection(connection, ONLY_USER, "pets")
        collections.add_collection(connection, ONLY_USER, "Empty")
        for _ in range(2):
            collections.add_to(connection, pets, [old.id, new.id])
        assert [(one.name, one.count, one.cover) for one in collections.collections_of(connection, ONLY_USER)] == [
            ("Empty", 0, None),
            ("pets", 2, new),
        ]
        assert listed(connection, replace(MINE, collection=pets)) == ["dog.png", CAT.path]
        put_into_bin(connection, [new])
        kept = collections.get_collection(connection, pets)
        assert kept is not None
        assert (kept.count, kept.cover) == (1, old)
        collections.delete_collection(connection, pets)
        assert listed(connection, MINE) == [CAT.path]


def test_assets_are_found_by_any_model_that_their_job_names(database: Database) -> None:
    with database.write() as connection:
        put(connection, created=2.0)
        put(connection, replace(CAT, path="b.png", checkpoint="b.ckpt", job="j2"), created=1.0)
        named = ["/models/loras/deep/☃_x.safetensors", "/models/checkpoints/b.ckpt"]
        jobs.insert_jobs(connection, [NewJob("j2", ONLY_USER, "{}", ["7"], models=named)])
        assert listed(connection, replace(MINE, model="deep/☃_x.safetensors")) == ["b.png"]
        assert listed(connection, replace(MINE, model="b.ckpt")) == ["b.png"]
        assert listed(connection, replace(MINE, model="a.ckpt")) == [CAT.path]  # its job is forgotten
        for other in ("x.safetensors", "☃%x.safetensors", "☃_x"):
            assert listed(connection, replace(MINE, model=other)) == []


def test_models_are_counted_once_for_each_job_that_is_done(database: Database) -> None:
    with database.write() as connection:
        named = {"x": ["/a"], "y": ["/a", "/b"], "z": ["/c"]}
        jobs.insert_jobs(connection, [NewJob(job, ONLY_USER, "{}", ["1"], models=named[job]) for job in named])
        for job in ("x", "y", "y"):
            jobs.end_job(connection, job, "done")
        jobs.end_job(connection, "z", "failed")
        jobs.delete_jobs(connection, ["x"])
        found = model_books.uses_of(connection, None, ["/a", "/b", "/c"])
        assert {path: use.jobs for path, use in found.items()} == {"/a": 2, "/b": 1}
        assert model_books.uses_of(connection, "somebody else", ["/a"]) == {}


def test_notes_take_the_place_of_those_before(database: Database) -> None:
    with database.write() as connection:
        for noted in (ModelNotes("good", ("x",)), ModelNotes("better")):
            model_books.set_notes(connection, ONLY_USER, "loras", "a", noted)
        assert model_books.notes_of(connection, ONLY_USER, "loras") == {"a": ModelNotes("better")}
        model_books.set_notes(connection, ONLY_USER, "loras", "a", ModelNotes())
        assert model_books.notes_of(connection, ONLY_USER, "loras") == {}


def test_lists_of_many_use_an_index(tmp_path: Path) -> None:
    opened = Database(database_url("", tmp_path))
    with opened.read() as connection:
        for wanted in (MINE, replace(MINE, folder="output")):
            query = ASSETS.select().where(*assets.which(wanted)).order_by(ASSETS.c.created.desc())
            written = query.compile(connection, compile_kwargs={"literal_binds": True})
            steps = " ".join(row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {written}")))
            assert "USING INDEX" in steps
            assert "TEMP B-TREE" not in steps
    opened.close()


def test_a_picture_that_was_found_before_its_job_told_of_it_is_given_to_the_job(database: Database) -> None:
    lying_there = replace(CAT, path="found.png", job="", node="", prompt="")
    with database.write() as connection:
        assert assets.put_found(connection, []) == 0
        assert assets.put_found(connection, [(lying_there, 5.0), (replace(lying_there, path="b.png"), 6.0)]) == 2
        assert assets.put_found(connection, [(lying_there, 7.0), (replace(lying_there, path="c.png"), 8.0)]) == 1
        assert {"found.png", "b.png", "c.png"} <= assets.paths_in(connection, ONLY_USER, "output")
        before = assets.assets_at(connection, [(ONLY_USER, "output", "found.png")])[ONLY_USER, "output", "found.png"]
        told = replace(lying_there, job="j1", node="7", prompt="a cat", checkpoint="x")
        assert assets.put_asset(connection, told) == before.id
        after = assets.get_asset(connection, before.id)
        assert after == replace(before, job="j1", node="7", prompt="a cat", checkpoint="x")
        assert after.created == 5.0
        assert assets.put_asset(connection, told, is_other=True) != before.id
