"""What a worker reports: one vocabulary for the native stream, other clients' sockets, progress bars and logs.

A job is `queued`, `started`, and ends with one of `done`, `failed` and `cancelled`. In between come
`node`, `progress`, `preview`, `cached` and `output`, each naming a node of the job's workflow. What a
node does by expanding into others is reported as its own doing.
"""

from collections.abc import Callable
from dataclasses import dataclass

from safelight.protocol.wire import Vocabulary


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
        kind: `images` or `latents` for a file, `recording` for that of a run, `inspection` for the data of what was
            looked into, `text` or `warning` for words.
        folder: Where the file is: `output`, `temp` or `recordings`; empty for words.
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

VOCABULARY: Vocabulary[Event] = Vocabulary("event", EVENTS)
to_json = VOCABULARY.to_json
from_json = VOCABULARY.from_json
