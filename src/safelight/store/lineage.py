"""Which pictures jobs began with: by what the books knew when they were queued, or by what their workflows name."""

import json
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, and_, delete, insert, select, update

from safelight.store.assets import assets_at
from safelight.store.portions import in_portions
from safelight.store.tables import ASSETS, JOB_INPUTS, JOBS

Place = tuple[str, str]
"""Folder and path of a file."""


def put_inputs(connection: Connection, user: str, named: Mapping[str, Collection[Place]]) -> None:
    """Note which pictures jobs of a person begin with.

    Args:
        connection: To the database.
        user: Id of the person.
        named: By id of the job, the pictures that its workflow names; the books may know none there.
    """
    known = assets_at(connection, [(user, *place) for places in named.values() for place in places])
    rows = [
        {"job_id": job, "folder": folder, "path": path, "asset_id": asset.id if asset else None}
        for job, places in named.items()
        for folder, path in dict.fromkeys(places)
        for asset in [known.get((user, folder, path))]
    ]
    if rows:
        connection.execute(insert(JOB_INPUTS), rows)


def renew_inputs(connection: Connection, user: str, job: str) -> None:
    """Note anew which pictures a job begins with, as it is queued again."""
    places = inputs_of(connection, job)
    known = assets_at(connection, [(user, *place) for place in places])
    for folder, path in places:
        asset = known.get((user, folder, path))
        here = (JOB_INPUTS.c.job_id == job, JOB_INPUTS.c.folder == folder, JOB_INPUTS.c.path == path)
        connection.execute(update(JOB_INPUTS).where(*here).values(asset_id=asset.id if asset else None))


def inputs_of(connection: Connection, job: str) -> dict[Place, str | None]:
    """The pictures that a job began with, by where they were: ids of assets that may be gone by now.

    None stands for a picture that the books did not know. Jobs from before this was noted have none at all.
    """
    query = select(JOB_INPUTS.c.folder, JOB_INPUTS.c.path, JOB_INPUTS.c.asset_id).where(JOB_INPUTS.c.job_id == job)
    return {(row.folder, row.path): row.asset_id for row in connection.execute(query)}


def jobs_beginning_with(connection: Connection, asset: str, most: int) -> dict[str, list[Place]]:
    """The newest jobs that began with a picture, those that were deleted since last; and where it was for each."""
    query = (
        select(JOB_INPUTS.c.job_id, JOB_INPUTS.c.folder, JOB_INPUTS.c.path)
        .outerjoin(JOBS, JOBS.c.id == JOB_INPUTS.c.job_id)
        .where(JOB_INPUTS.c.asset_id == asset)
        .order_by(JOBS.c.created.desc().nulls_last(), JOB_INPUTS.c.job_id)
        .limit(most)
    )
    found: dict[str, list[Place]] = {}
    for row in connection.execute(query):
        found.setdefault(row.job_id, []).append((row.folder, row.path))
    return found


def jobs_naming(connection: Connection, user: str, place: Place, since: float, most: int) -> list[str]:
    """Ids of a person's jobs in whose workflows a file's path stands at the beginning of a value, and for which no
    picture was noted there; newest first.

    Args:
        connection: To the database.
        user: Id of the person.
        place: Of the file.
        since: When the file came, in seconds since 1970: older jobs cannot have begun with it.
        most: How many.
    """
    folder, path = place
    noted = select(JOB_INPUTS.c.job_id).where(
        and_(JOB_INPUTS.c.job_id == JOBS.c.id, JOB_INPUTS.c.folder == folder, JOB_INPUTS.c.path == path),
        JOB_INPUTS.c.asset_id.is_not(None),
    )
    names = JOBS.c.workflow.contains(json.dumps(path)[:-1], autoescape=True)  # without the quotation mark behind it
    query = (
        select(JOBS.c.id)
        .where(JOBS.c.user_id == user, JOBS.c.created >= since, names, ~noted.exists())
        .order_by(JOBS.c.created.desc())
    )
    return list(connection.scalars(query.limit(most)))


def forget_inputs(connection: Connection, jobs: Sequence[str]) -> None:
    """Forget what jobs began with that have made nothing which is still there."""
    for some in in_portions(jobs):
        made = select(ASSETS.c.id).where(ASSETS.c.job_id == JOB_INPUTS.c.job_id)
        connection.execute(delete(JOB_INPUTS).where(JOB_INPUTS.c.job_id.in_(some), ~made.exists()))
