"""Search: 2,048 pictures made here, and 100,000 vectors drawn from theirs, against an exact comparison of all of them.

sqlite-vec is measured where Python's own SQLite takes extensions, pgvector where there is a PostgreSQL that has it.
"""

import contextlib
import resource
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.databases import postgresql

from benchmarks.found_pictures import THINGS, pictures, prompts
from benchmarks.rows import Row
from safelight.clip.looking import Eye, open_eye
from safelight.settings import read_settings
from safelight.store import vectors
from safelight.store.assets import AssetFilter
from safelight.store.database import Database, takes_extensions
from safelight.store.nearest import Nearest
from safelight.store.pgvector import embed
from safelight.store.state import ONLY_USER, ensure_only_user
from safelight.store.tables import ASSETS, VECTORS

MANY = 100_000
DIMS = (256, 512, 768)
JITTER = 0.4  # length of what is added to a vector of length one
LIMIT = 100.0  # milliseconds
ROUNDS = 15
PAGE = 20
ALL = 400  # what a search of the gallery finds
MIB = 2**20

Floats = NDArray[np.float32]


def measure() -> list[Row]:
    """Time to look and to find, memory, and the share of what an exact comparison finds that is found."""
    with tempfile.TemporaryDirectory() as folder:
        eye = open_eye(read_settings(home=Path(folder)))
        paths = pictures()
        begin = time.perf_counter()
        seen = eye.look_at(paths)[0].numpy()
        rows = [Row(f"looking at a picture, of {len(paths)}", (time.perf_counter() - begin) / len(paths) * 1e3, "ms")]
        rows.append(Row("reading a text", _median(lambda: eye.read(["a cat on a blue background"])), "ms", limit=20))
        texts = _texts(eye)
        rows += _found(Path(folder), "2,048 pictures", seen, texts, seen[:: len(seen) // 64])
        drawn = np.random.default_rng(0)
        for dims in DIMS:
            turn = _turn(drawn, seen.shape[1], dims)
            many = _jittered(drawn, seen @ turn)
            sought = _unit(seen[:: len(seen) // 64] @ turn)
            rows += _found(Path(folder), f"100,000 of {dims} numbers", many, _unit(texts @ turn), sought)
        return [*rows, Row("peak memory of all this", _peak(), "MiB")]


def _texts(eye: Eye) -> Floats:
    """What is searched for: things, and whole prompts."""
    sought = [*THINGS, *prompts()[::10]]
    return np.asarray(eye.read(sought).numpy())


def _found(folder: Path, name: str, many: Floats, texts: Floats, like: Floats) -> list[Row]:
    """How well and how fast pictures are found, in each of the ways there are."""
    database = Database(f"sqlite:///{folder}/{many.shape[1]}-{len(many)}.db")
    rows = _searched(database, ("sqlite-vec", "numpy"), name, many, texts, like)
    if len(many) == MANY:
        rows.append(Row(f"{name}: exact, numpy, all in memory", _median(lambda: np.argsort(-(many @ texts[1]))), "ms"))
        rows += _plain(database, name, texts[1])
    database.close()
    with contextlib.suppress(pytest.skip.Exception), postgresql() as url:
        database = Database(url)
        rows += _searched(database, ("pgvector",), name, many, texts, like)
        database.close()
    return rows


def _searched(
    database: Database, ways: Sequence[str], name: str, many: Floats, texts: Floats, like: Floats
) -> list[Row]:
    """How it is in one database; `numpy` is the way of those that compare no vectors."""
    by_sql = database.has_vectors
    model, ids = _filled(database, many)
    rows = []
    mine = AssetFilter(user=ONLY_USER, folder="output", kind="images")
    marked = replace(mine, favourite=True)
    early = replace(mine, until=len(many) / 20 - 1)
    for way in ways:
        database.has_vectors = way != "numpy"
        if database.has_vectors and not by_sql:
            continue
        title = f"{name}, {way}"
        search = partial(_search, Nearest(database), model)
        first = _timed(partial(search, mine, texts[0])) * 1e3
        held = _held(partial(_search, Nearest(database), model, mine, texts[0]))
        rows += [
            Row(f"{title}: by a text", _median(partial(search, mine, texts[1])), "ms", limit=LIMIT),
            Row(f"{title}: by a picture", _median(partial(search, mine, like[1])), "ms", limit=LIMIT),
            Row(f"{title}: one in 100 marked", _median(partial(search, marked, texts[1])), "ms", limit=LIMIT),
            Row(f"{title}: the first 20th", _median(partial(search, early, texts[1])), "ms", limit=LIMIT),
            Row(f"{title}: the first search", first, "ms"),
            Row(f"{title}: memory", held, "MiB"),
        ]
        for what, sought in (("texts", texts), ("pictures", like)):
            for count, share in _recall(partial(search, mine), many, ids, sought).items():
                rows.append(Row(f"{title}: of the {count} nearest to {what}", share, "x"))
    return rows


def _plain(database: Database, name: str, sought: Floats) -> list[Row]:
    """What sqlite-vec takes to compare all vectors exactly."""
    if not takes_extensions():
        return []
    query = "SELECT asset_id FROM vectors ORDER BY vec_distance_cosine(vector, ?) LIMIT 100"
    with database.read() as connection:
        exact = _median(lambda: connection.exec_driver_sql(query, (sought.tobytes(),)).all())
    return [Row(f"{name}: exact, sqlite-vec", exact, "ms")]


def _search(nearest: Nearest, model: int, wanted: AssetFilter, sought: Floats) -> list[str]:
    """Ids of the pictures that are found."""
    return [near.asset for near in nearest.find(model, sought.tobytes(), wanted, ALL)]


def _recall(find: Callable[[Floats], list[str]], many: Floats, ids: list[str], sought: Floats) -> dict[int, float]:
    """The share of the nearest by an exact comparison that is found among as many."""
    shares: dict[int, list[float]] = {PAGE: [], ALL: []}
    for one in sought:
        found = find(one)
        likeness = many @ one
        nearest = np.argpartition(-likeness, ALL)[:ALL]
        exact = [ids[number] for number in nearest[np.argsort(-likeness[nearest])]]
        for count, of in shares.items():
            of.append(len({*exact[:count]} & {*found[:count]}) / count)
    return {count: statistics.mean(of) for count, of in shares.items()}


def _filled(database: Database, many: Floats) -> tuple[int, list[str]]:
    """A database with a picture for each vector; the model's id, and the pictures' ids."""
    ids = [f"{number:032x}" for number in range(len(many))]
    common = {"user_id": ONLY_USER, "folder": "output", "kind": "images", "mime": "image/png", "bytes": 1, "width": 128}
    with database.write() as connection:
        ensure_only_user(connection)
        model = vectors.put_model(connection, "a" * 64, "clip.safetensors", many.shape[1])
        assets = [
            common | {"id": name, "path": f"{name}.png", "created": float(number), "favourite": number % 100 == 0}
            for number, name in enumerate(ids)
        ]
        connection.execute(ASSETS.insert(), assets)
        looks = [
            {
                "asset_id": name,
                "model_id": model,
                "user_id": ONLY_USER,
                "changed": 0.0,
                "bits": vectors.signs(vector.tobytes()),
                "vector": vector.tobytes(),
            }
            for name, vector in zip(ids, many, strict=True)
        ]
        connection.execute(VECTORS.insert(), looks)
        if connection.dialect.name == "postgresql":
            embed(connection)
            connection.exec_driver_sql("ANALYZE")  # as PostgreSQL does by itself, a minute later
    return model, ids


def _turn(drawn: np.random.Generator, here: int, there: int) -> Floats:
    """A map that turns vectors in a space of more dimensions, and leaves their angles as they are."""
    square, _ = np.linalg.qr(drawn.standard_normal((there, there)))
    return np.asarray(square[:here], np.float32)


def _jittered(drawn: np.random.Generator, seen: Floats) -> Floats:
    """Many vectors near those of the pictures."""
    many = seen[drawn.integers(0, len(seen), MANY)]
    return _unit(many + JITTER * _unit(drawn.standard_normal(many.shape, np.float32)))


def _unit(many: Floats) -> Floats:
    return np.asarray(many / np.linalg.norm(many, axis=1, keepdims=True), np.float32)


def _median(do: Callable[[], object]) -> float:
    """Milliseconds."""
    do()
    times: Sequence[float] = [_timed(do) for _ in range(ROUNDS)]
    return statistics.median(times) * 1e3


def _timed(do: Callable[[], object]) -> float:
    begin = time.perf_counter()
    do()
    return time.perf_counter() - begin


def _held(search: Callable[[], object]) -> float:
    """MiB that are held after a first search, as the allocators of Python and numpy count them."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    found = search()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found
    return (after - before) / MIB


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (MIB if sys.platform == "darwin" else 1024)
