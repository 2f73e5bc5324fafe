"""What a server answers, as far as the client reads it; fields that a newer server adds are passed over."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

from safelight.errors import SafelightError

State = Literal["queued", "running", "done", "failed", "cancelled"]
View = TypeVar("View")


@dataclass(frozen=True)
class Asset:
    """A stored file.

    Attributes:
        id: Of the asset.
        folder: `input`, `output` or `temp`.
        path: Its name in the folder, by which workflows name an input.
        kind: `images`, `latents`, or `files` for all else.
        mime: Such as `image/png`.
        bytes: Its size.
        width, height: In pixels; None where it is no picture.
        created: Seconds since 1970.
        job: Id of the job that made it; empty for an upload.
        prompt, checkpoint: Of its recipe; empty where it has none.
        favourite: Whether it is marked.
    """

    id: str
    folder: str
    path: str
    kind: str
    mime: str
    bytes: int
    width: int | None
    height: int | None
    created: float
    job: str
    prompt: str
    checkpoint: str
    favourite: bool


@dataclass(frozen=True)
class JobOutput:
    """What a node had to show.

    Attributes:
        node: Id of the node.
        kind: `images` or `latents` for a file, `text` or `warning` for words.
        text: The words.
        asset: The file; None for words, and where somebody has moved it away.
    """

    node: str
    kind: str
    text: str
    asset: Asset | None


@dataclass(frozen=True)
class Job:
    """A job as it stood when it was asked for.

    Attributes:
        id: Of the job.
        state: How far it is.
        title: What it is called.
        batch: Id of the request that it came with; empty for one alone.
        priority: Higher goes first.
        created, started, ended: Seconds since 1970; None where that is yet to come.
        outputs: What it has made.
        error: Why it failed; None where it did not.
        position: Jobs before it; None where it has ended, or in a list.
        seconds_left: Until it is done; None where nobody knows.
        workflow: In the API format; empty in a list.
    """

    id: str
    state: State
    title: str
    batch: str
    priority: int
    created: float
    started: float | None
    ended: float | None
    outputs: tuple[JobOutput, ...]
    error: SafelightError | None
    position: int | None
    seconds_left: float | None
    workflow: Mapping[str, Any]

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def files(self) -> tuple[Asset, ...]:
        """The files that it saved."""
        return tuple(output.asset for output in self.outputs if output.asset and output.asset.folder == "output")


@dataclass(frozen=True)
class SavedWorkflow:
    """A saved workflow.

    Attributes:
        id: Of the workflow.
        name: What it is called.
        created, updated: Seconds since 1970.
        version: Number of its newest version.
    """

    id: str
    name: str
    created: float
    updated: float
    version: int


@dataclass(frozen=True)
class Model:
    """A model file.

    Attributes:
        folder: Such as `checkpoints`.
        name: As nodes name it.
        bytes: Its size.
        kind: Such as `checkpoint` or `lora`; `unknown` where its header tells nothing.
        families: That it goes with.
        about: What it is, in words.
    """

    folder: str
    name: str
    bytes: int
    kind: str
    families: tuple[str, ...]
    about: str


def asset_from(document: Mapping[str, Any]) -> Asset:
    """An asset from what the server answered."""
    return _read(Asset, document)


def job_from(document: Mapping[str, Any]) -> Job:
    """A job from what the server answered."""
    outputs = tuple(
        JobOutput(each["node"], each["kind"], each["text"], asset_from(each["asset"]) if each["asset"] else None)
        for each in document["outputs"]
    )
    error = document["error"]
    failure = SafelightError(error["what"], where=error["where"], mend=error["mend"]) if error else None
    further: dict[str, Any] = {"position": None, "seconds_left": None, "workflow": {}}
    return _read(Job, further | dict(document) | {"outputs": outputs, "error": failure})


def workflow_from(document: Mapping[str, Any]) -> SavedWorkflow:
    """A saved workflow from what the server answered."""
    return _read(SavedWorkflow, document)


def model_from(document: Mapping[str, Any]) -> Model:
    """A model from what the server answered."""
    return _read(Model, dict(document) | {"families": tuple(document["families"])})


def _read(kind: type[View], document: Mapping[str, Any]) -> View:
    return kind(**{field.name: document[field.name] for field in fields(kind)})  # type: ignore[arg-type]
