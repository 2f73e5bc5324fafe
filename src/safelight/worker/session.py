"""A worker in this process: the built-in nodes, models and a cache, ready to run workflows one after another."""

import contextlib
from collections.abc import Callable, Mapping

import torch

from safelight.errors import BadInput
from safelight.files.folders import Folders
from safelight.graph.document import Workflow
from safelight.graph.formats import write_api
from safelight.graph.node import Registry
from safelight.graph.speeds import keep_speeds
from safelight.models.device import HOST, find_device
from safelight.models.placement import Placement, free_bytes
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.registry import BUILTIN
from safelight.protocol.events import Done, Emit
from safelight.settings import Settings
from safelight.worker.cache import Cache
from safelight.worker.executor import Executor
from safelight.worker.job import Job, Outcome
from safelight.worker.machine import device_title
from safelight.worker.node_run import NodeRun
from safelight.worker.recipe import Recipe, RecipeBook
from safelight.worker.stopwatch import Stopwatch, measured

HOST_SHARE = 0.5  # of the free memory at the start that models may keep while no job uses them


class Session:
    """Runs workflows.

    Args:
        settings: Device, precision and memory.
        folders: Where files are.
        registry: The nodes there are.
        previews: Whether to send pictures of how far it is.
    """

    def __init__(
        self, settings: Settings, folders: Folders, *, registry: Registry = BUILTIN, previews: bool = False
    ) -> None:
        self._folders = folders
        self._previews = previews
        device = find_device(settings.device)
        chosen = precision(settings.dtype, device)
        self._models = ModelStore(Placement(device), chosen, int(free_bytes(HOST) * HOST_SHARE))
        self._device = device
        self._device_title = device_title(device, chosen)
        self._recipes = RecipeBook(folders, device, chosen)
        self._recipe: Recipe | None = None
        cache = Cache(settings.cache_bytes)
        self._executor = Executor(registry, cache, self._make_run, folders.list, self._stamp)

    def run(
        self,
        job: str,
        workflow: Workflow,
        emit: Emit,
        *,
        cancelled: Callable[[], bool] = lambda: False,
        metadata: Mapping[str, object] | None = None,
        notes: Mapping[str, object] | None = None,
    ) -> Outcome:
        """Run a workflow that `validate` has found nothing wrong with.

        Args:
            job: Its id, carried by every event.
            workflow: The nodes.
            emit: Told every event.
            cancelled: Whether the person has stopped it; asked at every step.
            metadata: More to be kept in saved files, by key.
            notes: More for the record under the key `safelight`.
        """
        self._recipe = self._recipes.begin(workflow, self._executor.catalog, notes or {})
        stopwatch = Stopwatch(emit)
        with torch.no_grad():
            outcome = self._executor.execute(
                Job(job, workflow, document=write_api(workflow), metadata=metadata or {}), stopwatch, cancelled
            )
        if isinstance(outcome.end, Done):
            speeds = measured(workflow, self._executor.catalog, self._folders, stopwatch, self._device_title)
            with contextlib.suppress(OSError):  # the pictures are there; estimates can do without
                keep_speeds(self._folders.home, speeds)
        return outcome

    def _make_run(self, job: Job, node: str, emit: Emit, cancelled: Callable[[], bool]) -> NodeRun:
        assert self._recipe is not None, "a node runs only within `run`"
        return NodeRun(
            job, node, emit, cancelled, self._recipe, self._folders, self._device, self._models, self._previews
        )

    def _stamp(self, folder: str, name: str) -> object:
        """What changes when a file does, or for the empty name any of the folder's; None for no such file."""
        if not name:
            return [(file, self._stamp(folder, file)) for file in self._folders.list(folder)]
        try:
            path = self._folders.resolve(folder, name)
        except BadInput:
            return None
        facts = path.stat()
        return str(path), facts.st_size, facts.st_mtime_ns
