"""The record for making a picture again: every model file by its hash, versions, device, precision."""

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from threading import Thread

import torch

from safelight import __version__
from safelight.errors import BadInput, Cancelled
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.files.hashes import sha256, short
from safelight.files.parameters import parameters_text
from safelight.graph.catalog import Catalog
from safelight.graph.document import Link, Workflow
from safelight.graph.plan import plan
from safelight.graph.summary import summary
from safelight.graph.work import work_of
from safelight.models.precision import Precision
from safelight.prompts.embedding_files import find_in
from safelight.protocol.events import Event, NodeStarted, Output

NOISE = "torch.randn on the CPU from the seed, one batch in one draw; Brownian tree of torchsde where samplers need one"
LIBRARIES = ("torch", "diffusers", "transformers", "torchsde")
POLL = 0.1  # seconds between looks at whether the job was cancelled, while a hash is waited for
MOST_WARNING = 1000
"""Nodes of which it is remembered what they warned of."""
Warnings = dict[str, dict[str, None]]
"""What nodes warned of, each text once, by what they do (`graph.work.work_of`)."""
_EMBEDDING = re.compile(r"embedding:([^\s,()\[\]{}:]+)")
_CHECKPOINTS = ("checkpoints", "diffusion_models")


class RecipeBook:
    """Writes recipes; files are hashed in the background, while the picture is made.

    Args:
        folders: Where files are.
        device: Where pictures are made.
        precision: What models run in.
    """

    def __init__(self, folders: Folders, device: torch.device, precision: Precision) -> None:
        self._folders = folders
        self._device = device
        self._precision = precision
        self._hashes = folders.home / "cache" / "hashes"
        self._warnings: Warnings = {}

    def begin(self, workflow: Workflow, catalog: Catalog, notes: Mapping[str, object]) -> "Recipe":
        """Start on the recipe of a job; `notes` become a part of it."""
        used = dict.fromkeys(_files(workflow, catalog, self._folders))
        hashes: dict[Path, Future[str]] = {path: Future() for _, _, path in used}
        # a daemon: a program that was stopped does not wait for the gigabytes that are still to be read
        Thread(target=_hash, args=(hashes, self._hashes), name="hash", daemon=True).start()
        return Recipe(workflow, tuple(used), hashes, self._surroundings() | dict(notes), self._warnings)

    def _surroundings(self) -> dict[str, object]:
        return {
            "safelight": __version__,
            **libraries(),
            "device": _device_name(self._device),
            "dtype": {part: str(dtype).removeprefix("torch.") for part, dtype in vars(self._precision).items()},
            "noise": NOISE,
        }


class Recipe:
    """How one job's pictures are made.

    Args:
        workflow: The job's.
        files: (folder, name, path) of each model file it uses.
        hashes: Of the files, as they become known.
        surroundings: Versions, device and what else was noted.
        warnings: What nodes have warned of so far, in this job or another; more is added.
    """

    def __init__(
        self,
        workflow: Workflow,
        files: tuple[tuple[str, str, Path], ...],
        hashes: dict[Path, Future[str]],
        surroundings: dict[str, object],
        warnings: Warnings,
    ) -> None:
        self._workflow = workflow
        self._files = files
        self._hashes = hashes
        self._surroundings = surroundings
        self._warnings = warnings

    def hear(self, event: Event) -> None:
        """Note what a node warns of, such as tensors of a LoRA that fit nothing: pictures made with it keep that."""
        match event:
            case NodeStarted(node=node) if self._warnings and node in self._workflow:
                self._warnings.pop(work_of(self._workflow, node), None)  # what it gave before is made anew
            case Output(kind="warning", node=node, text=text) if node in self._workflow:
                self._warnings.setdefault(work_of(self._workflow, node), {})[text] = None
                while len(self._warnings) > MOST_WARNING:
                    del self._warnings[next(iter(self._warnings))]

    def metadata(self, node: str, cancelled: Callable[[], bool]) -> dict[str, object]:
        """What a picture saved by `node` keeps: `safelight`, the record; and `parameters`, as other tools read them.

        Raises:
            Cancelled: The person has stopped the job, while files were still being read for their hashes.
        """
        files = [
            {"folder": folder, "name": name, "sha256": _awaited(self._hashes[path], cancelled)}
            for folder, name, path in self._files
        ]
        record: dict[str, object] = self._surroundings | {"files": files}
        if warnings := self._warned(node):
            record["warnings"] = warnings
        kept: dict[str, object] = {"safelight": record}
        if (found := summary(self._workflow, node)) is not None:
            digest = next((f["sha256"] for f in files if f["folder"] in _CHECKPOINTS and f["name"] == found.model), "")
            kept["parameters"] = parameters_text(replace(found, model=Path(found.model).stem, model_hash=short(digest)))
        return kept

    def _warned(self, node: str) -> list[str]:
        """What a node and those behind it have warned of; also where their results were at hand this time."""
        if not self._warnings:
            return []
        behind = [node]
        for each in behind:  # grows while it is walked
            links = (value.node for value in self._workflow[each].inputs.values() if isinstance(value, Link))
            behind += [link for link in dict.fromkeys(links) if link in self._workflow and link not in behind]
        texts = (self._warnings.get(work_of(self._workflow, each), {}) for each in reversed(behind))
        return list(dict.fromkeys(text for some in texts for text in some))


def _hash(hashes: Mapping[Path, Future[str]], cache: Path) -> None:
    for path, digest in hashes.items():
        try:
            digest.set_result(sha256(path, cache))
        except OSError as error:
            digest.set_exception(error)


def _awaited(digest: Future[str], cancelled: Callable[[], bool]) -> str:
    while True:
        try:
            return digest.result(timeout=POLL)
        except TimeoutError:
            if cancelled():
                raise Cancelled from None


def _files(workflow: Workflow, catalog: Catalog, folders: Folders) -> Iterable[tuple[str, str, Path]]:
    """(folder, name, path) of the model files that the workflow's outputs need."""
    find_embedding = find_in(folders.directories["embeddings"])
    for step in plan(workflow, catalog).steps:
        for port in step.spec.inputs:
            value = step.literals.get(port.name)
            if not isinstance(value, str):
                continue
            if port.folder in MODEL_FOLDERS:
                with suppress(BadInput):  # it has gone since it was looked for: its loader will say so
                    yield port.folder, value, folders.resolve(port.folder, value)
            elif port.type == "STRING":
                for name in _EMBEDDING.findall(value):
                    if (path := find_embedding(name)) is not None:
                        yield "embeddings", path.name, path


@cache
def libraries() -> dict[str, object]:
    return {name: version(name) for name in LIBRARIES}


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
