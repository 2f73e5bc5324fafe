"""Engines on the machines of a Ray cluster: Ray places the actors and says when they die; jobs are the server's alone.

The only place where Ray is imported, which is only done where a cluster is used.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from safelight import __version__
from safelight.engine.arrivals import Arrivals
from safelight.engine.files import PIECE, NamedFile, files_of
from safelight.engine.interface import Engine, EngineLost
from safelight.engine.relay import MARK, Relay
from safelight.errors import BadInput, SafelightError
from safelight.files.atomic import write_whole
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.graph.catalog import Catalog
from safelight.graph.catalog_json import catalog_from_json
from safelight.graph.formats import parse_api
from safelight.protocol.commands import Cancel, Command, Run
from safelight.protocol.events import Cancelled, Done, Failed, Output, Started
from safelight.protocol.reports import Idle, Ready, Report
from safelight.settings import Settings

log = logging.getLogger(__name__)

RESOURCE = "safelight"
"""What a machine without GPUs declares to Ray to have that many engines."""
STOPPING = 5.0  # seconds that an engine's machine has to end it, before Ray does
STORE = 512 * 2**20  # bytes that a Ray which is started here may use for what is on its way

CAUSES: Mapping[str, str] = {
    "its node has died": "was lost with its machine, which has left the cluster",
    "error raised in its creation task": "could not be started on its machine: {last}",
    "its worker process has died": "was killed, or crashed in native code",
    "killed by `ray.kill": "was ended by another program",
}
"""What Ray says of a dead actor -> what a person is told."""


@dataclass(frozen=True)
class Slot:
    """A place for an engine.

    Attributes:
        name: What people call the engine.
        address: Of its machine, as Ray knows it.
        gpus: That it has to itself: 1, or 0 for one on the processor.
        threads: Of the processor, that it may use.
    """

    name: str
    address: str
    gpus: int
    threads: int


@dataclass(frozen=True)
class Ends:
    """What the engines of a cluster share on the server's side.

    Attributes:
        folders: Those of the server's home folder.
        mark: See `relay.MARK`.
        arrivals: Names what they make.
        sending: By address of a machine, held by the one engine there that files are sent to.
    """

    folders: Folders
    mark: str
    arrivals: Arrivals
    sending: Mapping[str, asyncio.Lock]


class ClusterEngine:
    """A worker process of a machine in the cluster; see `Engine`.

    Where that machine does not see the server's home folder, the files that a job names are sent there before it, and
    those that it makes are brought back before they are told of.

    Args:
        settings: Of the server.
        slot: Where it is.
        ends: What it shares with the others.
    """

    def __init__(self, settings: Settings, slot: Slot, ends: Ends) -> None:
        self.name = slot.name
        self._settings = settings.model_copy(update={"device": "auto" if slot.gpus else "cpu"})
        self._slot = slot
        self._ends = ends
        self._actor: Any = None
        self._is_shared = False
        self._catalog: Catalog = {}
        self._run: Run | None = None
        self._sending: asyncio.Task[None] | None = None
        self._idle: Idle | None = None
        self._spoilt: Failed | None = None  # how the running job ends, as a file of it could not be kept here
        self._paths: dict[str, str] = {}  # of models: on that machine -> here

    async def start(self) -> None:
        self._actor = await asyncio.to_thread(_actor_at, self._slot)
        settings = self._settings.model_dump(mode="json", exclude={"database", "cluster"})
        self._is_shared = await self._ask(
            "begin", __version__, settings, self._ends.mark, self.name, self._slot.threads
        )

    async def send(self, command: Command) -> None:
        with suppress(EngineLost):
            if isinstance(command, Cancel) and self._run and self._run.job == command.job and self._sending:
                self._sending.cancel()
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
        """What a method of the `Relay` gives; its errors are raised here.

        Raises:
            EngineLost: It is gone.
        """
        from ray.exceptions import RayError, RayTaskError  # noqa: PLC0415

        if self._actor is None:
            raise EngineLost("was stopped")
        try:
            return await getattr(self._actor, method).remote(*args)
        except RayTaskError as error:
            raise error.cause from None
        except RayError as error:
            raise EngineLost(why_lost(str(error))) from error

    async def _sent(self, run: Run) -> bool:
        """Send the files that a job names; whether it can be run."""
        self._sending = asyncio.create_task(self._send_files(run), name=f"files for {self.name}")
        await asyncio.wait({self._sending})
        sending, self._sending = self._sending, None
        error = None if sending.cancelled() else sending.exception()
        if isinstance(error, EngineLost):
            raise error
        if error is None:
            return True
        log.warning("files for the job %s could not be sent to %s: %s", run.job, self.name, error)
        what = f"A file could not be sent to {self.name}: {error.what if isinstance(error, SafelightError) else error}"
        mend = error.mend if isinstance(error, SafelightError) else "Is there room on the disk of that machine?"
        ending = [Started(run.job), Failed(run.job, what, mend=mend), *([self._idle] if self._idle else [])]
        await self._ask("say", ending)
        return False

    async def _send_files(self, run: Run) -> None:
        async with self._ends.sending[self._slot.address]:
            files = await asyncio.to_thread(self._files_of, run)
            found = await self._ask("find", files, run.user)
            for file, there in zip(files, found, strict=True):
                path = there or await self._send_file(file, run.user)
                if file.folder in MODEL_FOLDERS:
                    self._paths[path] = file.path

    def _files_of(self, run: Run) -> list[NamedFile]:
        workflow, _ = parse_api(run.workflow)
        return files_of(workflow, self._catalog, self._ends.folders.of_user(run.user))

    async def _send_file(self, file: NamedFile, user: str) -> str:
        """Send a file; where it is then."""
        log.info("%s is sent to %s", file.name, self.name)
        await self._ask("receive", file, user)
        with await asyncio.to_thread(Path(file.path).open, "rb") as opened:
            while piece := await asyncio.to_thread(opened.read, PIECE):
                await self._ask("add", piece)
        return str(await self._ask("finish"))

    async def _translated(self, report: Report) -> Report:
        """A report in which files are named as they are on this machine."""
        match report:
            case Ready(catalog=catalog):
                self._catalog = await asyncio.to_thread(catalog_from_json, catalog)
            case Idle(models=models):
                report = replace(report, models=tuple(self._paths.get(path, path) for path in models))
                self._idle = report
            case Started(job):
                self._spoilt = None
                self._ends.arrivals.begin(job)
            case Output(path=path) if path:
                return await self._brought_back(report)
            case Done(job) | Failed(job) | Cancelled(job):
                self._ends.arrivals.end(job)
                if isinstance(report, Done) and self._spoilt:
                    return self._spoilt
        return report

    async def _brought_back(self, output: Output) -> Output:
        """Bring a file that the job has made to this machine, and tell its name here."""
        user = self._run.user if self._run else ""
        try:
            with TemporaryFile(dir=self._ends.folders.home) as content:
                size = 0
                while piece := await self._ask("read", output.folder, output.path, user, size):
                    size += await asyncio.to_thread(content.write, piece)
                content.seek(0)
                put = self._ends.arrivals.put
                place = output.job, output.node, user, output.folder, output.path
                name = await asyncio.to_thread(put, *place, content)
            await self._ask("remove", output.folder, output.path, user)
        except (SafelightError, OSError) as error:
            text = f"{output.path} could not be brought from {self.name}: {error}"
            self._spoilt = Failed(output.job, text, mend="Mend that, and retry the job.", node=output.node)
            return Output(output.job, output.node, "warning", text=text)
        return replace(output, path=name)


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
        ends = Ends(folders, mark, Arrivals(folders), {slot.address: asyncio.Lock() for slot in slots})
        return [ClusterEngine(self._settings, slot, ends) for slot in slots]

    def more(self, engine: Engine, devices: tuple[str, ...]) -> list[Engine]:
        return []


def slots_of(nodes: Sequence[Mapping[str, Any]]) -> list[Slot]:
    """The places for engines in a cluster: one for each GPU; without, as many as a machine declares of `RESOURCE`.

    Where there is neither in the whole cluster, one on each machine.

    Args:
        nodes: As `ray.nodes()` gives them.
    """
    alive = [node for node in nodes if node["Alive"]]
    is_plain = not any(node["Resources"].keys() & {"GPU", RESOURCE} for node in alive)
    slots = []
    for node in alive:
        host, resources = node["NodeManagerHostname"], node["Resources"]
        gpus = int(resources.get("GPU", 0))
        count = gpus or int(resources.get(RESOURCE, is_plain))
        threads = max(1, int(resources.get("CPU", 1)) // max(1, count))
        for number in range(count):
            device = f"cuda:{number}" if gpus else "cpu" if count == 1 else f"cpu:{number}"
            slots.append(Slot(f"{host}/{device}", node["NodeManagerAddress"], min(1, gpus), threads))
    return slots


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
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers
    # a Ray that is started here listens on loopback; one that is there already does as it was told
    os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
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
