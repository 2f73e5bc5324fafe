"""What a run keeps on the disk: its state, from which it goes on, and its results; never more than there is room."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from safelight.errors import BadInput, SafelightError
from safelight.files.atomic import whole
from safelight.models.saving import Entry, write_safetensors
from safelight.runs.folder import RunFolder

MOMENTS = 2
"""Numbers that optimizers keep for each that is learned."""


class Keeper:
    """Writes what a run keeps.

    Args:
        folder: The run's.
        final: Where the result is for whoever uses it.
        keep: How many results of the way stay.
        spare: Bytes of the disk that are left alone.
    """

    def __init__(self, folder: RunFolder, final: Path, keep: int, spare: int) -> None:
        self.folder = folder
        self.final = final
        self._keep = keep
        self._spare = spare

    def check_room(self, learned: int, result: int, *, has_mean: bool) -> None:
        """See before the first step that all will fit.

        Args:
            learned: Numbers that are learned.
            result: Bytes of the result.
            has_mean: Whether their running mean is kept too.

        Raises:
            BadInput: The disk has too little room.
        """
        state = learned * 4 * (1 + MOMENTS + has_mean)
        # one more of each, as the new one is whole before the old one goes
        needed = 2 * state + (self._keep + 3) * result - self._held() + self._spare
        free = self._free()
        if free < needed:
            raise BadInput(
                f"The run needs up to {_gigabytes(needed)} of the disk, and {_gigabytes(free)} are free.",
                where=str(self.folder.path),
                mend="Make room, or lower run.keep.",
            )

    def save(self, step: int, state: Mapping[str, object], entries: list[Entry], told: Mapping[str, str]) -> None:
        """Keep the state and the result after a step; what was there before stays whole until then.

        Results of the way beyond those that stay are removed, and more of them where the disk is short.

        Raises:
            SafelightError: The disk is full.
        """
        result = sum(torch.Size(entry.shape).numel() * entry.dtype.itemsize for entry in entries)
        self._make_room(result + _bytes_in(state))
        try:
            with whole(self.folder.state) as file:
                torch.save(dict(state), file)
            with whole(self.folder.result(step)) as file:
                write_safetensors(file, entries, told)
        except OSError as error:
            raise self._full() from error
        for old in self.folder.all_results()[: -self._keep or None]:
            if old != self.folder.result(step):
                old.unlink(missing_ok=True)

    def publish(self, step: int) -> None:
        """Put the result after a step where it is used.

        Raises:
            SafelightError: The disk is full.
        """
        made = self.folder.result(step)
        self._make_room(made.stat().st_size)
        try:
            with whole(self.final) as file, made.open("rb") as source:
                shutil.copyfileobj(source, file)
        except OSError as error:
            raise self._full() from error

    def load(self) -> Mapping[str, Any]:
        """The state that was saved last.

        Raises:
            BadInput: There is none, or it is damaged.
        """
        try:
            state: Mapping[str, Any] = torch.load(self.folder.state, map_location="cpu", weights_only=True)
        except FileNotFoundError as error:
            raise BadInput(
                f"{self.folder.path.name} was not saved yet, so there is nothing to go on from.",
                mend="Begin it anew: remove its folder, or take another name.",
            ) from error
        except Exception as error:  # a damaged file can fail in any way
            raise BadInput(
                f"The state of {self.folder.path.name} cannot be read.",
                where=str(self.folder.state),
                mend="Begin anew; the results that were kept are in its folder.",
            ) from error
        return state

    def _make_room(self, needed: int) -> None:
        for old in self.folder.all_results():
            if self._free() >= needed + self._spare:
                return
            old.unlink(missing_ok=True)
        if self._free() < needed + self._spare:
            raise self._full()

    def _held(self) -> int:
        return sum(path.stat().st_size for path in self.folder.all_results())

    def _free(self) -> int:
        return shutil.disk_usage(self.folder.path).free

    def _full(self) -> SafelightError:
        return SafelightError(
            "The disk is full; the steps up to the last save are kept.",
            where=str(self.folder.path),
            mend="Make room, and go on with `safelight train --resume`.",
        )


def _bytes_in(value: object) -> int:
    if isinstance(value, Tensor):
        return value.nbytes
    if isinstance(value, Mapping):
        return sum(map(_bytes_in, value.values()))
    return sum(map(_bytes_in, value)) if isinstance(value, (list, tuple)) else 0


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
