"""The state of a job while it runs: which steps wait, what the finished ones gave, and who still needs that."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from safelight.graph.document import Link
from safelight.graph.keys import Key
from safelight.graph.plan import Plan, Step
from safelight.worker.stored import Entry

Hit = tuple[str, Entry]
"""A step, and its result from the cache."""


class Running:
    """A plan that is being run; expansions add to it.

    Steps go by ids: those of their nodes, and for inner ones such that no two are the same. A value is held as
    long as a step that may need it has not finished, and no longer.

    Attributes:
        steps: The plan's, and after them those of expansions, each after those that feed it.
        keys: Their cache keys.
        agenda: The steps to run, the next one last.
    """

    def __init__(self, plan: Plan, keys: Mapping[str, Key], find: Callable[[Key], Entry | None]) -> None:
        self.steps = {step.node: step for step in plan.steps}
        self.keys = dict(keys)
        self.agenda: list[str] = []
        self._find = find
        self._ranks = {step: rank for rank, step in enumerate(self.steps)}
        self._outputs: dict[str, tuple[object, ...]] = {}
        self._required: set[str] = set()
        self._uses = dict.fromkeys(plan.targets, 1)  # how many steps, and whether the job, may need what one gives
        self._holds: dict[str, Sequence[str]] = {}  # by step: the steps whose outputs are kept for it
        self._asked: dict[str, set[str]] = {}

    def grow(self, plan: Plan, keys: Mapping[str, Key], parent: Step) -> dict[str, str]:
        """Add the steps of an expansion of `parent`, whose node they are seen as; their new ids by the old ones."""
        number = len(self.steps)
        new = {step.node: f"{parent.node}/{number}/{step.node}" for step in plan.steps}
        assert self.steps.keys().isdisjoint(new.values()), "an id of the workflow looks like that of an inner step"
        for step in plan.steps:
            place = new[step.node]
            self._ranks[place] = len(self.steps)
            self.keys[place] = keys[step.node]
            links, lazy = _renamed(step.links, new), _renamed(step.lazy, new)
            self.steps[place] = replace(step, node=parent.node, links=links, lazy=lazy)
        return new

    def require(self, steps: Iterable[str]) -> list[Hit]:
        """Put steps on the agenda, with all that feeds them; those with a result in the cache need neither."""
        hits: list[Hit] = []
        fresh: list[str] = []
        waiting = list(steps)
        while waiting:
            step = waiting.pop()
            if step in self._required:
                continue
            self._required.add(step)
            entry = self._find(self.keys[step])
            if entry is None:
                fresh.append(step)
                waiting.extend([link.node for _, link in self.steps[step].links])
            else:
                hits.append((step, entry))
        self.agenda.extend(sorted(fresh, key=self._ranks.__getitem__, reverse=True))
        self._hold_for(fresh)
        for step, entry in hits:
            self._finished(step, entry.outputs)
        return sorted(hits, key=lambda hit: self._ranks[hit[0]])

    def ask(self, step: str, names: Iterable[str]) -> list[Hit]:
        """Require the lazy inputs `names` of a step."""
        asked = self._asked.setdefault(step, set())
        asked.update(names)
        return self.require([link.node for name, link in self.steps[step].lazy if name in asked])

    def unasked(self, step: str) -> list[str]:
        """The lazy inputs that a step has not asked for."""
        asked = self._asked.get(step, ())
        return [name for name, _ in self.steps[step].lazy if name not in asked]

    def idle(self) -> list[str]:
        """The steps that wait neither to be run nor to be asked for."""
        return [step for step in self.steps if step not in self._holds]

    def inputs(self, step: str) -> dict[str, object]:
        """What a step gets: literals, values, and the outputs linked to it; lazy ones only where asked for."""
        called = self.steps[step]
        inputs = {**called.literals, **called.values}
        for name, link in called.links:
            inputs[name] = self.output(link)
        if asked := self._asked.get(step):
            for name, link in called.lazy:
                if name in asked:
                    inputs[name] = self.output(link)
        return inputs

    def output(self, link: Link) -> object:
        """The value of a finished step's output."""
        return self._outputs[link.node][link.output]

    def outputs(self, step: str) -> tuple[object, ...] | None:
        """What a step gave; None where it has not finished or nobody needs it any more."""
        return self._outputs.get(step)

    def wait_for(self, step: str, others: Sequence[str]) -> None:
        """Make a step that has used its inputs wait for others, whose outputs will be its own."""
        self._release(step)
        self._hold(step, others)

    def finish(self, outputs: tuple[object, ...]) -> None:
        """Take the step that is next off the agenda, with what it gave."""
        step = self.agenda.pop()
        if self.steps[step].values:
            self.steps[step] = replace(self.steps[step], values={})
        self._finished(step, outputs)

    def _finished(self, step: str, outputs: tuple[object, ...]) -> None:
        if self._uses.get(step):
            self._outputs[step] = outputs
        self._release(step)

    def _hold_for(self, steps: Iterable[str]) -> None:
        """Count the uses of what feeds `steps`, and of what feeds that where it is behind a lazy input."""
        waiting = [step for step in steps if step not in self._holds]
        met = set(waiting)
        while waiting:
            step = waiting.pop()
            called = self.steps[step]
            self._hold(step, [link.node for _, link in called.links + called.lazy])
            for source in self._holds[step]:
                if source not in self._required and source not in self._holds and source not in met:
                    met.add(source)
                    waiting.append(source)

    def _hold(self, step: str, sources: Sequence[str]) -> None:
        self._holds[step] = sources
        for source in sources:
            self._uses[source] = self._uses.get(source, 0) + 1

    def _release(self, step: str) -> None:
        """Give up what a step held; what nobody can need any more gives up its own in turn."""
        waiting = [step]
        while waiting:
            for source in self._holds.pop(waiting.pop(), ()):
                self._uses[source] -= 1
                if not self._uses[source]:
                    self._outputs.pop(source, None)
                    if source not in self._required:
                        waiting.append(source)


def _renamed(links: Sequence[tuple[str, Link]], new: Mapping[str, str]) -> list[tuple[str, Link]]:
    return [(name, Link(new[link.node], link.output)) for name, link in links]
