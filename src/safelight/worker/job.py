"""A job as the executor sees it: what to run, with what, and how it ended."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from safelight.graph.catalog import Catalog
from safelight.graph.document import Workflow
from safelight.graph.keys import Stamp
from safelight.graph.node import Registry
from safelight.graph.validate import Files
from safelight.protocol.events import Cancelled, Done, Emit, Failed


@dataclass(frozen=True)
class Job:
    """A workflow to be run.

    Attributes:
        id: Its id, carried by every event.
        workflow: Nodes that `validate` has found nothing wrong with.
        targets: Nodes to run for; None for all that save or show something.
        document: The workflow in the API format, to be kept in saved files.
        metadata: More to be kept in saved files, by key.
        recorded: Whether what can be recorded runs even where its result is known, unless it was recorded too.
    """

    id: str
    workflow: Workflow
    targets: Collection[str] | None = None
    document: Mapping[str, object] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    recorded: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes:
        end: The last event.
        outputs: What the targets gave, as far as they ran; an output that is a list of elements as `Many`.
    """

    end: Done | Failed | Cancelled
    outputs: Mapping[str, tuple[object, ...]]


@dataclass(frozen=True)
class Environment:
    """What a job is run with.

    Attributes:
        registry: The nodes there are.
        catalog: Their descriptions.
        files: The files there are, to check expansions.
        stamp: Tells files that have changed, and whether a picture that is to be shown again is still there.
    """

    registry: Registry
    catalog: Catalog
    files: Files
    stamp: Stamp


IsCancelled = Callable[[], bool]
"""Whether the person has stopped the job."""

MakeRun = Callable[[Job, str, str, Emit, IsCancelled], object]
"""(job, id of the node, what its files are known by when the job is run again, emit, cancelled) -> its `run`."""
