"""Finds the pictures whose vectors are nearest to another one, exactly or nearly so, in tens of milliseconds.

Where few pictures fulfil the gallery's filters, those are compared exactly. Otherwise a rough look at everything finds
many candidates, and those of them that fulfil the filters are compared. The rough look is at the signs of the numbers,
one bit each, which are held in memory while somebody searches; the database compares exactly where it can compare
vectors, numpy elsewhere. `docs/search.md` has the figures behind that.
"""

import json
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, Double, any_, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import UserDefinedType

from safelight.store.assets import AssetFilter, which
from safelight.store.database import Database
from safelight.store.tables import ASSETS, VECTORS
from safelight.store.vectors import signs

FEW = 5_000
"""Pictures that are all compared exactly, where the filters leave no more."""
BY_SIGNS = 5_000
"""Candidates by signs; so many are needed for texts, whose vectors lie apart from those of pictures."""
ENOUGH = 100
"""Where the filters leave fewer of the candidates, all pictures that fulfil them are compared."""
LEFT_ALONE = 600.0  # seconds without a search after which the memory is given back
_PORTION = 1024  # vectors compared at once, so few that they stay in the processor's cache
_EMBEDDING: ColumnElement[str] = literal_column("vectors.embedding")

Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Near:
    """A picture that was found.

    Attributes:
        asset: Its id.
        likeness: The cosine of the two vectors, -1 to 1.
    """

    asset: str
    likeness: float


class Nearest:
    """The pictures of a database by their vectors; from any thread.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._memory: _Memory | None = None
        self._alone = threading.Lock()
        self._last = 0.0

    def find(self, model: int, vector: bytes, wanted: AssetFilter, most: int) -> list[Near]:
        """The pictures nearest to a vector, the nearest first.

        Args:
            model: Id of the model that gave the vector.
            vector: Of length one, float32, little-endian.
            wanted: Which pictures; those that the model has not looked at are not found.
            most: How many at most.
        """
        self._last = time.monotonic()
        meant = select(ASSETS.c.id).where(*which(wanted))
        seen = (VECTORS.c.model_id == model) & VECTORS.c.vector.is_not(None)
        with self._database.read() as connection:
            compare = _by_sql if self._database.has_vectors else _by_numpy
            count = connection.scalar(select(func.count()).select_from(meant.limit(FEW + 1).subquery())) or 0
            if count > FEW:
                ids = self._candidates(connection, model, vector, wanted.user)
                found = compare(connection, vector, most, _among(connection, ids) & _fulfils(wanted))
                if len(found) >= min(most, ENOUGH):
                    return found
            return compare(connection, vector, most, VECTORS.c.asset_id.in_(meant) & seen)

    def rest(self) -> None:
        """Give memory back where nobody has searched for long."""
        with self._alone:
            if time.monotonic() - self._last > LEFT_ALONE:
                self._memory = None

    def _candidates(self, connection: Connection, model: int, vector: bytes, user: str | None) -> list[int]:
        """Ids of the vectors that are about the nearest, by what is in memory."""
        with self._alone:
            if self._memory is None or self._memory.model != model:
                self._memory = _Memory(model)
            self._memory.catch_up(connection)
            return self._memory.roughly(vector, user, BY_SIGNS)


def _among(connection: Connection, ids: Sequence[int]) -> Condition:
    """That a vector is one of many, which are passed as one value."""
    if connection.dialect.name == "sqlite":
        each = func.json_each(json.dumps(ids)).table_valued("value")
        return VECTORS.c.id.in_(select(each.c.value))
    return VECTORS.c.id == any_(cast(ids, ARRAY(BigInteger)))


def _fulfils(wanted: AssetFilter) -> Condition:
    """For few vectors: whether the picture of one is meant. SQLite would begin a join with all pictures."""
    return select(ASSETS.c.id).where(ASSETS.c.id == VECTORS.c.asset_id, *which(wanted)).exists()


class _Embedding(UserDefinedType[str]):
    """The type of pgvector."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """As SQL calls it."""
        return "vector"


def _angle(connection: Connection, vector: bytes) -> ColumnElement[float]:
    """How far vectors are from one, as 1 less the cosine; by the functions of sqlite-vec or pgvector."""
    if connection.dialect.name == "sqlite":
        return func.vec_distance_cosine(VECTORS.c.vector, vector)
    numbers = str(list(struct.unpack(f"<{len(vector) // 4}f", vector)))
    return _EMBEDDING.op("<=>", return_type=Double())(cast(numbers, _Embedding()))


def _by_sql(connection: Connection, vector: bytes, most: int, those: Condition) -> list[Near]:
    """The nearest of some vectors, the nearest first."""
    distance = _angle(connection, vector).label("distance")
    query = select(VECTORS.c.asset_id, distance).where(those).order_by(distance, VECTORS.c.asset_id).limit(most)
    return [Near(row.asset_id, 1 - float(row.distance)) for row in connection.execute(query)]


def _by_numpy(connection: Connection, vector: bytes, most: int, those: Condition) -> list[Near]:
    """As `_by_sql`, where the database compares no vectors."""
    query = select(VECTORS.c.asset_id, VECTORS.c.vector).where(those)
    sought = np.frombuffer(vector, "<f4")
    assets: list[str] = []
    likenesses = [np.empty(0, np.float32)]
    for rows in connection.execute(query, execution_options={"yield_per": _PORTION}).partitions():
        ids, numbers = zip(*rows, strict=True)
        assets += ids
        # not `@`, whose threads wait for each other: on a busy machine that took five times as long
        likenesses.append(np.einsum("nd,d->n", np.frombuffer(b"".join(numbers), "<f4").reshape(len(ids), -1), sought))
    of_all = np.concatenate(likenesses)
    best = np.argsort(-of_all, kind="stable")[:most]
    found = [Near(assets[place], float(of_all[place])) for place in best]
    return sorted(found, key=lambda near: (-near.likeness, near.asset))


class _Memory:
    """The signs of a model's vectors, those of deleted pictures included until it is made anew.

    Args:
        model: Its id.
    """

    def __init__(self, model: int) -> None:
        self.model = model
        self._users: dict[str, int] = {}
        self._known = _Signs(np.empty(0, np.int64), np.empty(0, np.int32), b"")

    def catch_up(self, connection: Connection) -> None:
        """Read what has come since the last time."""
        last = int(self._known.ids[-1]) if len(self._known.ids) else 0
        query = (
            select(VECTORS.c.id, VECTORS.c.user_id, VECTORS.c.bits)
            .where(VECTORS.c.model_id == self.model, VECTORS.c.bits.is_not(None), VECTORS.c.id > last)
            .order_by(VECTORS.c.id)
        )
        rows = connection.execute(query).all()
        if not rows:
            return
        users = [self._users.setdefault(row.user_id, len(self._users)) for row in rows]
        self._known = _Signs(
            np.concatenate([self._known.ids, np.array([row.id for row in rows], np.int64)]),
            np.concatenate([self._known.users, np.array(users, np.int32)]),
            self._known.bits + b"".join(row.bits for row in rows),
        )

    def roughly(self, vector: bytes, user: str | None, count: int) -> list[int]:
        """Ids of about the nearest vectors, in no order."""
        ids = self._known.ids
        apart = self._known.apart(signs(vector))
        if user is not None:
            is_theirs = self._known.users == self._users.get(user, -1)
            apart, ids = apart[is_theirs], ids[is_theirs]
        if len(ids) > count:
            ids = ids[np.argpartition(apart, count)[:count]]
        nearest: list[int] = ids.tolist()
        return nearest


@dataclass(frozen=True)
class _Signs:
    """The signs of some vectors.

    Attributes:
        ids: Of their rows [N].
        users: Whose they are, as numbers [N].
        bits: One after another, each of as many whole bytes.
    """

    ids: NDArray[np.int64]
    users: NDArray[np.int32]
    bits: bytes

    def apart(self, sought: bytes) -> NDArray[np.uint16]:
        """In how many signs they differ from a vector's [N]."""
        kind = "<u8" if len(sought) % 8 == 0 else "u1"
        theirs = np.frombuffer(sought, kind)
        mine = np.frombuffer(self.bits, kind).reshape(len(self.ids), len(theirs))
        apart: NDArray[np.uint16] = np.bitwise_count(mine ^ theirs).sum(axis=1, dtype=np.uint16)
        return apart
