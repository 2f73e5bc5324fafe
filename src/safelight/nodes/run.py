"""What a node may ask of the worker that runs it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from safelight.files.folders import Folders
from safelight.files.naming import Claim
from safelight.models.store import ModelStore


class Run(Protocol):
    """Handed to a node function as `run`.

    Attributes:
        job: The job's id.
        node: The id of the running node.
        workflow: The workflow that is run, in the API format, to be kept in saved files.
        metadata: More to be kept in saved files, by key (`workflow`: the editor's document, …).
        folders: Where files are.
        device: Where tensors are computed.
        models: Loaded weights.
        record_pixels: How many pixels a picture may have at most for how it comes about to be recorded; 0 for none.
        spare_bytes: Room on the disk that is left alone.
    """

    job: str
    node: str
    workflow: Mapping[str, object]
    metadata: Mapping[str, object]
    folders: Folders
    device: torch.device
    models: ModelStore
    record_pixels: float
    spare_bytes: int

    def step(self, value: int, total: int, preview: Callable[[], Tensor] | None = None) -> None:
        """Report progress; raises `Cancelled` when the person has stopped the job.

        Args:
            value: Steps done.
            total: Steps in all.
            preview: Makes a small picture [H, W, 3] in 0..1 of how far it is; only called when wanted.
        """
        ...

    def check(self) -> None:
        """Raise `Cancelled` when the person has stopped the job."""
        ...

    def claim(self) -> Claim:
        """The next file that this node writes, to be asked for once for each."""
        ...

    def show(self, kind: str, path: Path, folder: str) -> None:
        """Report a file as a result of this node: `kind` is `images` or `latents`, `folder` is `output` or `temp`."""
        ...

    def inspection(self, data: Mapping[str, object]) -> None:
        """Report what was looked into, as data that can be drawn: `kind` says what it is; no NaN, no infinities."""
        ...

    def recording(self, data: bytes) -> None:
        """Report how a result came about; see `safelight.inspect.recording`."""
        ...

    def text(self, text: str) -> None:
        """Report a text as a result of this node."""
        ...

    def warn(self, message: str) -> None:
        """Tell the person something that does not stop the job."""
        ...
