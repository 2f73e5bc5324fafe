"""A worker as a service: takes commands from any thread, runs jobs one after another, reports what happens."""

import logging
import queue
from collections.abc import Callable
from typing import TYPE_CHECKING

from safelight.errors import SafelightError
from safelight.files.folders import Folders
from safelight.graph.catalog_json import catalog_to_json
from safelight.graph.formats import parse_api
from safelight.logs import JOB
from safelight.protocol.commands import Cancel, Command, Free, Run, Shutdown
from safelight.protocol.events import Cancelled, Failed, Started
from safelight.protocol.reports import Idle, Ready, Report, Unfit
from safelight.settings import Settings

if TYPE_CHECKING:
    from safelight.worker.session import Session

log = logging.getLogger(__name__)

Tell = Callable[[Report], None]


class Service:
    """One worker. `take` may be called from any thread, `serve` is called once.

    Args:
        settings: Device, precision, memory, folders.
        tell: Takes every report; called from the thread of `serve`.
    """

    def __init__(self, settings: Settings, tell: Tell) -> None:
        self._settings = settings
        self._tell = tell
        self._commands: queue.SimpleQueue[Run | Free | Shutdown] = queue.SimpleQueue()
        self._taken: set[str] = set()  # jobs that have not ended
        self._cancelled: set[str] = set()
        self._ending = False

    def take(self, command: Command) -> None:
        """Do what is said: `Cancel` and `Shutdown` stop the running job at its next step, the rest waits its turn."""
        if isinstance(command, Cancel):
            if command.job in self._taken:
                self._cancelled.add(command.job)
            return
        if isinstance(command, Run):
            self._taken.add(command.job)
        if isinstance(command, Shutdown):
            self._ending = True
        self._commands.put(command)

    def serve(self) -> None:
        """Load what is needed, report `Ready`, then follow commands until `Shutdown`.

        Where the worker cannot start, `Unfit` is reported instead.
        """
        try:
            session, ready = self._prepared()
        except SafelightError as error:
            self._tell(Unfit(error.what, error.mend))
            return
        self._tell(ready)
        self._tell(self._idle(session))
        if self._settings.vram != "low":
            self._prepare_more()
        while True:
            command = self._commands.get()
            if isinstance(command, Shutdown):
                return
            if isinstance(command, Free):
                session.free(models=command.models)
            else:
                self._run(session, command)
            self._tell(self._idle(session))

    def _prepared(self) -> "tuple[Session, Ready]":
        from safelight.models.device import devices  # noqa: PLC0415 (torch and the models take seconds to import)
        from safelight.plugins.loading import library  # noqa: PLC0415 (torch and the models take seconds to import)
        from safelight.worker.machine import machine_of  # noqa: PLC0415
        from safelight.worker.recipe import libraries  # noqa: PLC0415
        from safelight.worker.session import Session  # noqa: PLC0415

        loaded = library(self._settings)
        roots = [root for root in self._settings.model_roots if root.is_dir()]
        folders = Folders.at(self._settings.home, roots)
        folders.make()
        session = Session(self._settings, folders, registry=loaded.registry, code=loaded.code)
        machine = machine_of(self._settings)
        plugins = {
            plugin.name: {"place": plugin.place, "error": plugin.error, "notes": list(plugin.notes)}
            for plugin in loaded.plugins
        }
        ready = Ready(
            device=str(session.device),
            title=machine.device,
            itemsize={str(part): size for part, size in machine.itemsize.items()},
            devices=tuple(map(str, devices())),
            catalog=catalog_to_json(loaded.catalog),
            plugins=plugins,
            versions=libraries(),
        )
        return session, ready

    def _prepare_more(self) -> None:
        """Do what the first job would wait for, until that comes."""
        from safelight.models.ahead import import_ahead  # noqa: PLC0415 (the web process imports this file)

        import_ahead(self._commands.empty)

    def _run(self, session: "Session", command: Run) -> None:
        JOB.set(command.job)
        try:
            if command.job in self._cancelled:
                self._tell(Cancelled(command.job))
                return
            workflow, problems = parse_api(command.workflow)
            # checked when it was put into the queue, but files and plugins may have gone since
            problems = problems or session.problems(workflow, command.targets, command.user)
            if problems:
                self._tell(Started(command.job))
                first = problems[0]
                failed = Failed(command.job, str(first), node=first.node, class_type=first.class_type)
                self._tell(failed)
            else:
                session.run(
                    command.job,
                    workflow,
                    self._tell,
                    cancelled=lambda: self._ending or command.job in self._cancelled,
                    metadata=command.metadata,
                    notes=command.notes,
                    targets=command.targets,
                    previews=command.previews,
                    record_pixels=command.record_pixels,
                    recorded=command.recorded,
                    user=command.user,
                )
        finally:
            self._taken.discard(command.job)
            self._cancelled.discard(command.job)
            JOB.set("")

    def _idle(self, session: "Session") -> Idle:
        from safelight.models.device import memory  # noqa: PLC0415 (imports torch)

        there = memory(session.device)
        return Idle(tuple(map(str, session.loaded())), there.total, there.free)
