"""A worker that is killed on the way: `python -m tests.worker.dying HOME MOMENT`. Events go to the standard output."""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safelight.files import naming
from safelight.protocol.events import Event, Output, to_json
from safelight.worker import disk_cache, stored
from safelight.worker.claims import Claims
from tests.studio import Graph, Studio, changed, text_to_image

JOB = "job"
CHECKPOINT = "sd1.safetensors"


def two_pictures(studio: Studio) -> Graph:
    """The workflow; its checkpoint is put there once, as a file that was written again is another one."""
    name = CHECKPOINT if studio.path("checkpoints", CHECKPOINT).exists() else studio.checkpoint("sd1")
    return changed(text_to_image(name), "EmptyLatentImage", batch_size=2)


def die(*_: object) -> None:
    """End as the kernel ends a process when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def dying_after(function: Callable[..., Any]) -> Callable[..., None]:
    return lambda *arguments: die(function(*arguments))


DONE: dict[str, tuple[object, str, Callable[..., None]]] = {
    "a result is half written": (stored, "write_safetensors", lambda file, *_: die(file.write(b"half"), file.flush())),
    "a picture is claimed and has no name": (Claims, "_note", dying_after(Claims._note)),
    "a picture has its name and nobody was told": (naming, "_given_name", dying_after(naming._given_name)),
}
"""Moments within a function: where it is, its name, and what is called in its place."""
TOLD = "one of two pictures was told of"


def main(home: str, moment: str) -> None:
    disk_cache.LEAST_SECONDS = 0.0  # tiny networks are quick
    if moment in DONE:
        setattr(*DONE[moment])
    studio = Studio(Path(home))

    def emit(event: Event) -> None:
        print(json.dumps(to_json(event)), flush=True)
        if moment == TOLD and isinstance(event, Output):
            die()

    studio.session.run(JOB, two_pictures(studio), emit)


if __name__ == "__main__":
    main(*sys.argv[1:])
