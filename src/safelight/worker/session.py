"""A worker in this process: the built-in nodes, models and a cache, ready to run workflows one after another."""

import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from threading import Thread

import torch

from safelight import __version__
from safelight.errors import BadInput
from safelight.files.folders import USERS, Folders
from safelight.files.naming import remove_parts
from safelight.graph.document import Workflow
from safelight.graph.formats import write_api
from safelight.graph.node import Registry
from safelight.graph.problems import Problem
from safelight.graph.speeds import keep_speeds
from safelight.graph.validate import validate
from safelight.models.device import HOST, find_device
from safelight.models.placement import Placement, free_bytes
from safelight.models.precision import Precision, precision
from safelight.models.store import ModelStore
from safelight.nodes.registry import BUILTIN
from safelight.protocol.events import Done, Emit, Event
from safelight.settings import Settings
from safelight.worker.cache import Cache
from safelight.worker.claims import Claims, remove_old_claims
from safelight.worker.disk_cache import DiskCache
from safelight.worker.executor import Executor
from safelight.worker.job import Job, Outcome
from safelight.worker.machine import device_title
from safelight.worker.node_run import NodeRun
from safelight.worker.recipe import Recipe, RecipeBook
from safelight.worker.stopwatch import Stopwatch, measured

HOST_SHARE = 0.5  # of the free memory at the start that models may keep while no job uses them
PART_AGE = 3600.0  # seconds after which nobody writes to a half written file any more
CLAIM_AGE = 30 * 24 * 3600.0  # seconds after which a job is not run again


@dataclass(frozen=True)
class _Current:
    """What the nodes of the running job share."""

    recipe: Recipe
    claims: Claims
    folders: Folders
    previews: bool
    record_pixels: float


class Session:
    """Runs workflows.

    Args:
        settings: Device, precision and memory.
        folders: Where files are.
        registry: The nodes there are.
        code: What stands for the code of plugins; results on the disk that other code made are not used.
    """

    def __init__(self, settings: Settings, folders: Folders, *, registry: Registry = BUILTIN, code: str = "") -> None:
        self._folders = folders
        self._spare_bytes = settings.spare_bytes
        device = find_device(settings.device)
        chosen = precision(settings.dtype, device)
        self._models = ModelStore(Placement(device, settings.vram), chosen, int(free_bytes(HOST) * HOST_SHARE))
        self._device = device
        self._device_title = device_title(device, chosen)
        self._recipes = RecipeBook(folders, device, chosen)
        self._current: _Current | None = None
        kept = folders.home / "cache"
        self._claims = kept / "claims"
        results = DiskCache(kept / "results", _results_folder(device, chosen, code), settings.disk_cache_bytes)
        self._cache = Cache(settings.cache_bytes, results if settings.disk_cache_bytes else None)
        self._executor = Executor(registry, self._cache, self._make_run, self._list, self._stamp)
        # a daemon, as a folder of many pictures takes a while to look through
        Thread(target=_tidy, args=(folders, self._claims), name="tidy", daemon=True).start()

    def run(
        self,
        job: str,
        workflow: Workflow,
        emit: Emit,
        *,
        cancelled: Callable[[], bool] = lambda: False,
        metadata: Mapping[str, object] | None = None,
        notes: Mapping[str, object] | None = None,
        targets: Collection[str] | None = None,
        previews: bool = False,
        user: str = "",
        record_pixels: int = 0,
        recorded: bool = False,
    ) -> Outcome:
        """Run a workflow that `validate` has found nothing wrong with.

        Args:
            job: Its id, carried by every event; the same when it is run again because its worker was killed.
            workflow: The nodes.
            emit: Told every event.
            cancelled: Whether the person has stopped it; asked at every step.
            metadata: More to be kept in saved files, by key.
            notes: More for the record under the key `safelight`.
            targets: Nodes to run for; None for all that save or show something.
            previews: Whether to send pictures of how far it is.
            user: Whose pictures it reads and writes; empty where there is one person only.
            record_pixels: How large a picture may be for how it comes about to be recorded.
            recorded: Whether it is recorded whatever its size.
        """
        folders = self._folders.of_user(user)
        recipe = self._recipes.begin(workflow, self._executor.catalog, notes or {})
        claims = Claims(self._claims, job)
        self._current = _Current(recipe, claims, folders, previews, inf if recorded else record_pixels)

        def tell(event: Event) -> None:
            recipe.hear(event)
            emit(event)

        stopwatch = Stopwatch(tell)
        with torch.no_grad():
            outcome = self._executor.execute(
                Job(job, workflow, targets, write_api(workflow), metadata or {}, recorded), stopwatch, cancelled
            )
        claims.forget()
        if isinstance(outcome.end, Done):
            speeds = measured(workflow, self._executor.catalog, self._folders, stopwatch, self._device_title)
            with contextlib.suppress(OSError):  # the pictures are there; estimates can do without
                keep_speeds(self._folders.home, speeds)
        return outcome

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self._device

    def problems(self, workflow: Workflow, targets: Collection[str] | None, user: str) -> list[Problem]:
        """What keeps a workflow from running here and now; arguments as for `run`."""
        return validate(workflow, self._executor.catalog, self._folders.of_user(user).list, targets)

    def loaded(self) -> tuple[Path, ...]:
        """The model files that are loaded now."""
        return self._models.loaded()

    def free(self, *, models: bool) -> None:
        """Give memory back: results of nodes, which stay on the disk as far as they are there, or loaded models too."""
        self._cache.clear()
        if models:
            self._models.free()

    def _make_run(self, job: Job, node: str, claimant: str, emit: Emit, cancelled: Callable[[], bool]) -> NodeRun:
        current = self._current
        assert current is not None, "a node runs only within `run`"
        run = NodeRun(
            job,
            node,
            claimant,
            emit,
            cancelled,
            current.recipe,
            current.claims,
            current.folders,
            self._device,
            self._models,
            current.previews,
            current.record_pixels,
            self._spare_bytes,
        )
        self._models.placement.tell = run.warn  # what is done where memory is short is told by the node that is short
        return run

    @property
    def _in_use(self) -> Folders:
        return self._current.folders if self._current else self._folders

    def _list(self, folder: str) -> tuple[str, ...]:
        return self._in_use.list(folder)

    def _stamp(self, folder: str, name: str) -> object:
        """What changes when a file does, or for the empty name any of the folder's; None for no such file."""
        if not name:
            return [(file, self._stamp(folder, file)) for file in self._list(folder)]
        try:
            path = self._in_use.resolve(folder, name)
        except BadInput:
            return None
        facts = path.stat()
        return str(path), facts.st_size, facts.st_mtime_ns


def _results_folder(device: torch.device, chosen: Precision, code: str) -> str:
    """A name for all that results hang on beside their keys."""
    dtypes = [str(dtype).removeprefix("torch.") for dtype in (chosen.unet, chosen.text, chosen.vae)]
    return "-".join([__version__, torch.__version__, device.type, *dtypes, *([code] if code else [])])


def _tidy(folders: Folders, claims: Path) -> None:
    """Remove what processes that were killed have left."""
    written = [folders.directories[name][0] for name in ("output", "temp")]
    for directory in (*written, folders.home / USERS, folders.home / "cache"):
        remove_parts(directory, PART_AGE)
    remove_old_claims(claims, CLAIM_AGE)
