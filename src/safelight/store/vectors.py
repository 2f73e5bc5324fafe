"""What CLIP saw in pictures: which pictures it has looked at, and the vectors that came of it.

A vector belongs to an asset and to a CLIP model, known by its file's hash. It goes with the asset; an asset in the bin
keeps it. Those of other models go once the model in use has looked at everything.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from safelight.store.assets import BIN, Asset, AssetFilter, assets_by_id, which
from safelight.store.portions import in_portions
from safelight.store.tables import ASSETS, CLIP_MODELS, VECTORS

LOOKED_AT = ("output", "input")
"""Folders whose pictures are looked at."""
_PICTURES: tuple[ColumnElement[bool], ...] = (ASSETS.c.kind == "images", ASSETS.c.width.is_not(None))


@dataclass(frozen=True)
class Look:
    """What came of looking at a picture.

    Attributes:
        asset: The picture.
        changed: When its file was changed last, in seconds since 1970.
        vector: Of length one, float32, little-endian; empty where it cannot be read.
        problem: Why it cannot.
    """

    asset: Asset
    changed: float
    vector: bytes = b""
    problem: str = ""


@dataclass(frozen=True)
class Place:
    """Where a picture is that was looked at.

    Attributes:
        asset: Its id.
        user, folder, path: As of the asset.
        changed: When its file had been changed last.
    """

    asset: str
    user: str
    folder: str
    path: str
    changed: float


@dataclass(frozen=True)
class Counts:
    """How far looking at pictures is.

    Attributes:
        total: Pictures that there are.
        looked_at: Of them, those that have a vector.
        unreadable: Of them, those that cannot be read.
    """

    total: int
    looked_at: int
    unreadable: int

    @property
    def waiting(self) -> int:
        """Pictures that nobody has looked at yet."""
        return max(0, self.total - self.looked_at - self.unreadable)


def put_model(connection: Connection, sha256: str, name: str, dims: int) -> int:
    """Take a CLIP model into the books, if it is not there; its id."""
    known = model_of(connection, sha256)
    if known is not None:
        return known
    made = connection.execute(insert(CLIP_MODELS).values(sha256=sha256, name=name, dims=dims))
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def model_of(connection: Connection, sha256: str) -> int | None:
    """The id of a CLIP model by the hash of its file; None where it has never looked at anything."""
    found = connection.execute(select(CLIP_MODELS.c.id).where(CLIP_MODELS.c.sha256 == sha256)).scalar()
    return None if found is None else int(found)


def unseen(connection: Connection, model: int, limit: int) -> list[Asset]:
    """Pictures that a model has not looked at, the newest first."""
    looked_at = select(VECTORS.c.asset_id).where(VECTORS.c.asset_id == ASSETS.c.id, VECTORS.c.model_id == model)
    query = select(ASSETS.c.id).where(*_pictures(), ~looked_at.exists()).order_by(ASSETS.c.created.desc()).limit(limit)
    return assets_by_id(connection, [row.id for row in connection.execute(query)])


def put_looks(connection: Connection, model: int, looks: Iterable[Look]) -> None:
    """Keep what a model saw; pictures that are gone since are passed over."""
    by_id = {look.asset.id: look for look in looks}
    present: list[str] = []
    for some in in_portions(list(by_id)):
        present += [row.id for row in connection.execute(select(ASSETS.c.id).where(ASSETS.c.id.in_(some)))]
        again = (VECTORS.c.model_id == model, VECTORS.c.asset_id.in_(some))
        connection.execute(delete(VECTORS).where(*again))
    rows = [
        {
            "asset_id": asset,
            "model_id": model,
            "user_id": look.asset.user,
            "changed": look.changed,
            "bits": signs(look.vector) if look.vector else None,
            "problem": look.problem,
            "vector": look.vector or None,
        }
        for asset in present
        for look in [by_id[asset]]
    ]
    if rows:
        connection.execute(insert(VECTORS), rows)
    if connection.dialect.name == "postgresql":
        from safelight.store.pgvector import embed  # noqa: PLC0415 (an extra brings its driver)

        embed(connection)


def vector_of(connection: Connection, model: int, asset: str) -> bytes | None:
    """What a model saw in a picture; None where it has not looked at it, or could not."""
    query = select(VECTORS.c.vector).where(VECTORS.c.model_id == model, VECTORS.c.asset_id == asset)
    return connection.execute(query).scalar()


def vectors_of(connection: Connection, model: int, assets: Sequence[str]) -> dict[str, bytes]:
    """What a model saw in pictures, by their ids and in their order; those that it has not looked at are left out."""
    found: dict[str, bytes] = {}
    for some in in_portions(assets):
        query = select(VECTORS.c.asset_id, VECTORS.c.vector)
        query = query.where(VECTORS.c.model_id == model, VECTORS.c.asset_id.in_(some), VECTORS.c.vector.is_not(None))
        found |= {row.asset_id: row.vector for row in connection.execute(query)}
    return {asset: found[asset] for asset in assets if asset in found}


def newest_vectors(connection: Connection, model: int, wanted: AssetFilter, most: int) -> dict[str, bytes]:
    """What a model saw in the pictures that are meant, by their ids, the newest first."""
    query = (
        select(VECTORS.c.asset_id, VECTORS.c.vector)
        .join(ASSETS, ASSETS.c.id == VECTORS.c.asset_id)
        .where(VECTORS.c.model_id == model, VECTORS.c.vector.is_not(None), *which(wanted))
        .order_by(ASSETS.c.created.desc(), ASSETS.c.id)
        .limit(most)
    )
    return {row.asset_id: row.vector for row in connection.execute(query)}


def count_looks(connection: Connection, model: int | None, user: str | None) -> Counts:
    """How many pictures there are, and how many of them a model has looked at.

    Args:
        connection: To the database.
        model: Its id; None for one that has looked at nothing.
        user: Whose pictures; None for everybody's.
    """
    return _counts(connection, model, _pictures() if user is None else [*_pictures(), ASSETS.c.user_id == user])


def count_seen(connection: Connection, model: int | None, wanted: AssetFilter) -> Counts:
    """How many pictures are meant, and how many of them a model has looked at; `model` as of `count_looks`."""
    pictures = [ASSETS.c.folder.in_((*LOOKED_AT, BIN)), *_PICTURES]
    return _counts(connection, model, [*which(wanted), *pictures])


def forget_other_models(connection: Connection, model: int) -> None:
    """Remove what all models but one saw."""
    connection.execute(delete(VECTORS).where(VECTORS.c.model_id != model))
    connection.execute(delete(CLIP_MODELS).where(CLIP_MODELS.c.id != model))


def has_others(connection: Connection, model: int) -> bool:
    """Whether other models have looked at pictures."""
    return connection.execute(select(CLIP_MODELS.c.id).where(CLIP_MODELS.c.id != model).limit(1)).scalar() is not None


def dims_of(connection: Connection, model: int) -> int:
    """How many numbers the vectors of a model have."""
    return int(connection.execute(select(CLIP_MODELS.c.dims).where(CLIP_MODELS.c.id == model)).scalar_one())


def places(connection: Connection, model: int) -> Iterator[Place]:
    """Where the pictures are that a model has looked at; those in the bin are left out."""
    columns = (ASSETS.c.id, ASSETS.c.user_id, ASSETS.c.folder, ASSETS.c.path, VECTORS.c.changed)
    query = select(*columns).join(VECTORS, VECTORS.c.asset_id == ASSETS.c.id)
    query = query.where(VECTORS.c.model_id == model, *_pictures())
    for row in connection.execute(query, execution_options={"yield_per": 1000}):
        yield Place(row.id, row.user_id, row.folder, row.path, float(row.changed))


def forget_looks(connection: Connection, assets: Sequence[str]) -> None:
    """Remove what was seen in pictures, so that they are looked at anew."""
    for some in in_portions(assets):
        connection.execute(delete(VECTORS).where(VECTORS.c.asset_id.in_(some)))


def looks_of(assets: Sequence[Asset], changed: Sequence[float], found: bytes, problems: Sequence[str]) -> list[Look]:
    """What came of looking at pictures.

    Args:
        assets: The pictures.
        changed: When the file of each was changed last.
        found: Vectors of those that could be read, one after another.
        problems: Of each why it could not be read; empty where it could.
    """
    count = sum(not problem for problem in problems)
    size = len(found) // count if count else 0
    looks, start = [], 0
    for asset, when, problem in zip(assets, changed, problems, strict=True):
        end = start if problem else start + size
        looks.append(Look(asset, when, found[start:end], problem))
        start = end
    return looks


def signs(vector: bytes) -> bytes:
    """The sign of each number of a vector, eight in a byte: a thirty-second of its size, and nearly as telling."""
    tops = vector[3::4]  # of each float32, the byte that has its sign
    positive = "".join("0" if top & 0x80 else "1" for top in reversed(tops))
    return int(positive, 2).to_bytes(len(tops) // 8, "little")


def _counts(connection: Connection, model: int | None, pictures: Sequence[ColumnElement[bool]]) -> Counts:
    total = connection.execute(select(func.count()).select_from(ASSETS).where(*pictures)).scalar_one()
    if model is None:
        return Counts(int(total), 0, 0)
    query = (
        select(func.count(VECTORS.c.bits), func.count())
        .select_from(VECTORS)
        .join(ASSETS, ASSETS.c.id == VECTORS.c.asset_id)
        .where(VECTORS.c.model_id == model, *pictures)
    )
    looked_at, known = connection.execute(query).one()
    return Counts(int(total), int(looked_at), int(known - looked_at))


def _pictures() -> list[ColumnElement[bool]]:
    return [ASSETS.c.folder.in_(LOOKED_AT), *_PICTURES]
