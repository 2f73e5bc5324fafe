"""The state of a job while it runs: which steps wait, what the finished ones gave, and who still needs that."""

from collections.abc import Callable, Iterable, Sequence

from safelight.graph.keys import Key
from safelight.graph.plan import Feed, Plan, Step
from safelight.worker.cache import Entry

Hit = tuple[int, Entry]
"""The place of a step, and its result from the cache."""


class Running:
    """A plan that is being run; expansions make it longer.

    A value is held as long as a step that may need it has not finished, and no longer.

    Attributes:
        steps: The plan's, and after them those of expansions, each after those that feed it.
        keys: Their cache keys.
        agenda: Places of the steps to run, the next one last.
    """

    def __init__(self, plan: Plan, keys: Sequence[Key], find: Callable[[Key], Entry | None]) -> None:
        self.steps = list(plan.steps)
        self.keys: list[Key] = []
        self.agenda: list[int] = []
        self._find = find
        self._outputs: list[tuple[object, ...] | None] = []
        self._uses: list[int] = []
        self._required = bytearray()
        self._holds: dict[int, Sequence[Feed]] = {}
        self._asked: dict[int, set[str]] = {}
        self._add(keys)
        for place in plan.targets:
            self._uses[place] += 1

    def grow(self, steps: Iterable[Step], keys: Sequence[Key], node: str) -> None:
        """Add the steps of another plan, as inner ones of `node`."""
        start = len(self.steps)
        for step in steps:
            feeds, lazy = _moved(step.feeds, start), _moved(step.lazy, start)
            self.steps.append(step._replace(node=node, feeds=feeds, lazy=lazy))
        self._add(keys)

    def require(self, places: Iterable[int]) -> list[Hit]:
        """Put steps on the agenda, with all that feeds them; those with a result in the cache need neither."""
        hits: list[Hit] = []
        fresh: list[int] = []
        waiting = list(places)
        while waiting:
            place = waiting.pop()
            if self._required[place]:
                continue
            self._required[place] = True
            entry = self._find(self.keys[place])
            if entry is None:
                fresh.append(place)
                waiting.extend([feed.step for feed in self.steps[place].feeds])
            else:
                self._outputs[place] = entry.outputs
                hits.append((place, entry))
        self.agenda.extend(sorted(fresh, reverse=True))
        self._hold_for(fresh)
        for place, entry in hits:
            self._finished(place, entry.outputs)
        return hits

    def ask(self, place: int, names: Iterable[str]) -> list[Hit]:
        """Require the lazy inputs `names` of a step."""
        asked = self._asked.setdefault(place, set())
        asked.update(names)
        return self.require([feed.step for feed in self.steps[place].lazy if feed.name in asked])

    def unasked(self, place: int) -> dict[str, int]:
        """The lazy inputs that a step has not asked for, and the places of what feeds them."""
        asked = self._asked.get(place, ())
        return {feed.name: feed.step for feed in self.steps[place].lazy if feed.name not in asked}

    def may_run(self, place: int) -> bool:
        """Whether a step waits to be run, or to be asked for."""
        return place in self._holds

    def inputs(self, place: int) -> dict[str, object]:
        """What a step gets: literals, values, and the outputs linked to it; lazy ones only where asked for."""
        step = self.steps[place]
        inputs = {**step.literals, **step.values}
        for feed in step.feeds:
            inputs[feed.name] = self.output(feed)
        if asked := self._asked.get(place):
            for feed in step.lazy:
                if feed.name in asked:
                    inputs[feed.name] = self.output(feed)
        return inputs

    def output(self, feed: Feed) -> object:
        """The value of a finished step's output."""
        outputs = self._outputs[feed.step]
        assert outputs is not None, "the step has not finished, or its outputs were given up"
        return outputs[feed.output]

    def outputs(self, place: int) -> tuple[object, ...] | None:
        """What a step gave; None where it has not finished or nobody needs it any more."""
        return self._outputs[place]

    def wait_for(self, place: int, feeds: Sequence[Feed]) -> None:
        """Make a step that has used its inputs wait for others, whose outputs will be its own."""
        self._release(place)
        self._holds[place] = feeds
        for feed in feeds:
            self._uses[feed.step] += 1

    def finish(self, outputs: tuple[object, ...]) -> None:
        """Take the step that is next off the agenda, with what it gave."""
        place = self.agenda.pop()
        if self.steps[place].values:
            self.steps[place] = self.steps[place]._replace(values={})
        self._finished(place, outputs)

    def _add(self, keys: Sequence[Key]) -> None:
        self.keys.extend(keys)
        self._outputs.extend([None] * len(keys))
        self._uses.extend([0] * len(keys))
        self._required.extend(bytes(len(keys)))

    def _finished(self, place: int, outputs: tuple[object, ...]) -> None:
        self._outputs[place] = outputs if self._uses[place] else None
        self._release(place)

    def _hold_for(self, places: Iterable[int]) -> None:
        """Count the uses of what feeds `places`, and of what feeds that where it is behind a lazy input."""
        waiting = [place for place in places if place not in self._holds]
        for place in waiting:
            self._holds[place] = ()
        while waiting:
            place = waiting.pop()
            step = self.steps[place]
            self._holds[place] = feeds = step.feeds + step.lazy
            for feed in feeds:
                self._uses[feed.step] += 1
                if not self._required[feed.step] and feed.step not in self._holds:
                    self._holds[feed.step] = ()
                    waiting.append(feed.step)

    def _release(self, place: int) -> None:
        """Give up what a step held; what nobody can need any more gives up its own in turn."""
        waiting = [place]
        while waiting:
            for feed in self._holds.pop(waiting.pop(), ()):
                self._uses[feed.step] -= 1
                if not self._uses[feed.step]:
                    self._outputs[feed.step] = None
                    if not self._required[feed.step]:
                        waiting.append(feed.step)


def _moved(feeds: Sequence[Feed], start: int) -> tuple[Feed, ...]:
    return tuple([Feed(name, start + step, output) for name, step, output in feeds])
