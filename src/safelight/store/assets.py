"""Stored pictures and files in the database."""

import json
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from safelight.store.portions import in_portions
from safelight.store.tables import ASSET_TAGS, ASSETS, COLLECTION_ASSETS, JOBS

PORTION = 200  # files in one statement, of whose values databases take a limited number
BIN = "bin"
"""The folder of what was deleted and can be restored; the path of a file there is its id."""


@dataclass(frozen=True)
class NewAsset:
    """A file as it is taken into the books.

    Attributes:
        user: Id of its owner.
        folder: `input`, `output` or `temp`.
        path: Below the user's folder, `/` between its parts.
        kind: `images`, `latents`, or `files` for all else.
        mime: Such as `image/png`.
        size: In bytes.
        width, height: In pixels; None where it is no picture.
        job, node: That made it; empty for an upload.
        prompt, checkpoint: Of its recipe, where it has one.
    """

    user: str
    folder: str
    path: str
    kind: str
    mime: str
    size: int
    width: int | None = None
    height: int | None = None
    job: str = ""
    node: str = ""
    prompt: str = ""
    checkpoint: str = ""


@dataclass(frozen=True)
class Asset(NewAsset):
    """A file in the books.

    Attributes:
        id: Of the asset.
        created: Seconds since 1970.
        favourite: Whether its owner marked it.
        tags: That its owner gave it, in alphabetical order.
        deleted: When it was put into the bin, in seconds since 1970; its folder and path are those it had before. None
            where it is not there.
    """

    id: str = ""
    created: float = 0.0
    favourite: bool = False
    tags: tuple[str, ...] = ()
    deleted: float | None = None


@dataclass(frozen=True)
class AssetFilter:
    """Which assets are meant; what is None or empty is not asked for.

    Attributes:
        user: Whose.
        folder, kind, job, checkpoint: Exactly these.
        prompt: A text that the prompt holds, in any case.
        since, until: When it was made, in seconds since 1970.
        least, most: Length of the longer side, in pixels.
        favourite: Whether it is marked.
        tags: All of them.
        collection: Id of one that it is in.
        model: A model file that its job names, as its folder lists it.
        deleted: Whether it is in the bin.
    """

    user: str | None = None
    folder: str = ""
    kind: str = ""
    job: str = ""
    checkpoint: str = ""
    prompt: str = ""
    since: float | None = None
    until: float | None = None
    least: int | None = None
    most: int | None = None
    favourite: bool | None = None
    tags: tuple[str, ...] = ()
    collection: str = ""
    model: str = ""
    deleted: bool = False


def put_asset(connection: Connection, asset: NewAsset, *, is_other: bool = False) -> str:
    """Take a file into the books; its id.

    A file that is in them already, as a cached node shows it again, keeps its id and its mark; another of the same
    path is another asset.

    Args:
        connection: To the database.
        asset: The file.
        is_other: Whether it is known to hold something else than the file that was there before.
    """
    here = (ASSETS.c.user_id == asset.user, ASSETS.c.folder == asset.folder, ASSETS.c.path == asset.path)
    columns = (ASSETS.c.id, ASSETS.c.bytes, ASSETS.c.prompt, ASSETS.c.job_id)
    known = None if is_other else connection.execute(select(*columns).where(*here)).one_or_none()
    if known is not None and known.bytes == asset.size:
        if asset.job and known.job_id is None:  # it was found lying there before its job told of it
            made_by = {"job_id": asset.job, "node": asset.node}
            told = {"prompt": asset.prompt, "checkpoint": asset.checkpoint}
            connection.execute(update(ASSETS).where(ASSETS.c.id == known.id).values(**made_by, **told))
            return str(known.id)
        if known.prompt == asset.prompt:
            return str(known.id)
    connection.execute(delete(ASSETS).where(*here))
    row = _row(asset, time.time())
    connection.execute(insert(ASSETS).values(**row))
    return str(row["id"])


def put_found(connection: Connection, found: Sequence[tuple[NewAsset, float]]) -> int:
    """Take files into the books that were found lying there, each with its time; how many are new.

    What is in the books by now, as its job has told of it meanwhile, is left as it is.
    """
    into = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    rows = [_row(asset, created) for asset, created in found]
    if not rows:
        return 0
    new = into(ASSETS).values(rows).on_conflict_do_nothing().returning(ASSETS.c.id)
    return len(connection.execute(new).all())


def paths_in(connection: Connection, user: str, folder: str) -> set[str]:
    """The paths of all files in the books that are in a person's folder."""
    query = select(ASSETS.c.path).where(ASSETS.c.user_id == user, ASSETS.c.folder == folder)
    return set(connection.scalars(query))


def get_asset(connection: Connection, asset: str) -> Asset | None:
    """An asset by its id."""
    return next(iter(assets_by_id(connection, [asset])), None)


def assets_by_id(connection: Connection, ids: Sequence[str]) -> list[Asset]:
    """Assets in the order of their ids; those that are no more are left out."""
    found: dict[str, Asset] = {}
    for some in in_portions(ids):
        for row in connection.execute(select(ASSETS).where(ASSETS.c.id.in_(some))):
            found[row.id] = _asset(row)
    return with_tags(connection, [found[asset] for asset in dict.fromkeys(ids) if asset in found])


def page_of_assets(
    connection: Connection, wanted: AssetFilter, *, limit: int, offset: int = 0, oldest_first: bool = False
) -> list[Asset]:
    """Assets, the newest first, or the oldest; of those in the bin, what was deleted last is the newest."""
    time_of = ASSETS.c.deleted if wanted.deleted else ASSETS.c.created
    order = (time_of, ASSETS.c.id) if oldest_first else (time_of.desc(), ASSETS.c.id)
    query = select(ASSETS).where(*which(wanted)).order_by(*order).limit(limit).offset(offset)
    return with_tags(connection, [_asset(row) for row in connection.execute(query)])


def count_assets(connection: Connection, wanted: AssetFilter) -> int:
    """How many there are."""
    query = select(func.count()).select_from(ASSETS).where(*which(wanted))
    return int(connection.execute(query).scalar_one())


def assets_at(connection: Connection, places: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], Asset]:
    """Assets by where they are: user, folder and path."""
    found: list[Asset] = []
    wanted = list(dict.fromkeys(places))
    for first in range(0, len(wanted), PORTION):
        some = wanted[first : first + PORTION]
        where = tuple_(ASSETS.c.user_id, ASSETS.c.folder, ASSETS.c.path).in_(some)
        found += [_asset(row) for row in connection.execute(select(ASSETS).where(where))]
    return {(asset.user, asset.folder, asset.path): asset for asset in with_tags(connection, found)}


def set_favourite(connection: Connection, assets: Sequence[str], favourite: bool) -> None:
    """Mark assets, or take the mark away."""
    for some in in_portions(assets):
        connection.execute(update(ASSETS).where(ASSETS.c.id.in_(some)).values(favourite=favourite))


def with_tags(connection: Connection, assets: Sequence[Asset]) -> list[Asset]:
    """Assets with their tags, looked up all at once."""
    tags: dict[str, list[str]] = {}
    for some in in_portions([asset.id for asset in assets]):
        query = select(ASSET_TAGS).where(ASSET_TAGS.c.asset_id.in_(some)).order_by(ASSET_TAGS.c.name)
        for row in connection.execute(query):
            tags.setdefault(row.asset_id, []).append(row.name)
    return [replace(asset, tags=tuple(tags[asset.id])) if asset.id in tags else asset for asset in assets]


def which(wanted: AssetFilter) -> list[Any]:
    """The conditions that assets fulfil which are meant."""
    folder = ASSETS.c.was_folder if wanted.deleted else ASSETS.c.folder
    exact = {
        ASSETS.c.user_id: wanted.user,
        folder: wanted.folder or None,
        ASSETS.c.kind: wanted.kind or None,
        ASSETS.c.job_id: wanted.job or None,
        ASSETS.c.checkpoint: wanted.checkpoint or None,
        ASSETS.c.favourite: wanted.favourite,
    }
    conditions: list[Any] = [column == value for column, value in exact.items() if value is not None]
    if wanted.deleted or not wanted.folder:
        conditions.append((ASSETS.c.folder == BIN) if wanted.deleted else (ASSETS.c.folder != BIN))
    if wanted.prompt:
        conditions.append(ASSETS.c.prompt.icontains(wanted.prompt, autoescape=True))
    if wanted.since is not None:
        conditions.append(ASSETS.c.created >= wanted.since)
    if wanted.until is not None:
        conditions.append(ASSETS.c.created <= wanted.until)
    if wanted.least is not None:
        conditions.append((ASSETS.c.width >= wanted.least) | (ASSETS.c.height >= wanted.least))
    if wanted.most is not None:
        conditions.append((ASSETS.c.width <= wanted.most) & (ASSETS.c.height <= wanted.most))
    for tag in wanted.tags:
        conditions.append(ASSETS.c.id.in_(select(ASSET_TAGS.c.asset_id).where(ASSET_TAGS.c.name == tag)))
    if wanted.collection:
        inside = select(COLLECTION_ASSETS.c.asset_id).where(COLLECTION_ASSETS.c.collection_id == wanted.collection)
        conditions.append(ASSETS.c.id.in_(inside))
    if wanted.model:
        conditions.append(or_(ASSETS.c.checkpoint == wanted.model, ASSETS.c.job_id.in_(_jobs_naming(wanted))))
    return conditions


def _jobs_naming(wanted: AssetFilter) -> Any:
    """Ids of the jobs that name a model file, by the end of its path."""
    end = json.dumps(f"/{wanted.model}")[1:]  # with the quotation mark behind it, as the list of paths has it
    query = select(JOBS.c.id).where(JOBS.c.models.contains(end, autoescape=True))
    return query if wanted.user is None else query.where(JOBS.c.user_id == wanted.user)


def _row(asset: NewAsset, created: float) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "user_id": asset.user,
        "folder": asset.folder,
        "path": asset.path,
        "kind": asset.kind,
        "mime": asset.mime,
        "width": asset.width,
        "height": asset.height,
        "bytes": asset.size,
        "created": created,
        "job_id": asset.job or None,
        "node": asset.node,
        "prompt": asset.prompt,
        "checkpoint": asset.checkpoint,
        "favourite": False,
    }


def _asset(row: Row[Any]) -> Asset:
    return Asset(
        user=row.user_id,
        folder=row.was_folder or row.folder,
        path=row.was_path or row.path,
        kind=row.kind,
        mime=row.mime,
        size=row.bytes,
        width=row.width,
        height=row.height,
        job=row.job_id or "",
        node=row.node,
        prompt=row.prompt,
        checkpoint=row.checkpoint,
        id=row.id,
        created=row.created,
        favourite=row.favourite,
        deleted=row.deleted,
    )
