"""Tags of stored files, and what there is to filter these by."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Connection, cast, delete, func, insert, select

from safelight.store.assets import AssetFilter, which
from safelight.store.portions import in_portions
from safelight.store.tables import ASSET_TAGS, ASSETS

DAY = 24 * 3600


@dataclass(frozen=True)
class Facets:
    """What somebody's pictures can be filtered by, and how many there are of each.

    Attributes:
        total: All of them.
        tags, checkpoints: By name, the most frequent first.
        days: By the day they were made on, as days since 1970; the newest first.
    """

    total: int
    tags: dict[str, int]
    checkpoints: dict[str, int]
    days: dict[int, int]


def add_tags(connection: Connection, assets: Sequence[str], tags: Collection[str]) -> None:
    """Give assets tags; those that they have stay."""
    for some in in_portions(assets):
        for tag in tags:
            where = (ASSET_TAGS.c.asset_id.in_(some), ASSET_TAGS.c.name == tag)
            known = {row.asset_id for row in connection.execute(select(ASSET_TAGS.c.asset_id).where(*where))}
            rows = [{"asset_id": asset, "name": tag} for asset in some if asset not in known]
            if rows:
                connection.execute(insert(ASSET_TAGS), rows)


def remove_tags(connection: Connection, assets: Sequence[str], tags: Collection[str] | None = None) -> None:
    """Take tags from assets; None for all tags."""
    for some in in_portions(assets):
        where = [ASSET_TAGS.c.asset_id.in_(some)]
        if tags is not None:
            where.append(ASSET_TAGS.c.name.in_(tags))
        connection.execute(delete(ASSET_TAGS).where(*where))


def facets(connection: Connection, wanted: AssetFilter, east: int) -> Facets:
    """What assets can be filtered by.

    Args:
        connection: To the database.
        wanted: Which assets.
        east: Seconds by which the clock of whoever asks is ahead of UTC.
    """
    day = (cast(ASSETS.c.created + east, BigInteger) // DAY).label("day")
    query = select(day, ASSETS.c.checkpoint, func.count().label("number")).where(*which(wanted))
    days: Counter[int] = Counter()
    checkpoints: Counter[str] = Counter()
    for row in connection.execute(query.group_by(day, ASSETS.c.checkpoint)):
        days[int(row.day)] += row.number
        if row.checkpoint:
            checkpoints[row.checkpoint] += row.number
    number = func.count().label("number")
    tagged = (
        select(ASSET_TAGS.c.name, number)
        .join(ASSETS, ASSETS.c.id == ASSET_TAGS.c.asset_id)
        .where(*which(wanted))
        .group_by(ASSET_TAGS.c.name)
        .order_by(number.desc(), ASSET_TAGS.c.name)
    )
    return Facets(
        total=days.total(),
        tags={row.name: row.number for row in connection.execute(tagged)},
        checkpoints=dict(sorted(checkpoints.items(), key=lambda item: (-item[1], item[0]))),
        days=dict(sorted(days.items(), reverse=True)),
    )
