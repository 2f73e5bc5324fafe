"""Collections: pictures that their owner has put together; one picture can be in several."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from safelight.errors import BadInput
from safelight.store.assets import BIN, Asset, assets_by_id
from safelight.store.portions import in_portions
from safelight.store.tables import ASSETS, COLLECTION_ASSETS, COLLECTIONS


@dataclass(frozen=True)
class Collection:
    """A collection.

    Attributes:
        id: Of the collection.
        user: Id of its owner.
        name: What its owner calls it; no two of one owner's have the same.
        created: Seconds since 1970.
        count: Pictures in it, without those in the bin.
        cover: The newest of them.
    """

    id: str
    user: str
    name: str
    created: float
    count: int
    cover: Asset | None


def add_collection(connection: Connection, user: str, name: str) -> str:
    """Make an empty collection; its id.

    Raises:
        BadInput: The person has one of that name.
    """
    drawn = uuid.uuid4().hex
    try:
        with connection.begin_nested():
            connection.execute(insert(COLLECTIONS).values(id=drawn, user_id=user, name=name, created=time.time()))
    except IntegrityError as error:
        raise _taken(name) from error
    return drawn


def rename_collection(connection: Connection, collection: str, name: str) -> None:
    """Give a collection another name.

    Raises:
        BadInput: Its owner has another of that name.
    """
    try:
        with connection.begin_nested():
            connection.execute(update(COLLECTIONS).where(COLLECTIONS.c.id == collection).values(name=name))
    except IntegrityError as error:
        raise _taken(name) from error


def delete_collection(connection: Connection, collection: str) -> None:
    """Forget a collection; the pictures stay."""
    connection.execute(delete(COLLECTION_ASSETS).where(COLLECTION_ASSETS.c.collection_id == collection))
    connection.execute(delete(COLLECTIONS).where(COLLECTIONS.c.id == collection))


def count_collections(connection: Connection, user: str) -> int:
    """How many a person has."""
    query = select(func.count()).select_from(COLLECTIONS).where(COLLECTIONS.c.user_id == user)
    return int(connection.execute(query).scalar_one())


def get_collection(connection: Connection, collection: str) -> Collection | None:
    """A collection by its id."""
    return next(iter(_found(connection, COLLECTIONS.c.id == collection)), None)


def collections_of(connection: Connection, user: str) -> list[Collection]:
    """A person's collections, by name."""
    return _found(connection, COLLECTIONS.c.user_id == user)


def add_to(connection: Connection, collection: str, assets: Sequence[str]) -> None:
    """Put pictures into a collection; those that are in it stay."""
    for some in in_portions(assets):
        where = (COLLECTION_ASSETS.c.collection_id == collection, COLLECTION_ASSETS.c.asset_id.in_(some))
        known = {row.asset_id for row in connection.execute(select(COLLECTION_ASSETS.c.asset_id).where(*where))}
        rows = [{"collection_id": collection, "asset_id": asset} for asset in some if asset not in known]
        if rows:
            connection.execute(insert(COLLECTION_ASSETS), rows)


def remove_from(connection: Connection, collection: str, assets: Sequence[str]) -> None:
    """Take pictures out of a collection; they stay where they are."""
    for some in in_portions(assets):
        connection.execute(
            delete(COLLECTION_ASSETS).where(
                COLLECTION_ASSETS.c.collection_id == collection, COLLECTION_ASSETS.c.asset_id.in_(some)
            )
        )


def _found(connection: Connection, where: object) -> list[Collection]:
    newest = (ASSETS.c.created.desc(), ASSETS.c.id)
    inside = (
        select(
            COLLECTION_ASSETS.c.collection_id,
            ASSETS.c.id.label("cover"),
            func.row_number().over(partition_by=COLLECTION_ASSETS.c.collection_id, order_by=newest).label("place"),
            func.count().over(partition_by=COLLECTION_ASSETS.c.collection_id).label("number"),
        )
        .join(ASSETS, ASSETS.c.id == COLLECTION_ASSETS.c.asset_id)
        .where(ASSETS.c.folder != BIN)
        .subquery()
    )
    query = (
        select(COLLECTIONS, inside.c.cover, inside.c.number)
        .outerjoin(inside, and_(inside.c.collection_id == COLLECTIONS.c.id, inside.c.place == 1))
        .where(where)  # type: ignore[arg-type]
        .order_by(func.lower(COLLECTIONS.c.name), COLLECTIONS.c.id)
    )
    rows = connection.execute(query).all()
    covers = {asset.id: asset for asset in assets_by_id(connection, [row.cover for row in rows if row.cover])}
    return [
        Collection(row.id, row.user_id, row.name, row.created, row.number or 0, covers.get(row.cover)) for row in rows
    ]


def _taken(name: str) -> BadInput:
    return BadInput(f"You have a collection called {name} already.", mend="Take another name.")
