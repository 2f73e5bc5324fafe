"""What CLIP saw in pictures, in the database; and which pictures are nearest to a vector."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from safelight.store import nearest, vectors
from safelight.store.accounts import add_user
from safelight.store.assets import Asset, AssetFilter, NewAsset, get_asset, put_asset
from safelight.store.bin import forget_assets, put_into_bin, take_from_bin
from safelight.store.database import Database, takes_extensions
from safelight.store.nearest import Nearest
from safelight.store.state import ONLY_USER, ensure_only_user
from safelight.store.tables import ASSETS, CLIP_MODELS, USERS, VECTORS
from safelight.store.vectors import Counts, Look, Place

PICTURE = NewAsset(ONLY_USER, "output", "cat.png", "images", "image/png", 1000, 64, 48)
MINE = AssetFilter(user=ONLY_USER)
DIMS = 16


@pytest.fixture
def database(opened: Database) -> Database:
    with opened.write() as connection:
        ensure_only_user(connection)
        for table in (VECTORS, CLIP_MODELS, ASSETS):
            connection.execute(table.delete())
        connection.execute(USERS.delete().where(USERS.c.id != ONLY_USER))
    return opened


def put(connection: Connection, **changes: object) -> Asset:
    found = get_asset(connection, put_asset(connection, replace(PICTURE, **changes)))  # type: ignore[arg-type]
    assert found is not None
    return found


def drawn(count: int, seed: int = 0) -> NDArray[np.float32]:
    """Unit vectors."""
    numbers = np.random.default_rng(seed).standard_normal((count, DIMS))
    found: NDArray[np.float32] = (numbers / np.linalg.norm(numbers, axis=1, keepdims=True)).astype("<f4")
    return found


def fill(connection: Connection, model: int, drawn: NDArray[np.float32], **changes: object) -> list[Asset]:
    """Pictures with these vectors."""
    made = [put(connection, path=f"{model}-{number}.png", **changes) for number in range(len(drawn))]
    looks = [Look(asset, 1.0, vector.tobytes()) for asset, vector in zip(made, drawn, strict=True)]
    vectors.put_looks(connection, model, looks)
    return made


def found(database: Database, model: int, vector: NDArray[np.float32], wanted: AssetFilter = MINE) -> list[str]:
    return [near.asset for near in Nearest(database).find(model, vector.tobytes(), wanted, 5)]


def test_a_picture_waits_until_it_is_looked_at_and_one_that_cannot_be_read_does_not_wait_again(
    database: Database,
) -> None:
    with database.write() as connection:
        cat, broken = put(connection), put(connection, path="broken.png")
        put(connection, path="no picture.png", width=None)
        put(connection, path="preview.png", folder="temp")
        put(connection, path="a.latent", kind="latents")
        brought = put(connection, folder="input")
        model = vectors.put_model(connection, "a" * 64, "clip.safetensors", DIMS)
        assert vectors.put_model(connection, "a" * 64, "renamed.safetensors", DIMS) == model
        assert vectors.model_of(connection, "b" * 64) is None
        assert {asset.id for asset in vectors.unseen(connection, model, 9)} == {cat.id, broken.id, brought.id}
        (vector,) = drawn(1)
        looks = [Look(cat, 5.0, vector.tobytes()), Look(broken, 5.0, problem="It is cut off.")]
        vectors.put_looks(connection, model, looks)
        assert [asset.id for asset in vectors.unseen(connection, model, 9)] == [brought.id]
        counts = vectors.count_looks(connection, model, ONLY_USER)
        assert (counts, counts.waiting) == (Counts(3, 1, 1), 1)
        assert vectors.count_looks(connection, None, None) == Counts(3, 0, 0)
        assert vectors.vector_of(connection, model, cat.id) == vector.tobytes()
        assert vectors.vector_of(connection, model, broken.id) is None


def test_a_vector_goes_with_its_picture_and_stays_while_that_is_in_the_bin(database: Database) -> None:
    (vector,) = drawn(1)
    with database.write() as connection:
        model = vectors.put_model(connection, "a" * 64, "clip.safetensors", DIMS)
        (cat,) = fill(connection, model, vector[None])
        put_into_bin(connection, [cat])
    assert found(database, model, vector) == []
    assert found(database, model, vector, replace(MINE, deleted=True)) == [cat.id]
    with database.write() as connection:
        binned = get_asset(connection, cat.id)
        assert binned is not None
        take_from_bin(connection, binned, cat.path)
        assert vectors.unseen(connection, model, 9) == []
    assert found(database, model, vector) == [cat.id]
    with database.write() as connection:
        forget_assets(connection, [cat])
        assert list(vectors.places(connection, model)) == []


def test_a_file_that_takes_the_place_of_another_is_looked_at_anew(database: Database) -> None:
    with database.write() as connection:
        model = vectors.put_model(connection, "a" * 64, "clip.safetensors", DIMS)
        (cat,) = fill(connection, model, drawn(1))
        other = put(connection, path=cat.path, size=7)
        assert vectors.unseen(connection, model, 9) == [other]
        vectors.put_looks(connection, model, [Look(other, 8.0, drawn(1).tobytes()), Look(cat, 1.0, b"gone since")])
        assert list(vectors.places(connection, model)) == [Place(other.id, ONLY_USER, "output", cat.path, 8.0)]
        vectors.forget_looks(connection, [other.id])
        assert vectors.unseen(connection, model, 9) == [other]


def test_another_clip_looks_at_everything_anew_and_then_takes_the_place_of_the_old_one(database: Database) -> None:
    some = drawn(3)
    with database.write() as connection:
        old = vectors.put_model(connection, "a" * 64, "a.safetensors", DIMS)
        made = fill(connection, old, some)
        new = vectors.put_model(connection, "b" * 64, "b.safetensors", DIMS)
        assert len(vectors.unseen(connection, new, 9)) == 3
        vectors.put_looks(connection, new, [Look(made[0], 1.0, some[2].tobytes())])
    assert found(database, old, some[2])[0] == made[2].id
    assert found(database, new, some[2]) == [made[0].id]
    with database.write() as connection:
        assert vectors.has_others(connection, new)
        vectors.forget_other_models(connection, new)
        assert not vectors.has_others(connection, new)
        assert vectors.model_of(connection, "a" * 64) is None
    assert found(database, new, some[2]) == [made[0].id]
    assert found(database, old, some[2]) == []


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize("in_sql", [True, False])
def test_the_nearest_are_found_as_an_exact_comparison_finds_them(
    in_sql: bool, few: int, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if in_sql and not database.has_vectors:
        pytest.skip("SQL compares no vectors here")
    monkeypatch.setattr(database, "has_vectors", in_sql)
    monkeypatch.setattr(nearest, "FEW", few)
    monkeypatch.setattr(nearest, "_PORTION", 7)
    some = drawn(60)
    with database.write() as connection:
        model = vectors.put_model(connection, "a" * 64, "clip.safetensors", DIMS)
        made = fill(connection, model, some)
        stranger = add_user(connection, "stranger", password=None, admin=False).id
        theirs = fill(connection, model, some, user=stranger)
    index = Nearest(database)
    for sought in drawn(5, seed=1):
        exact = [made[number].id for number in np.argsort(-(some @ sought))[:5]]
        near = index.find(model, sought.tobytes(), MINE, 5)
        assert [one.asset for one in near] == exact
        assert near[0].likeness == pytest.approx(float((some @ sought).max()), abs=1e-5)
    (nearest_now,) = index.find(model, some[3].tobytes(), AssetFilter(user=stranger), 1)
    assert nearest_now.asset == theirs[3].id
    with database.write() as connection:
        (later,) = fill(connection, model, some[3:4], folder="input")
        forget_assets(connection, [made[3]])
    assert index.find(model, some[3].tobytes(), MINE, 1)[0].asset == later.id


@pytest.mark.parametrize("few", [0, 2])
@pytest.mark.parametrize("in_sql", [True, False])
def test_filters_that_leave_few_of_the_candidates_still_find_all_that_fulfil_them(
    in_sql: bool, few: int, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    if in_sql and not database.has_vectors:
        pytest.skip("SQL compares no vectors here")
    monkeypatch.setattr(database, "has_vectors", in_sql)
    for name, count in {"FEW": few, "BY_SIGNS": 4}.items():
        monkeypatch.setattr(nearest, name, count)
    some = drawn(30)
    with database.write() as connection:
        model = vectors.put_model(connection, "a" * 64, "clip.safetensors", DIMS)
        made = fill(connection, model, some)
        farthest = [made[number].id for number in np.argsort(some @ some[0])[:2]]
        connection.execute(ASSETS.update().where(ASSETS.c.id.in_(farthest)).values(favourite=True))
    assert found(database, model, some[0], replace(MINE, favourite=True)) == farthest[::-1]


def test_sql_compares_vectors_where_python_can_load_extensions(tmp_path: Path) -> None:
    on_disk = Database(f"sqlite:///{tmp_path}/x.db")
    assert on_disk.has_vectors == takes_extensions()
    on_disk.close()


def test_writing_is_counted(database: Database) -> None:
    writes = database.writes
    with database.write():
        pass
    assert database.writes == writes + 1


def test_pgvector_takes_over_from_the_memory_once_an_administrator_has_set_it_up(
    opened: Database, caplog: pytest.LogCaptureFixture
) -> None:
    if not (opened.url.startswith("postgresql") and opened.has_vectors):
        pytest.skip("this database has no pgvector")
    url = make_url(opened.url).set(database="plain")
    administrator = create_engine(opened.url, isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.execute(text("CREATE ROLE plain LOGIN"))
        connection.execute(text("CREATE DATABASE plain"))
    administrator.dispose()
    administrator = create_engine(url, isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.execute(text("GRANT CREATE ON SCHEMA public TO plain"))
    some = drawn(7)

    before = Database(url.set(username="plain").render_as_string())
    assert not before.has_vectors
    assert "CREATE EXTENSION vector" in caplog.text
    with before.write() as connection:
        ensure_only_user(connection)
        model = vectors.put_model(connection, "a" * 64, "clip.safetensors", DIMS)
        fill(connection, model, some[:5])
        broken = put(connection, path="broken.png")
        vectors.put_looks(connection, model, [Look(broken, 5.0, problem="It is cut off.")])
    by_memory = found(before, model, some[0])
    before.close()

    with administrator.connect() as connection:
        connection.execute(text("CREATE EXTENSION vector"))
    administrator.dispose()
    after = Database(url.set(username="plain").render_as_string())
    assert after.has_vectors
    assert found(after, model, some[0]) == by_memory
    with after.write() as connection:
        (later,) = fill(connection, model, some[6:], folder="input")
    assert found(after, model, some[6])[0] == later.id
    after.close()
    again = Database(url.set(username="plain").render_as_string())
    assert (again.has_vectors, found(again, model, some[6])[0]) == (True, later.id)
    again.close()
