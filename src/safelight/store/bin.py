"""The bin: files that were deleted, and can be restored; and those that are gone for good."""

import json
import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from safelight.store.assets import BIN, Asset, assets_by_id
from safelight.store.portions import in_portions
from safelight.store.tables import ASSETS, BINNED_EVENTS, EVENTS, JOBS

FEW = 8
"""So many files are looked for by name in what jobs told; for more, all of it is read once."""
_COPIED = ("id", "job_id", "time", "tag", "data")


def put_into_bin(connection: Connection, assets: Collection[Asset]) -> None:
    """Put assets into the bin: no list and no job's history shows them until they are restored."""
    now = time.time()
    rows = []
    for row, asset in _told_of(connection, assets):
        rows.append({name: getattr(row, name) for name in _COPIED} | {"asset_id": asset.id})
    if rows:
        connection.execute(insert(BINNED_EVENTS), rows)
        _delete_events(connection, [row["id"] for row in rows])
    for asset in assets:
        connection.execute(
            update(ASSETS)
            .where(ASSETS.c.id == asset.id)
            .values(folder=BIN, path=asset.id, was_folder=asset.folder, was_path=asset.path, deleted=now)
        )


def take_from_bin(connection: Connection, asset: Asset, path: str) -> None:
    """Take an asset from the bin, back to where it was.

    Args:
        connection: To the database.
        asset: As it is in the bin.
        path: That its file has from now on; another one than before, where that is taken.
    """
    connection.execute(
        update(ASSETS)
        .where(ASSETS.c.id == asset.id)
        .values(folder=asset.folder, path=path, was_folder=None, was_path=None, deleted=None)
    )
    kept = connection.execute(select(BINNED_EVENTS).where(BINNED_EVENTS.c.asset_id == asset.id)).all()
    if kept:
        rows = [{name: getattr(row, name) for name in _COPIED} for row in kept]
        for row in rows:
            row["data"] = json.dumps(json.loads(row["data"]) | {"path": path})
        connection.execute(insert(EVENTS), rows)
        connection.execute(delete(BINNED_EVENTS).where(BINNED_EVENTS.c.asset_id == asset.id))


def forget_assets(connection: Connection, assets: Collection[Asset]) -> None:
    """Take assets out of the books for good, and out of the history of all jobs that made or showed them."""
    _delete_events(connection, [row.id for row, _ in _told_of(connection, assets)])
    for some in in_portions([asset.id for asset in assets]):
        connection.execute(delete(ASSETS).where(ASSETS.c.id.in_(some)))


def deleted_before(connection: Connection, before: float) -> list[Asset]:
    """What was put into the bin before a time."""
    query = select(ASSETS.c.id).where(ASSETS.c.folder == BIN, ASSETS.c.deleted < before)
    return assets_by_id(connection, [row.id for row in connection.execute(query)])


def _told_of(connection: Connection, assets: Collection[Asset]) -> Iterator[tuple[Row[Any], Asset]]:
    """What jobs told of files that are not in the bin."""
    for user in {asset.user for asset in assets}:
        sought = {(asset.folder, asset.path): asset for asset in assets if asset.user == user and asset.deleted is None}
        query = (
            select(*(EVENTS.c[name] for name in _COPIED))
            .join(JOBS, JOBS.c.id == EVENTS.c.job_id)
            .where(JOBS.c.user_id == user, EVENTS.c.tag == "output")
        )
        if len(sought) <= FEW:
            texts = [json.dumps(path) for _, path in sought]
            query = query.where(or_(False, *(EVENTS.c.data.contains(text, autoescape=True) for text in texts)))
        for row in connection.execute(query).all():
            told = json.loads(row.data)
            asset = sought.get((told.get("folder"), told.get("path")))
            if asset is not None:
                yield row, asset


def _delete_events(connection: Connection, ids: Sequence[int]) -> None:
    for some in in_portions(ids):
        connection.execute(delete(EVENTS).where(EVENTS.c.id.in_(some)))
