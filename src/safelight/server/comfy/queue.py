"""`/queue`, `/interrupt` and `/free`: the jobs that wait and run."""

from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse

from safelight.errors import BadInput
from safelight.graph.problems import shown
from safelight.server.comfy.asking import Asked
from safelight.server.comfy.items import item, portions
from safelight.store import jobs as rows
from safelight.store.database import Database

MOST_IDS = 20_000
"""Jobs that one request may name."""


def show(asked: Asked) -> Response:
    """`GET /queue`: all jobs that run and wait, with their workflows."""
    with asked.studio.database.read() as connection:
        ids = rows.ids_of_open(connection, asked.me.sees)
    running = [job for job, state in ids if state == "running"]
    pending = [job for job, state in ids if state == "queued"]
    return StreamingResponse(_written(asked.studio.database, running, pending), media_type="application/json")


def change(asked: Asked) -> Response:
    """`POST /queue`: jobs that wait are cancelled, all of the person's or some."""
    document = asked.document()
    if document.get("clear"):
        asked.studio.queue.cancel_queued(None, asked.me.id)
    if "delete" in document:
        asked.studio.queue.cancel_queued(listed_ids(document["delete"]), asked.me.sees)
    return Response()


def interrupt(asked: Asked) -> Response:
    """`POST /interrupt`: what runs is stopped; of several jobs, the one that is named."""
    job = asked.document().get("prompt_id")
    if job is None:
        asked.studio.queue.interrupt(None, asked.me.id)
    else:
        asked.studio.queue.interrupt(listed_ids([job]), asked.me.sees)
    return Response()


def free(asked: Asked) -> Response:
    """`POST /free`: engines give memory back once they have nothing to do."""
    document = asked.document()
    if document.get("unload_models") or document.get("free_memory"):
        asked.studio.dispatcher.free(models=bool(document.get("unload_models")))
    return Response()


def listed_ids(given: object) -> list[str]:
    """The ids of jobs that a request names.

    Raises:
        BadInput: They are none.
    """
    if not isinstance(given, list) or len(given) > MOST_IDS or not all(isinstance(job, str) for job in given):
        raise BadInput(f"The ids of jobs are {shown(given)}.", mend=f'Give up to {MOST_IDS}, as ["id", "id"].')
    return given


def _written(database: Database, running: list[str], pending: list[str]) -> Iterator[bytes]:
    yield b'{"queue_running":['
    yield from _items(database, running)
    yield b'],"queue_pending":['
    yield from _items(database, pending)
    yield b"]}"


def _items(database: Database, ids: list[str]) -> Iterator[bytes]:
    comma = ""
    for some in portions(database, ids):
        if some:
            yield (comma + ",".join(map(item, some))).encode()
            comma = ","
