"""Engines on the machines of a Ray cluster: Ray places the actors and says when they die; jobs are the server's alone.

The only place where Ray is imported, which is only done where a cluster is used.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from safelight import __version__
from safelight.engine.arrivals import Arrivals
from safelight.engine.exchange import Exchange, Here
from safelight.engine.interface import Engine, EngineLost
from safelight.engine.relay import MARK, Relay
from safelight.engine.slots import Slot, slots_of
from safelight.errors import BadInput, SafelightError
from safelight.files.atomic import write_whole
from safelight.files.folders import Folders
from safelight.graph.catalog import Catalog
from safelight.graph.catalog_json import catalog_from_json
from safelight.protocol.commands import Cancel, Command, Run
from safelight.protocol.events import Cancelled, Done, Failed, Output, Started
from safelight.protocol.reports import Idle, Ready, Report
from safelight.settings import Settings

log = logging.getLogger(__name__)

STOPPING = 5.0  # seconds that an engine's machine has to end it, before Ray does
STORE = 512 * 2**20  # bytes that a Ray which is started here may use for what is on its way

RAY_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # it would tell its makers
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listen on loopback only
    "RAY_worker_niceness": "0",  # else an engine gets what other programs leave of the processor
    "RAY_DISABLE_FAILURE_SIGNAL_HANDLER": "1",  # it prints a stack when the server is told to end
}
"""Read when Ray is imported. A cluster that is there already does as it was told when it was started."""

CAUSES: Mapping[str, str] = {
    "its node has died": "was lost with its machine, which has left the cluster",
    "error raised in its creation task": "could not be started on its machine: {last}",
    "its owner has died": "was lost, as Ray has ended on the server's machine; start both again",
    "its worker process has died": "was killed, or crashed in native code",
    "killed by `ray.kill": "was ended by another program",
}
"""What Ray says of a dead actor -> what a person is told."""


class ClusterEngine:
    """A worker process of a machine in the cluster; see `Engine`.

    Where that machine does not see the server's home folder, the files that a job names are sent there before it, and
    those that it makes are brought back before they are told of.

    Args:
        settings: Of the server.
        slot: Where it is.
        here: What it shares with the others.
    """

    def __init__(self, settings: Settings, slot: Slot, here: Here) -> None:
        self.name = slot.name
        self._settings = settings.model_copy(update={"device": "auto" if slot.gpus else "cpu"})
        self._slot = slot
        self._here = here
        self._exchange = Exchange(self._ask, slot.name, slot.address, here)
        self._actor: Any = None
        self._is_shared = False
        self._catalog: Catalog = {}
        self._run: Run | None = None
        self._sending: asyncio.Task[None] | None = None
        self._idle: Idle | None = None
        self._spoilt: Failed | None = None  # how the running job ends, as a file of it could not be kept here

    async def start(self) -> None:
        settings = self._settings.model_dump(mode="json", exclude={"database", "cluster"})
        try:
            self._actor = await asyncio.to_thread(_actor_at, self._slot)
            self._is_shared = await self._ask(
                "begin", __version__, settings, self._here.mark, self.name, self._slot.threads
            )
        except EngineLost:
            raise
        except Exception as error:  # whatever Ray raises where the cluster has gone
            raise EngineLost(f"could not be started on its machine: {error}") from error

    async def send(self, command: Command) -> None:
        with suppress(EngineLost):
            if isinstance(command, Cancel) and self._sending and self._run and self._run.job == command.job:
                self._sending.cancel()
                return
            if isinstance(command, Run):
                self._run = command
                if not self._is_shared and not await self._sent(command):
                    return
            await self._ask("take", command)

    async def reports(self) -> AsyncIterator[Report]:
        actor = self._actor
        while self._actor is actor:
            try:
                said: Sequence[Report | EngineLost] = await self._ask("said")
                for report in said:
                    if isinstance(report, EngineLost):
                        raise report
                    yield report if self._is_shared else await self._translated(report)
            except EngineLost:
                if self._actor is actor:
                    raise

    async def stop(self) -> None:
        actor, self._actor = self._actor, None
        if actor is None:
            return
        if self._sending is not None:
            self._sending.cancel()
        import ray  # noqa: PLC0415

        with suppress(ray.exceptions.RayError, TimeoutError):
            async with asyncio.timeout(STOPPING):
                await actor.stop.remote()
        await asyncio.to_thread(ray.kill, actor)

    async def _ask(self, method: str, *args: object) -> Any:
        """What a method of the `Relay` gives.

        Raises:
            EngineLost: It is gone, or has failed in an unexpected way.
            SafelightError, OSError: What the method raises.
        """
        from ray.exceptions import RayError, RayTaskError  # noqa: PLC0415

        if self._actor is None:
            raise EngineLost("was stopped")
        try:
            return await getattr(self._actor, method).remote(*args)
        except RayTaskError as error:
            if isinstance(error.cause, EngineLost | SafelightError | OSError):
                raise error.cause from None
            raise EngineLost(f"failed: {error.cause!r}") from error
        except RayError as error:
            raise EngineLost(why_lost(str(error))) from error

    async def _sent(self, run: Run) -> bool:
        """Send the files that a job names; whether it can be run."""
        self._sending = asyncio.create_task(self._exchange.send(run, self._catalog), name=f"files for {self.name}")
        await asyncio.wait({self._sending})
        sending, self._sending = self._sending, None
        if sending.cancelled():
            await self._end_job(Cancelled(run.job))
            return False
        error = sending.exception()
        if isinstance(error, SafelightError | OSError):
            text = error.what if isinstance(error, SafelightError) else str(error)
            mend = error.mend if isinstance(error, SafelightError) else "Is there room on the disk of that machine?"
            await self._end_job(Failed(run.job, f"A file could not be sent to {self.name}: {text}", mend=mend))
        elif error is not None:
            raise error
        return error is None

    async def _end_job(self, end: Failed | Cancelled) -> None:
        """Have it reported that a job has ended which the engine was not told of."""
        assert self._idle is not None, "jobs are given to idle engines"
        log.info("the job %s ends before it is sent to %s: %s", end.job, self.name, end)
        await self._ask("say", [Started(end.job), end, self._idle])

    async def _translated(self, report: Report) -> Report:
        """A report in which files are named as they are on this machine."""
        match report:
            case Ready(catalog=catalog):
                self._catalog = await asyncio.to_thread(catalog_from_json, catalog)
            case Idle(models=models):
                report = replace(report, models=tuple(map(self._exchange.path_here, models)))
                self._idle = report
            case Started(job):
                self._spoilt = None
                self._here.arrivals.begin(job)
            case Output(path=path) if path:
                return await self._brought_back(report)
            case Done(job) | Failed(job) | Cancelled(job):
                self._here.arrivals.end(job)
                with suppress(EngineLost):  # the job has ended all the same
                    await self._exchange.tidy()
                if isinstance(report, Done) and self._spoilt:
                    return self._spoilt
        return report

    async def _brought_back(self, output: Output) -> Output:
        assert self._run is not None, "files are made by jobs"
        try:
            return await self._exchange.bring(output, self._run.user)
        except (SafelightError, OSError) as error:
            text = f"{output.path} could not be brought from {self.name}: {error}"
            self._spoilt = Failed(output.job, text, mend="Mend that, and retry the job.", node=output.node)
            return Output(output.job, output.node, "warning", text=text)


class ClusterFleet:
    """The machines of a Ray cluster; see `Fleet`. One that joins later is used from the server's next start.

    Args:
        settings: Of the server.
        address: Of the cluster; with `auto` it is looked for, and one is started on this machine where there is none.

    Raises:
        BadInput: Ray is not installed.
    """

    def __init__(self, settings: Settings, address: str) -> None:
        if find_spec("ray") is None:
            raise BadInput("Ray is not installed.", mend="Install it with: pip install 'safelight[cluster]'")
        self._settings = settings
        self._address = address

    async def first(self) -> list[Engine]:
        slots = await asyncio.to_thread(_slots_at, self._address)
        mark = secrets.token_hex(16)
        await asyncio.to_thread(write_whole, self._settings.home / MARK, mark.encode())
        folders = Folders.at(self._settings.home, [root for root in self._settings.model_roots if root.is_dir()])
        here = Here(folders, mark, Arrivals(folders), {slot.address: asyncio.Lock() for slot in slots})
        return [ClusterEngine(self._settings, slot, here) for slot in slots]

    def more(self, engine: Engine, devices: tuple[str, ...]) -> list[Engine]:
        return []


def why_lost(message: str) -> str:
    """Why an engine is lost, as the end of a sentence.

    Args:
        message: What Ray says of its actor.
    """
    last = message.strip().rpartition("\n")[2]
    words = next((words for cause, words in CAUSES.items() if cause in message), "cannot be reached any more: {last}")
    return words.format(last=last[:300])


def _slots_at(address: str) -> list[Slot]:
    """Connect to a cluster, and see what it has.

    Raises:
        SafelightError: It cannot be reached, or has no place for an engine.
    """
    for name, value in RAY_SETTINGS.items():
        os.environ.setdefault(name, value)
    import ray  # noqa: PLC0415

    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            if address != "auto":
                mend = "Is `ray start --head` running there, with the same versions of Ray and Python?"
                raise SafelightError(f"The Ray cluster {address} cannot be reached: {error}", mend=mend) from error
            log.info("no Ray cluster was found, so one is started on this machine")
            ray.init(
                address="local",
                include_dashboard=False,
                object_store_memory=STORE,
                log_to_driver=False,
                configure_logging=False,
            )
    slots = slots_of(ray.nodes())
    if not slots:
        raise SafelightError("The Ray cluster has no machine that an engine could run on.", mend="See `ray status`.")
    return slots


def _actor_at(slot: Slot) -> Any:
    """A new actor that runs a `Relay`.

    Raises:
        EngineLost: Its machine is not in the cluster.
    """
    import ray  # noqa: PLC0415
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415

    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"] and node["NodeManagerAddress"] == slot.address]
    if not nodes:
        raise EngineLost("cannot be started, as its machine is not in the cluster")
    return (
        ray.remote(Relay)
        .options(
            num_cpus=1,
            num_gpus=slot.gpus,
            max_restarts=0,  # what a lost engine means to its job, the server decides
            max_task_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(nodes[0], soft=False),
        )
        .remote()
    )
