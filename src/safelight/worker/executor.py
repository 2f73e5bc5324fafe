"""Runs jobs, one after another, and keeps their results between them."""

from safelight.graph.catalog import Catalog
from safelight.graph.keys import Stamp
from safelight.graph.node import Registry
from safelight.graph.validate import Files
from safelight.protocol.events import Emit, Started
from safelight.worker.cache import Cache
from safelight.worker.execution import Execution
from safelight.worker.failures import failed
from safelight.worker.job import Environment, IsCancelled, Job, MakeRun, Outcome


class Executor:
    """Runs jobs, one at a time; `catalog` describes the nodes that they may use.

    Args:
        registry: The nodes there are.
        cache: Results kept between jobs.
        make_run: Makes what nodes get as `run`.
        files: The files there are.
        stamp: Tells files that have changed.
    """

    def __init__(self, registry: Registry, cache: Cache, make_run: MakeRun, files: Files, stamp: Stamp) -> None:
        self.catalog: Catalog = {class_type: node.spec for class_type, node in registry.items()}
        self._environment = Environment(registry, self.catalog, files, stamp)
        self._cache = cache
        self._make_run = make_run

    def execute(self, job: Job, emit: Emit, cancelled: IsCancelled) -> Outcome:
        """Run a job to its end, whatever that is; the results of finished nodes stay in the cache.

        Call it from a thread without a running event loop: `async` nodes get one of their own.

        Args:
            job: What to run.
            emit: Told every event, first `Started`, last `Done`, `Failed` or `Cancelled`.
            cancelled: Asked between nodes, and handed to them.
        """
        emit(Started(job.id))
        try:
            outcome = Execution(job, self._environment, self._cache, self._make_run, emit, cancelled).run()
        except Exception as error:  # outside of any node
            outcome = Outcome(failed(job.id, error), {})
        emit(outcome.end)
        return outcome
