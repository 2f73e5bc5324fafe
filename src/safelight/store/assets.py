"""Stored pictures and files in the database."""

import json
import time
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, tuple_, update

from safelight.store.tables import ASSETS, EVENTS, JOBS

PORTION = 200  # files in one statement, of whose values databases take a limited number


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
    """

    id: str = ""
    created: float = 0.0
    favourite: bool = False


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


def put_asset(connection: Connection, asset: NewAsset) -> str:
    """Take a file into the books; its id.

    A file that is in them already, as a cached node shows it again, keeps its id and its mark; another of the same
    path is another asset.
    """
    here = (ASSETS.c.user_id == asset.user, ASSETS.c.folder == asset.folder, ASSETS.c.path == asset.path)
    known = connection.execute(select(ASSETS.c.id, ASSETS.c.bytes, ASSETS.c.prompt).where(*here)).one_or_none()
    if known is not None and (known.bytes, known.prompt) == (asset.size, asset.prompt):
        return str(known.id)
    connection.execute(delete(ASSETS).where(*here))
    drawn = uuid.uuid4().hex
    connection.execute(
        insert(ASSETS).values(
            id=drawn,
            user_id=asset.user,
            folder=asset.folder,
            path=asset.path,
            kind=asset.kind,
            mime=asset.mime,
            width=asset.width,
            height=asset.height,
            bytes=asset.size,
            created=time.time(),
            job_id=asset.job or None,
            node=asset.node,
            prompt=asset.prompt,
            checkpoint=asset.checkpoint,
            favourite=False,
        )
    )
    return drawn


def get_asset(connection: Connection, asset: str) -> Asset | None:
    """An asset by its id."""
    row = connection.execute(select(ASSETS).where(ASSETS.c.id == asset)).one_or_none()
    return None if row is None else _asset(row)


def page_of_assets(connection: Connection, wanted: AssetFilter, *, limit: int, offset: int = 0) -> list[Asset]:
    """Assets, the newest first."""
    order = (ASSETS.c.created.desc(), ASSETS.c.id)
    query = select(ASSETS).where(*_which(wanted)).order_by(*order).limit(limit).offset(offset)
    return [_asset(row) for row in connection.execute(query)]


def count_assets(connection: Connection, wanted: AssetFilter) -> int:
    """How many there are."""
    query = select(func.count()).select_from(ASSETS).where(*_which(wanted))
    return int(connection.execute(query).scalar_one())


def assets_at(connection: Connection, places: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], Asset]:
    """Assets by where they are: user, folder and path."""
    found = {}
    wanted = list(dict.fromkeys(places))
    for first in range(0, len(wanted), PORTION):
        some = wanted[first : first + PORTION]
        where = tuple_(ASSETS.c.user_id, ASSETS.c.folder, ASSETS.c.path).in_(some)
        for row in connection.execute(select(ASSETS).where(where)):
            asset = _asset(row)
            found[asset.user, asset.folder, asset.path] = asset
    return found


def set_favourite(connection: Connection, asset: str, favourite: bool) -> None:
    """Mark an asset, or take the mark away."""
    connection.execute(update(ASSETS).where(ASSETS.c.id == asset).values(favourite=favourite))


def forget_assets(connection: Connection, assets: Collection[Asset]) -> None:
    """Take assets out of the books, and out of the history of all jobs that made or showed them."""
    for asset in assets:
        connection.execute(delete(ASSETS).where(ASSETS.c.id == asset.id))
        told = (
            select(EVENTS.c.id, EVENTS.c.data)
            .join(JOBS, JOBS.c.id == EVENTS.c.job_id)
            .where(
                JOBS.c.user_id == asset.user,
                EVENTS.c.tag == "output",
                EVENTS.c.data.contains(json.dumps(asset.path), autoescape=True),
            )
        )
        of_it = [row.id for row in connection.execute(told) if _names(json.loads(row.data), asset)]
        for first in range(0, len(of_it), PORTION):
            connection.execute(delete(EVENTS).where(EVENTS.c.id.in_(of_it[first : first + PORTION])))


def _names(output: dict[str, object], asset: Asset) -> bool:
    return (output.get("folder"), output.get("path")) == (asset.folder, asset.path)


def _which(wanted: AssetFilter) -> list[Any]:
    exact = {
        ASSETS.c.user_id: wanted.user,
        ASSETS.c.folder: wanted.folder or None,
        ASSETS.c.kind: wanted.kind or None,
        ASSETS.c.job_id: wanted.job or None,
        ASSETS.c.checkpoint: wanted.checkpoint or None,
        ASSETS.c.favourite: wanted.favourite,
    }
    which: list[Any] = [column == value for column, value in exact.items() if value is not None]
    if wanted.prompt:
        which.append(ASSETS.c.prompt.icontains(wanted.prompt, autoescape=True))
    if wanted.since is not None:
        which.append(ASSETS.c.created >= wanted.since)
    if wanted.until is not None:
        which.append(ASSETS.c.created <= wanted.until)
    if wanted.least is not None:
        which.append((ASSETS.c.width >= wanted.least) | (ASSETS.c.height >= wanted.least))
    if wanted.most is not None:
        which.append((ASSETS.c.width <= wanted.most) & (ASSETS.c.height <= wanted.most))
    return which


def _asset(row: Row[Any]) -> Asset:
    return Asset(
        user=row.user_id,
        folder=row.folder,
        path=row.path,
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
    )
