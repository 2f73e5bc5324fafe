"""Engines that pretend, for tests of what is around them: no torch, pictures of one colour, failures on demand.

What a job does is said by its prompt's words: `fail`, `crash`, `hang` (does not stop when cancelled), `slow`.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from PIL import Image, PngImagePlugin

from safelight.engine.interface import Engine, EngineLost
from safelight.files.folders import RECORDINGS, Folders
from safelight.protocol.commands import Cancel, Command, Free, Run
from safelight.protocol.events import (
    Cancelled,
    Done,
    Failed,
    NodeStarted,
    Output,
    Preview,
    Progress,
    Started,
)
from safelight.protocol.reports import Idle, Ready, Report
from safelight.settings import Settings

STEP = 0.005  # seconds
SLOW_STEP = 0.2


class PretendEngine:
    """See `safelight.engine.interface.Engine`."""

    def __init__(self, settings: Settings, name: str, catalog: dict[str, object]) -> None:
        self.name = name
        self.runs: list[str] = []
        self.freed: list[bool] = []
        self.starts = 0
        self._settings = settings
        self._catalog = catalog
        self._said: asyncio.Queue[Report | EngineLost | None] = asyncio.Queue()
        self._cancelled: set[str] = set()
        self._models: tuple[str, ...] = ()
        self._work: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self.starts += 1
        self._said = asyncio.Queue()
        itemsize = {"unet": 4, "vae": 4, "text": 4}
        self._said.put_nowait(
            Ready(self.name, self.name, itemsize, (self.name,), self._catalog, {}, {"torch": "2.13.0"})
        )
        self._idle()

    async def send(self, command: Command) -> None:
        match command:
            case Run():
                task = asyncio.create_task(self._run(command))
                self._work.add(task)
                task.add_done_callback(self._work.discard)
            case Cancel(job):
                self._cancelled.add(job)
            case Free(models):
                self.freed.append(models)
                self._idle()

    async def reports(self) -> AsyncIterator[Report]:
        said = self._said
        while (report := await said.get()) is not None:
            if isinstance(report, EngineLost):
                raise report
            yield report

    async def stop(self) -> None:
        for task in list(self._work):
            task.cancel()
        self._said.put_nowait(None)

    def die(self, why: str = "was killed, which systems do to a program when memory runs out") -> None:
        """As if the process was killed."""
        for task in list(self._work):
            task.cancel()
        self._said.put_nowait(EngineLost(why))

    def _idle(self) -> None:
        self._said.put_nowait(Idle(self._models, 24 * 2**30, 20 * 2**30))

    async def _run(self, command: Run) -> None:
        self.runs.append(command.job)
        tell = self._said.put_nowait
        workflow = json.loads(json.dumps(command.workflow))
        words = " ".join(str(call["inputs"].get("text", "")) for call in workflow.values())
        tell(Started(command.job))
        for node, call in workflow.items():
            tell(NodeStarted(command.job, node, call["class_type"]))
            if "crash" in words:
                self.die()
                return
            if "fail" in words:
                tell(Failed(command.job, "It was told to fail.", f"node {node}", "Do not tell it to.", node))
                self._idle()
                return
            steps = call["inputs"].get("steps", 0)
            for step in range(steps if isinstance(steps, int) else 0):
                await asyncio.sleep(SLOW_STEP if "slow" in words or "hang" in words else STEP)
                if command.job in self._cancelled and "hang" not in words:
                    self._cancelled.discard(command.job)
                    tell(Cancelled(command.job))
                    self._idle()
                    return
                tell(Progress(command.job, node, step + 1, steps))
                if command.previews:
                    tell(Preview(command.job, node, b"\xff\xd8\xff\xe0 not a real picture", "image/jpeg"))
            if call["class_type"] == "KSampler" and "recorded" in words:
                tell(Output(command.job, node, "recording", RECORDINGS, "0.safetensors"))
            folder = {"SaveImage": "output", "PreviewImage": "temp"}.get(call["class_type"])
            if folder:
                prefix = str(call["inputs"].get("filename_prefix", "preview"))
                name = save_picture(self._settings.home, command, folder, prefix)
                tell(Output(command.job, node, "images", folder, name))
        self._models = tuple(
            str(self._settings.home / value)
            for call in workflow.values()
            if isinstance(value := call["inputs"].get("ckpt_name"), str)
        )
        tell(Done(command.job))
        self._idle()


class PretendFleet:
    """See `safelight.engine.interface.Fleet`."""

    def __init__(self, settings: Settings, catalog: dict[str, object], names: tuple[str, ...] = ("pretend",)) -> None:
        self.engines = [PretendEngine(settings, name, catalog) for name in names]

    async def first(self) -> list[Engine]:
        return list(self.engines)

    def more(self, engine: Engine, devices: tuple[str, ...]) -> list[Engine]:
        return []


def save_picture(home: Path, command: Run, folder: str, prefix: str) -> str:
    """Save a small picture as a worker does; its name in the folder."""
    folders = Folders.at(home).of_user(command.user)
    number = 1
    while (path := folders.writable(folder, f"{prefix}_{number:05}_.png")).exists():
        number += 1
    text = PngImagePlugin.PngInfo()
    text.add_text("prompt", json.dumps(command.workflow))
    Image.new("RGB", (64, 48), "teal").save(path, pnginfo=text)
    return f"{prefix}_{number:05}_.png"
