"""What nodes are handed in tests in place of the worker's `run`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from safelight.files.folders import Folders
from safelight.files.naming import Claim
from safelight.models.store import ModelStore


@dataclass
class RecordedRun:
    """A run that keeps what the node reports."""

    folders: Folders
    workflow: Mapping[str, object] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    job: str = "job"
    node: str = "1"
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    models: ModelStore = field(default_factory=lambda: cast(ModelStore, None))
    shown: list[tuple[str, Path, str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    inspections: list[Mapping[str, object]] = field(default_factory=list)
    recordings: list[bytes] = field(default_factory=list)
    record_pixels: float = 0
    spare_bytes: int = 0

    def step(self, value: int, total: int, preview: Callable[[], Tensor] | None = None) -> None:
        """Nothing is shown."""

    def check(self) -> None:
        """Nobody stops it."""

    def claim(self) -> Claim:
        return Claim(None, lambda part, path: None)

    def show(self, kind: str, path: Path, folder: str) -> None:
        self.shown.append((kind, path, folder))

    def inspection(self, data: Mapping[str, object]) -> None:
        self.inspections.append(data)

    def recording(self, data: bytes) -> None:
        self.recordings.append(data)

    def text(self, text: str) -> None:
        self.texts.append(text)

    def warn(self, message: str) -> None:
        self.warnings.append(message)
