"""What a worker reports: one vocabulary for the native stream, other clients' sockets, progress bars and logs.

A job is `queued`, `started`, and ends with one of `done`, `failed` and `cancelled`. In between come
`node`, `progress`, `preview`, `cached` and `output`, each naming a node of the job's workflow. What a
node does by expanding into others is reported as its own doing.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from safelight.errors import BadInput


@dataclass(frozen=True)
class Queued:
    """The job waits for a worker."""

    job: str


@dataclass(frozen=True)
class Started:
    """A worker has begun the job."""

    job: str


@dataclass(frozen=True)
class NodeStarted:
    """A node has begun; the one before it is finished.

    Attributes:
        class_type: What runs: the node's type, or that of a node it expanded into.
    """

    job: str
    node: str
    class_type: str


@dataclass(frozen=True)
class Progress:
    """A node has done `value` of `total` steps."""

    job: str
    node: str
    value: int
    total: int


@dataclass(frozen=True)
class Preview:
    """How far a picture has come.

    Attributes:
        data: The encoded picture.
        mime: How it is encoded, such as `image/jpeg`.
    """

    job: str
    node: str
    data: bytes
    mime: str


@dataclass(frozen=True)
class Cached:
    """Nodes that are not run, because their results, or results made from them, are known."""

    job: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Output:
    """A node has something to show; a cached node shows it again.

    Attributes:
        kind: `images` or `latents` for a file, `text` or `warning` for words.
        folder: Where the file is: `output` or `temp`; empty for words.
        path: The file's name in the folder, with sub-folders, `/` between them; empty for words.
        text: The words; empty for a file.
    """

    job: str
    node: str
    kind: str
    folder: str = ""
    path: str = ""
    text: str = ""


@dataclass(frozen=True)
class Done:
    """Everything has been run; the job ends."""

    job: str


@dataclass(frozen=True)
class Failed:
    """The job ends without its result.

    Attributes:
        what: What happened, in one sentence.
        where: The place, outermost first: node, file, input.
        mend: What the person can do about it.
        node: The node that failed; empty when it was none.
        class_type: Its type.
    """

    job: str
    what: str
    where: str = ""
    mend: str = ""
    node: str = ""
    class_type: str = ""


@dataclass(frozen=True)
class Cancelled:
    """The person has stopped the job; it ends."""

    job: str


Event = Queued | Started | NodeStarted | Progress | Preview | Cached | Output | Done | Failed | Cancelled
Emit = Callable[[Event], None]

EVENTS: dict[str, type[Event]] = {
    "queued": Queued,
    "started": Started,
    "node": NodeStarted,
    "progress": Progress,
    "preview": Preview,
    "cached": Cached,
    "output": Output,
    "failed": Failed,
    "done": Done,
    "cancelled": Cancelled,
}
"""Event types by their tag."""

_TAGS = {event_type: tag for tag, event_type in EVENTS.items()}


def to_json(event: Event) -> dict[str, object]:
    """The event as JSON data: its tag as `event`, and its fields; bytes in base64."""
    return {"event": _TAGS[type(event)]} | {name: _written(value) for name, value in asdict(event).items()}


def from_json(document: Mapping[str, object]) -> Event:
    """The event that `to_json` wrote.

    Raises:
        BadInput: It is none; the message says why.
    """
    tag = document.get("event")
    event_type = EVENTS.get(tag) if isinstance(tag, str) else None
    if event_type is None:
        raise BadInput(f"{tag!r} is not an event.", mend=f"Events are: {', '.join(EVENTS)}.")
    known = {field.name: field.type for field in fields(event_type)}
    given = {name: value for name, value in document.items() if name != "event"}
    try:
        return event_type(**{name: _READERS[known[name]](value) for name, value in given.items()})
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(
            f"The event {tag} is malformed: {error}.", mend=f"Its fields are: {', '.join(known)}."
        ) from error


def _written(value: object) -> object:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return list(value) if isinstance(value, tuple) else value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return tuple(_text(item) for item in value)


_READERS: dict[object, Callable[[object], Any]] = {
    str: _text,
    int: _whole,
    bytes: lambda value: b64decode(_text(value), validate=True),
    tuple[str, ...]: _texts,
}
"""How a field is read, by its type."""
