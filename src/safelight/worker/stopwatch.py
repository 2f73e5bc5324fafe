"""How long the steps of a job take, told by its events, so that later ones can be estimated."""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import median

from safelight.families.contents import look_into
from safelight.files.folders import Folders
from safelight.files.picture_size import sizes_in
from safelight.graph.catalog import Catalog
from safelight.graph.document import Workflow
from safelight.graph.estimate import work_of
from safelight.graph.extents import extents
from safelight.graph.kinship import relate
from safelight.graph.plan import plan
from safelight.graph.samplings import samplings
from safelight.graph.speeds import Speed
from safelight.protocol.events import Emit, Event, Progress


class Stopwatch:
    """Passes events on, and notes when each step of a node was done.

    Args:
        emit: Told every event.
        now: Seconds since any moment.
    """

    def __init__(self, emit: Emit, now: Callable[[], float] = time.monotonic) -> None:
        self._emit = emit
        self._now = now
        self._done: dict[str, list[float]] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress) and event.value > 0:
            self._done.setdefault(event.node, []).append(self._now())
        self._emit(event)

    @property
    def timed(self) -> bool:
        """Whether any node did more than one step."""
        return any(len(times) > 1 for times in self._done.values())

    def seconds_per_step(self, node: str) -> float | None:
        """The median of a node's steps but the first, in which weights are moved; None where it did no more."""
        times = self._done.get(node, [])
        return median(after - before for before, after in pairwise(times)) if len(times) > 1 else None


def measured(
    workflow: Workflow, catalog: Catalog, folders: Folders, stopwatch: Stopwatch, device: str
) -> Iterator[Speed]:
    """What the samplings of a workflow that has run say of the speed of a device.

    Args:
        workflow: The nodes.
        catalog: Their types.
        folders: Where their files are.
        stopwatch: That was told the events of the run.
        device: What it ran on, as in `Speed`.
    """
    if not stopwatch.timed:
        return
    steps = plan(workflow, catalog)
    kinship = relate(steps, look_into(folders))
    for run in samplings(steps, kinship, extents(steps, sizes_in(folders))):
        seconds, work = stopwatch.seconds_per_step(run.node), work_of(run)
        if seconds is not None and work is not None and run.per_step is not None:
            each = seconds / (run.per_step * run.prompts)
            yield Speed(device, work.family.name, work.unet.parameters, work.latent_pixels, each)
