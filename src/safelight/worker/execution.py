"""One job on its way: a plain loop over its plan that caches, reports, and can be stopped at each node."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from safelight.errors import Cancelled, SafelightError
from safelight.graph.keys import Key, cache_keys
from safelight.graph.node import AnyNode
from safelight.graph.plan import Step, plan
from safelight.graph.results import Blocked, Expansion
from safelight.protocol import events
from safelight.protocol.events import Emit, Event, Output
from safelight.worker.cache import Cache
from safelight.worker.calls import blocker, call, outputs_of
from safelight.worker.checks import first_fault
from safelight.worker.expansion import Expanded, Outputs, collect, insert
from safelight.worker.failures import failed
from safelight.worker.job import Environment, IsCancelled, Job, MakeRun, Outcome
from safelight.worker.lazy import wanted
from safelight.worker.mapping import as_lists, each_call, is_mapped, joined
from safelight.worker.running import Hit, Running
from safelight.worker.stored import Entry


class Execution:
    """The run of one job. A step's `place` is its id in `Running`; inner steps share the id of their node."""

    def __init__(
        self,
        job: Job,
        environment: Environment,
        cache: Cache,
        make_run: MakeRun,
        emit: Emit,
        cancelled: IsCancelled,
    ) -> None:
        self._job = job
        self._environment = environment
        self._cache = cache
        self._make_run = make_run
        self._emit = emit
        self._cancelled = cancelled
        cache.refresh()
        self._plan = plan(job.workflow, environment.catalog, job.targets)
        keys = cache_keys(self._plan.steps, environment.registry, environment.stamp)
        if job.recorded:  # a result of another run is no recording; what comes after is the same with and without
            for step in self._plan.steps:
                if environment.registry[step.spec.class_type].records and (key := keys[step.node]) is not None:
                    keys[step.node] = f"{key}-recorded"
        self._running = Running(self._plan, keys, self._find)
        self._expanded: dict[str, tuple[Expanded, bool]] = {}  # by place, with whether its calls were mapped
        self._parents: dict[str, str] = {}  # place of an inner step -> place of the step that expanded into it
        self._shown: dict[str, list[Output]] = {}  # what a step has reported so far, inner steps included
        self._took: dict[str, float] = {}  # seconds of the calls of a step
        self._blocked: set[str] = set()  # places where a call was blocked; what they give is not kept
        self._complaint: events.Failed | None = None  # the message of the first block that has one

    def run(self) -> Outcome:
        """Run the plan to its end; nothing of it where a node finds fault with its inputs."""
        if (fault := first_fault(self._plan.steps, self._environment.registry)) is not None:
            step, error = fault
            return self._outcome(failed(self._job.id, error, step))
        hits = self._running.require(self._plan.targets)
        self._report(hits, self._running.idle())
        while self._running.agenda:
            place = self._running.agenda[-1]
            step = self._running.steps[place]
            try:
                self._check_cancelled()
                self._advance(place, step)
            except Cancelled:
                return self._outcome(events.Cancelled(self._job.id))
            except Exception as error:
                return self._outcome(failed(self._job.id, error, step))
        return self._outcome(self._complaint or events.Done(self._job.id))

    def _advance(self, place: str, step: Step) -> None:
        """Run a step, or put on the agenda what must run before it can."""
        if place in self._expanded:
            expanded, mapped = self._expanded.pop(place)
            given = collect(self._running, expanded)
            self._finish(place, step, [as_lists(step.spec, outputs) for outputs in given], mapped)
            return
        if entry := self._find(self._running.keys[place]):  # made by another step of this job
            self._running.finish(entry.outputs)
            self._report([(place, entry)], [] if place in self._parents else [step.node])
            return
        node = self._environment.registry[step.spec.class_type]
        inputs = self._running.inputs(place)
        if step.lazy:
            unasked = self._running.unasked(place)
            if blocker(inputs) is None and (names := wanted(node, inputs, unasked)):
                hits = self._running.ask(place, names)
                self._report(hits, [] if place in self._parents else [self._running.steps[hit].node for hit, _ in hits])
                return
            inputs |= dict.fromkeys(unasked)
        mapped = is_mapped(step.spec, inputs)
        results = list(self._results(place, step, node, inputs))
        finished = [result for result in results if not isinstance(result, Expansion)]
        if len(finished) == len(results):
            self._finish(place, step, finished, mapped)
        else:
            self._expand(place, results, mapped)

    def _results(
        self, place: str, step: Step, node: AnyNode, inputs: Mapping[str, object]
    ) -> Iterator[Outputs | Expansion]:
        """What each call of a step gives. Those that a block reaches are left out, and give a block in turn."""
        shown = self._shown.setdefault(place, [])

        def tell(event: Event) -> None:
            if isinstance(event, Output):
                shown.append(event)
            self._emit(event)

        extra: dict[str, object] | None = None
        for arguments in each_call(step.spec, inputs):
            if block := blocker(arguments):
                self._note(place, step, block)
                yield outputs_of(step.spec, Blocked())
                continue
            if extra is None:
                self._emit(events.NodeStarted(self._job.id, step.node, step.spec.class_type))
                extra = {}
                if node.wants_run:
                    claimant = self._running.keys[place] or place
                    extra["run"] = self._make_run(self._job, step.node, claimant, tell, self._cancelled)
            else:
                self._check_cancelled()
            began = time.perf_counter()
            result = call(node, arguments | extra, self._cancelled)
            self._took[place] = self._took.get(place, 0.0) + time.perf_counter() - began
            yield result if isinstance(result, Expansion) else as_lists(step.spec, result)

    def _expand(self, place: str, results: Sequence[Outputs | Expansion], mapped: bool) -> None:
        expanded = insert(self._running, place, results, self._environment)
        self._expanded[place] = expanded, mapped
        self._parents |= dict.fromkeys(expanded.inner, place)
        self._report(self._running.require(expanded.targets), [])

    def _finish(self, place: str, step: Step, results: Sequence[Outputs], mapped: bool) -> None:
        outputs = joined(step.spec, results) if mapped else results[0]
        shown = self._shown.pop(place, [])
        took = self._took.pop(place, 0.0)
        if place not in self._blocked and (stamps := self._stamps(shown)) is not None:
            # what has saved a file is not to save it twice, however quickly it does
            cost = math.inf if step.spec.output_node and shown else took
            self._cache.put(self._running.keys[place], Entry(outputs, tuple(shown), stamps), cost)
        if (parent := self._parents.get(place)) is not None:
            self._shown.setdefault(parent, []).extend(shown)
            if place in self._blocked:
                self._blocked.add(parent)
        self._running.finish(outputs)

    def _note(self, place: str, step: Step, block: Blocked) -> None:
        """Remember that a call was blocked, and say why when all else has run."""
        self._blocked.add(place)
        if block.message is not None and self._complaint is None:
            error = SafelightError(block.message)
            self._complaint = failed(self._job.id, error, step)

    def _report(self, hits: Iterable[Hit], nodes: Sequence[str]) -> None:
        """Tell that `nodes` need not run, and show again what the ones found in the cache showed."""
        if nodes:
            self._emit(events.Cached(self._job.id, tuple(nodes)))
        for place, entry in hits:
            node, parent = self._running.steps[place].node, self._parents.get(place)
            for output in entry.shown:
                again = replace(output, job=self._job.id, node=node)
                self._emit(again)
                if parent is not None:
                    self._shown.setdefault(parent, []).append(again)

    def _find(self, key: Key) -> Entry | None:
        """A result from the cache, if the files that it showed are still there, and still the same."""
        entry = self._cache.get(key)
        return entry if entry is not None and entry.stamps == self._stamps(entry.shown) else None

    def _stamps(self, shown: Sequence[Output]) -> tuple[str, ...] | None:
        """The stamps of the files among what was shown; None where one of them is not there."""
        if not shown:
            return ()
        stamps = [self._environment.stamp(output.folder, output.path) for output in shown if output.path]
        return None if None in stamps else tuple(map(repr, stamps))

    def _check_cancelled(self) -> None:
        if self._cancelled():
            raise Cancelled

    def _outcome(self, end: events.Done | events.Failed | events.Cancelled) -> Outcome:
        targets = {node: self._running.outputs(node) for node in self._plan.targets}
        return Outcome(end, {node: outputs for node, outputs in targets.items() if outputs is not None})
