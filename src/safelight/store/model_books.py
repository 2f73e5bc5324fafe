"""What people note about model files, and how often each was used."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from safelight.store.portions import in_portions
from safelight.store.tables import MODEL_NOTES, MODEL_USES


@dataclass(frozen=True)
class ModelNotes:
    """What a person has noted about a model file."""

    notes: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelUse:
    """How often a model file was used.

    Attributes:
        jobs: That named it and are done.
        last: When the last of them was, in seconds since 1970.
    """

    jobs: int
    last: float


def notes_of(connection: Connection, user: str, folder: str) -> dict[str, ModelNotes]:
    """What a person has noted about the files of a folder, by name."""
    query = select(MODEL_NOTES).where(MODEL_NOTES.c.user_id == user, MODEL_NOTES.c.folder == folder)
    return {row.name: ModelNotes(row.notes, tuple(json.loads(row.tags))) for row in connection.execute(query)}


def set_notes(connection: Connection, user: str, folder: str, name: str, noted: ModelNotes) -> None:
    """Keep what a person has noted about a file, in place of what was kept."""
    of_it = {"user_id": user, "folder": folder, "name": name}
    connection.execute(delete(MODEL_NOTES).where(*(MODEL_NOTES.c[key] == value for key, value in of_it.items())))
    if noted != ModelNotes():
        connection.execute(insert(MODEL_NOTES).values(**of_it, notes=noted.notes, tags=json.dumps(noted.tags)))


def count_use(connection: Connection, user: str, paths: Iterable[str]) -> None:
    """Note that a job of a person's is done, and used some model files."""
    now = time.time()
    for path in set(paths):
        where = (MODEL_USES.c.user_id == user, MODEL_USES.c.path == path)
        counted = update(MODEL_USES).where(*where).values(jobs=MODEL_USES.c.jobs + 1, last=now)
        if connection.execute(counted).rowcount == 0:
            connection.execute(insert(MODEL_USES).values(user_id=user, path=path, jobs=1, last=now))


def uses_of(connection: Connection, user: str | None, paths: Sequence[str]) -> dict[str, ModelUse]:
    """How often model files were used, by path; those that never were are left out.

    Args:
        connection: To the database.
        user: By whom; None for by anybody.
        paths: Of the files.
    """
    found = {}
    for some in in_portions(paths):
        query = select(MODEL_USES.c.path, func.sum(MODEL_USES.c.jobs), func.max(MODEL_USES.c.last))
        query = query.where(MODEL_USES.c.path.in_(some)).group_by(MODEL_USES.c.path)
        if user is not None:
            query = query.where(MODEL_USES.c.user_id == user)
        for path, jobs, last in connection.execute(query):
            found[path] = ModelUse(int(jobs), last)
    return found
