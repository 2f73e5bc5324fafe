"""Jobs as lists show them, written from the JSON texts that are kept: thousands of workflows are never decoded."""

import json
from collections.abc import Iterator, Sequence

from safelight.store import jobs as rows
from safelight.store.database import Database
from safelight.store.jobs import JobTexts

PORTION = 50  # jobs at a time: what others have to wait for


def item(job: JobTexts) -> str:
    """A job as JSON: [number, id, workflow, what came with it, ids of the nodes that save or show]."""
    number = int(job.number) if job.number.is_integer() else job.number
    return f"[{number},{json.dumps(job.id)},{job.workflow},{job.extra},{job.outputs}]"


def portions(database: Database, ids: Sequence[str]) -> Iterator[list[JobTexts]]:
    """Jobs by their ids, some at a time; those that are no more are left out."""
    for first in range(0, len(ids), PORTION):
        with database.read() as connection:
            some = rows.texts_of_jobs(connection, ids[first : first + PORTION])
        yield some
