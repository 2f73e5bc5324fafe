"""What a node gets as `run`: the worker's side of `nodes.run.Run`."""

import io
import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import torch
from PIL import Image
from torch import Tensor

from safelight.errors import Cancelled
from safelight.files.folders import Folders, recording_name
from safelight.files.naming import Claim, write_again, write_numbered
from safelight.graph.work import work_of
from safelight.models.store import ModelStore
from safelight.protocol.events import Emit, Output, Preview, Progress
from safelight.worker.claims import Claims
from safelight.worker.job import Job
from safelight.worker.recipe import Recipe

PREVIEW_INTERVAL = 0.1  # seconds: more pictures a second than that only cost time


@dataclass
class NodeRun:
    """One node's hold on the worker, while it runs.

    Attributes:
        running: The job.
        node: The node's id in the workflow.
        claimant: What its files are known by when the job is run again.
        emit: Takes the node's events.
        cancelled: Whether the person has stopped the job.
        recipe: What saved pictures keep.
        claims: What the job's files are called.
        folders, device, models: See `Run`.
        previews: Whether anybody looks.
        record_pixels, spare_bytes: See `Run`.
    """

    running: Job
    node: str
    claimant: str
    emit: Emit
    cancelled: Callable[[], bool]
    recipe: Recipe
    claims: Claims
    folders: Folders
    device: torch.device
    models: ModelStore
    previews: bool
    record_pixels: float
    spare_bytes: int
    _last_preview: float = 0.0
    _files: int = 0

    @property
    def job(self) -> str:
        return self.running.id

    @property
    def workflow(self) -> Mapping[str, object]:
        return self.running.document

    @property
    def metadata(self) -> Mapping[str, object]:
        return self.recipe.metadata(self.node, self.cancelled) | dict(self.running.metadata)

    def step(self, value: int, total: int, preview: Callable[[], Tensor] | None = None) -> None:
        self.check()
        self.emit(Progress(self.job, self.node, value, total))
        now = time.monotonic()
        if preview is not None and self.previews and now - self._last_preview >= PREVIEW_INTERVAL:
            self._last_preview = now
            self.emit(Preview(self.job, self.node, _jpeg(preview()), "image/jpeg"))

    def check(self) -> None:
        if self.cancelled():
            raise Cancelled

    def claim(self) -> Claim:
        number, self._files = self._files, self._files + 1
        return self.claims.of(self.claimant, number)

    def show(self, kind: str, path: Path, folder: str) -> None:
        name = path.relative_to(self.folders.directories[folder][0].resolve()).as_posix()
        self.emit(Output(self.job, self.node, kind, folder, name))

    def inspection(self, data: Mapping[str, object]) -> None:
        text = json.dumps(data, separators=(",", ":"), allow_nan=False)
        directory, name = self._directory("temp"), f"inspection_{secrets.token_hex(6)}"
        path, _ = write_numbered(directory, name, ".json", 1, _writing(text.encode()), self.claim())
        self.show("inspection", path, "temp")

    def recording(self, data: bytes) -> None:
        path = self._directory("recordings") / recording_name(work_of(self.running.workflow, self.node))
        write_again(path, _writing(data))
        self.show("recording", path, "recordings")

    def text(self, text: str) -> None:
        self.emit(Output(self.job, self.node, "text", text=text))

    def warn(self, message: str) -> None:
        self.emit(Output(self.job, self.node, "warning", text=message))

    def _directory(self, folder: str) -> Path:
        directory = self.folders.directories[folder][0].resolve()
        directory.mkdir(parents=True, exist_ok=True)
        return directory


def _writing(data: bytes) -> Callable[[BinaryIO], None]:
    def write(file: BinaryIO) -> None:
        file.write(data)

    return write


def _jpeg(pixels: Tensor) -> bytes:
    file = io.BytesIO()
    Image.fromarray((pixels * 255).round().to(torch.uint8).numpy()).save(file, "JPEG", quality=90)
    return file.getvalue()
