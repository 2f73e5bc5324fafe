"""A session with a home of its own, and tiny checkpoints that are made once for all tests."""

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from safelight.diffusion.conditioning import Cond
from safelight.files.folders import Folders
from safelight.graph.document import Link, NodeCall, Workflow
from safelight.graph.node import Registry
from safelight.graph.request import ImageRequest, workflow_of
from safelight.graph.validate import validate
from safelight.models.loader import Checkpoint, load_checkpoint
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.nodes.registry import BUILTIN
from safelight.protocol.events import Cancelled, Done, Event, Failed, Output
from safelight.settings import Settings
from safelight.worker.session import Session
from tests.tiny import Kind, tiny_checkpoint

CATALOG = {name: node.spec for name, node in BUILTIN.items()}
SIDE = 64  # pixels of most pictures in tests

torch.set_num_threads(1)  # tiny networks gain nothing from a second one, and wait for it on a busy machine


class Graph(dict[str, NodeCall]):
    """A workflow that is being written."""

    def add(self, class_type: str, **inputs: object) -> str:
        """Add a node, and return its id."""
        number = str(len(self) + 1)
        self[number] = NodeCall(class_type, inputs)
        return number


@dataclass(frozen=True)
class Ran:
    """What a run told and saved."""

    end: Done | Failed | Cancelled
    events: tuple[Event, ...]
    saved: tuple[Path, ...]

    def told(self, kind: type[Event]) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The saved pictures [B, H, W, 3]; the run must have gone well."""
        assert isinstance(self.end, Done), self.end
        return np.stack([pixels_of(path) for path in self.saved])


@dataclass
class Studio:
    """A home folder, and a session that works in it."""

    home: Path
    previews: bool = False
    dtype: str = "fp32"
    registry: Registry = field(default_factory=lambda: BUILTIN)
    folders: Folders = field(init=False)
    session: Session = field(init=False)

    def __post_init__(self) -> None:
        self.folders = Folders.at(self.home)
        self.folders.make()
        settings = Settings(home=self.home, device="cpu", dtype=self.dtype)
        self.session = Session(settings, self.folders, registry=self.registry)

    def path(self, folder: str, name: str) -> Path:
        """Where a file of a folder is, or is to be put."""
        return self.folders.directories[folder][0] / name

    def checkpoint(self, kind: Kind, **options: Any) -> str:
        """The name of a tiny checkpoint, which is put among the others."""
        file = tiny_file(kind, **options)
        shutil.copyfile(file, self.path("checkpoints", file.name))
        return file.name

    def run(
        self,
        workflow: Workflow,
        *,
        cancelled: Callable[[], bool] = lambda: False,
        record_pixels: int = 0,
        recorded: bool = False,
        targets: Collection[str] | None = None,
    ) -> Ran:
        """Check a workflow and run it."""
        catalog = {name: node.spec for name, node in self.registry.items()}
        assert validate(workflow, catalog, self.folders.list, targets) == []
        events: list[Event] = []
        outcome = self.session.run(
            "job",
            workflow,
            events.append,
            cancelled=cancelled,
            previews=self.previews,
            record_pixels=record_pixels,
            recorded=recorded,
            targets=targets,
        )
        files = [event for event in events if isinstance(event, Output) and event.path]
        return Ran(outcome.end, tuple(events), tuple(self.path(file.folder, file.path) for file in files))

    def leftovers(self) -> list[Path]:
        """Pictures, and files that were begun and not finished."""
        return sorted(path for path in (self.home / "output").rglob("*") if path.is_file())


def request(checkpoint: str, **changes: Any) -> ImageRequest:
    """A picture that takes little time."""
    wanted: dict[str, Any] = {
        "prompt": "a picture of a cat",
        "checkpoint": checkpoint,
        "steps": 2,
        "cfg": 5.0,
        "sampler": "euler",
        "scheduler": "normal",
        "seed": 7,
        "width": SIDE,
        "height": SIDE,
    }
    return ImageRequest(**(wanted | changes))


def text_to_image(checkpoint: str, **changes: Any) -> Graph:
    """The workflow for `request`."""
    return Graph(workflow_of(request(checkpoint, **changes)))


def node_of(workflow: Workflow, class_type: str) -> str:
    """The id of the first node of a type."""
    return next(number for number, call in workflow.items() if call.class_type == class_type)


def changed(workflow: Workflow, class_type: str, **inputs: object) -> Graph:
    """The workflow with other inputs for the first node of a type."""
    number = node_of(workflow, class_type)
    call = workflow[number]
    return Graph({**workflow, number: call._replace(inputs={**call.inputs, **inputs})})


def saving(workflow: Graph, class_type: str) -> Graph:
    """The workflow, which saves the latent that the first node of a type gives, and no picture."""
    source = Link(node_of(workflow, class_type))
    graph = Graph({number: call for number, call in workflow.items() if call.class_type != "SaveImage"})
    graph["latent"] = NodeCall("SaveLatent", {"samples": source, "filename_prefix": "latent"})
    return graph


def pixels_of(path: Path) -> NDArray[np.uint8]:
    """The pixels of a picture file."""
    with Image.open(path) as picture:
        return np.asarray(picture)


@cache
def _shelf() -> TemporaryDirectory[str]:
    return TemporaryDirectory(prefix="safelight-tiny-")


@cache
def tiny_file(kind: Kind, *, ending: str = ".safetensors", **options: Any) -> Path:
    """A tiny checkpoint; the same file for the same arguments, so leave it as it is."""
    marks = [kind, *(f"{name}-{value}".replace("torch.", "") for name, value in options.items())]
    return tiny_checkpoint(Path(_shelf().name, "_".join(marks) + ending), kind, **options)


@cache
def loaded(kind: Kind) -> Checkpoint:
    """A tiny checkpoint on the CPU in fp32."""
    cpu = torch.device("cpu")
    return load_checkpoint(tiny_file(kind), Placement(cpu), precision("fp32", cpu))


def cond_for(kind: Kind, seed: int = 0, tokens: int = 77) -> Cond:
    """A prompt of random numbers, of the sizes that a kind takes."""
    model = loaded(kind).model
    generator = torch.Generator().manual_seed(seed)
    context = torch.randn(1, tokens, model.shape.context_width, generator=generator)
    numbers = len(model.family.size_conditioning) * 256
    label = model.label_width
    return Cond(context, torch.randn(1, label - numbers, generator=generator) if label else None)
