"""An executor with nodes that a test defines, which remembers what was run and what was told."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from safelight.graph.document import NodeCall
from safelight.graph.node import AnyNode
from safelight.graph.validate import validate
from safelight.protocol.events import Cached, Emit, Event, NodeStarted
from safelight.worker.cache import Cache
from safelight.worker.disk_cache import DiskCache
from safelight.worker.executor import Executor
from safelight.worker.job import IsCancelled, Job, Outcome

E = TypeVar("E", bound=Event)
GIGABYTE = 10**9


@dataclass
class TestRun:
    """What nodes get as `run`."""

    __test__ = False
    job: Job
    node: str
    claimant: str
    emit: Emit
    cancelled: IsCancelled


@dataclass
class Bench:
    """Runs workflows of `nodes`."""

    nodes: Sequence[AnyNode]
    limit: int = GIGABYTE
    disk: DiskCache | None = None
    events: list[Event] = field(default_factory=list)
    files: dict[tuple[str, str], object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        registry = {node.spec.class_type: node for node in self.nodes}
        self.cache = Cache(self.limit, self.disk)
        self.executor = Executor(
            registry, self.cache, TestRun, self.names, lambda folder, name: self.files.get((folder, name))
        )

    def names(self, folder: str) -> list[str]:
        return [name for place, name in self.files if place == folder]

    def run(
        self,
        workflow: dict[str, NodeCall],
        targets: Iterable[str] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Outcome:
        """Check and run a workflow; `events` are those of this run."""
        chosen = None if targets is None else list(targets)
        assert not validate(workflow, self.executor.catalog, self.names, chosen)
        self.events.clear()
        return self.executor.execute(Job("job", workflow, chosen), self.events.append, cancelled)

    def told(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def ran(self) -> Counter[str]:
        """How often each node of the workflow was started."""
        return Counter(event.node for event in self.told(NodeStarted))

    def cached(self) -> list[str]:
        """The nodes that were told to be cached."""
        return sorted(node for event in self.told(Cached) for node in event.nodes)
