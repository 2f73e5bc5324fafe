"""The queue as a whole."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from safelight.server.access import Admin, Me
from safelight.server.api.answers import refusals
from safelight.server.studio import Studio, TheStudio
from safelight.store.jobs import count_jobs

router = APIRouter(prefix="/queue", tags=["queue"])


class QueueView(BaseModel):
    """The queue; `waiting_for` says why no job is begun where one could be. `mine` are yours of both numbers."""

    paused: bool
    waiting_for: str
    queued: int
    running: int
    mine: int


class Pause(BaseModel):
    """What becomes of jobs that are running.

    `finish`: they are run to their end. `requeue`: they are stopped and put back, to be taken up again later, with the
    nodes that they had finished not run twice.
    """

    running: Literal["finish", "requeue"] = "finish"


@router.get("", responses=refusals())
def show_queue(studio: TheStudio, me: Me) -> QueueView:
    """How many jobs there are, and whether they are being run."""
    return _view(studio, me.id)


@router.post("/pause", responses=refusals(403))
def pause_queue(pause: Pause, studio: TheStudio, me: Admin) -> QueueView:
    """Begin no more jobs; also after a restart, until it is resumed."""
    studio.queue.pause(pause.running)
    return _view(studio, me.id)


@router.post("/resume", responses=refusals(403))
def resume_queue(studio: TheStudio, me: Admin) -> QueueView:
    """Go on beginning jobs."""
    studio.queue.resume()
    return _view(studio, me.id)


@router.post("/clear", responses=refusals())
def clear_queue(studio: TheStudio, me: Me) -> QueueView:
    """Cancel all jobs of yours that have not begun."""
    studio.queue.cancel_queued(None, me.id)
    return _view(studio, me.id)


def _view(studio: Studio, user: str) -> QueueView:
    with studio.database.read() as connection:
        queued, running = (count_jobs(connection, (state,)) for state in ("queued", "running"))
    return QueueView(
        paused=studio.queue.is_paused(),
        waiting_for=studio.dispatcher.waiting_for,
        queued=queued,
        running=running,
        mine=studio.queue.remaining(user),
    )
