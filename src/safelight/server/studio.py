"""Everything that the routes work with, put together once and passed to them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from safelight.engine.interface import Fleet
from safelight.engine.looker import Looker
from safelight.files.folders import Folders
from safelight.files.lock import locked
from safelight.jobs.dispatch import Dispatcher
from safelight.jobs.hub import Hub
from safelight.jobs.queue import JobQueue
from safelight.jobs.recorder import Recorder
from safelight.jobs.shelf import Shelf
from safelight.runs.course import Courses
from safelight.server.looking import Looking
from safelight.settings import Settings
from safelight.store.database import Database, database_url
from safelight.store.state import ONLY_USER

LOCK = "server.lock"
"""In the home folder: held by the server that works there."""


@dataclass(frozen=True)
class Studio:
    """The parts of a running server.

    Attributes:
        settings: As read at the start.
        folders: Those of the home folder; `folders_of` has those of a person.
        database: Where everything is kept.
        hub: Who listens; from the event loop's thread only.
        dispatcher: The engines and what they work on.
        queue: The jobs; from any thread.
        shelf: What nodes there are; from any thread.
        looking: Finds pictures by what is in them; from other threads than the event loop's.
        courses: How training runs go; from any thread.
    """

    settings: Settings
    folders: Folders
    database: Database
    hub: Hub
    dispatcher: Dispatcher
    queue: JobQueue
    shelf: Shelf
    looking: Looking
    courses: Courses

    def folders_of(self, user: str) -> Folders:
        """The folders as a person sees them, made if need be.

        Args:
            user: Id of the person.
        """
        if user == ONLY_USER:
            return self.folders
        folders = self.folders.of_user(user)
        folders.make()
        return folders


@contextlib.asynccontextmanager
async def opened(settings: Settings, fleet: Fleet) -> AsyncIterator[Studio]:
    """A studio at work; when it is left, running jobs are back in the queue and the engines have ended.

    Raises:
        BadInput: Another server is at work in the home folder.
        SafelightError: The database cannot be opened.
    """
    folders = Folders.at(settings.home, [root for root in settings.model_roots if root.is_dir()])
    folders.make()
    with locked(
        settings.home / LOCK,
        f"Safelight is at work in {settings.home} already.",
        "Use that one, or set another SAFELIGHT_HOME: two would run the same jobs.",
    ):
        database = Database(database_url(settings.database, settings.home))
        hub = Hub()
        recorder = Recorder(database, hub)
        shelf = Shelf(settings.home)
        dispatcher = Dispatcher(settings, database, fleet, recorder, hub, shelf)
        queue = JobQueue(settings, database, dispatcher, recorder, hub)
        writing = asyncio.create_task(recorder.run(), name="recorder")
        looker = Looker(settings)
        looking = Looking(settings, folders, database, looker)
        searching = asyncio.create_task(looking.run(), name="looking")
        try:
            await dispatcher.begin()
            dispatcher.wake()
            yield Studio(settings, folders, database, hub, dispatcher, queue, shelf, looking, Courses())
        finally:
            searching.cancel()
            await looker.stop()
            await dispatcher.end()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(recorder.drain(), 5)  # a database that is held must not hold the server
            writing.cancel()
            database.close()


def studio_of(connection: HTTPConnection) -> Studio:
    """The studio that serves a request or a WebSocket."""
    return cast(Studio, connection.app.state.studio)


TheStudio = Annotated[Studio, Depends(studio_of)]
"""A route's parameter for the studio."""
