"""What all nodes that save share: names, the texts kept inside, and pixels as bytes."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from safelight.files.naming import BATCH_NUMBER, filled_in, next_counter, write_again, write_numbered
from safelight.models.saving import Entry, write_safetensors
from safelight.nodes.run import Run


class Series:
    """Files of one run of a node, numbered on from those that are there.

    Args:
        folder: `output` or `temp`.
        prefix: Beginning of the names, as the person wrote it.
        width, height: Of the pictures, in pixels.
        run: The node's run.
    """

    def __init__(self, folder: str, prefix: str, width: int, height: int, run: Run) -> None:
        name = filled_in(prefix, width=width, height=height, now=datetime.now().astimezone())
        first = run.folders.writable(folder, name)
        self._run = run
        self._directory, self._stem = first.parent, first.name
        self._counter = next_counter(self._directory, self._stem)

    def add(self, ending: str, write: Callable[[BinaryIO], None], batch_number: int = 0) -> Path:
        """Write the next file, whole or not at all: in place of the one that an earlier run of the job wrote.

        Args:
            ending: With its dot.
            write: Puts the content into an open file.
            batch_number: The picture's place in its batch.
        """
        claim = self._run.claim()
        if claim.earlier is not None:
            write_again(claim.earlier, write, claim)
            return claim.earlier
        stem = self._stem.replace(BATCH_NUMBER, str(batch_number))
        path, number = write_numbered(self._directory, stem, ending, self._counter, write, claim)
        self._counter = number + 1
        return path


def kept_texts(run: Run) -> dict[str, str]:
    """The texts kept in a saved file: the workflow as `prompt`, and the metadata; texts plain, all else as JSON."""
    kept = {"prompt": run.workflow, **run.metadata}
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in kept.items()}


def save_weights(entries: Iterable[Entry], metadata: Mapping[str, str], prefix: str, run: Run) -> Path:
    """Write a file of weights into the output folder.

    Args:
        entries: Its tensors.
        metadata: What the file says of itself, beside the workflow.
        prefix: Beginning of the name, as the person wrote it.
        run: The node's run.
    """
    written = list(entries)

    def write(file: BinaryIO) -> None:
        write_safetensors(file, written, {**metadata, **kept_texts(run)})

    return Series("output", prefix, 0, 0, run).add(".safetensors", write)


def to_pixels(image: Tensor, run: Run) -> Tensor:
    """A picture [..., H, W, C] in 0..1 as bytes 0..255 on the CPU.

    Fractions are cut off, not rounded, so that files equal those that other programs make of the same picture.
    """
    if not image.isfinite().all():
        run.warn("The picture holds values that are not numbers, which are saved as black.")
        image = image.nan_to_num(nan=0.0)
    return (image.cpu() * 255).clamp(0, 255).to(torch.uint8)
