"""What was found in the data of a run, and how it is told."""

from collections import defaultdict
from dataclasses import dataclass

from safelight.runs.data.folder import Example
from safelight.runs.data.problems import Problem
from safelight.training.data.buckets import Size, in_words

TOLD = 5
"""Problems that are mended in one way and are told one by one."""
TAGS_TOLD = 12
SHAPES_TOLD = 8


@dataclass(frozen=True)
class DataReport:
    """What was found in the data of a run.

    Attributes:
        examples: Pictures that can be learned from.
        prior: Pictures that must not change.
        left_out: How many pictures cannot be used.
        captioned: How many of the examples have a caption.
        in_epoch: How often pictures are shown in an epoch.
        buckets: The shapes that examples are shown in, and how many in each.
        tags: What stands between commas in captions, and in how many, the most frequent first.
        problems: What is wrong.
    """

    examples: tuple[Example, ...]
    prior: tuple[Example, ...]
    left_out: int
    captioned: int
    in_epoch: int
    buckets: tuple[tuple[Size, int], ...]
    tags: tuple[tuple[str, int], ...]
    problems: tuple[Problem, ...]

    @property
    def is_fatal(self) -> bool:
        """Whether nothing can be trained as it stands."""
        return any(problem.is_fatal for problem in self.problems)

    @property
    def sizes(self) -> tuple[Size, Size] | None:
        """The smallest and the largest picture by their areas; None where there are none."""
        found = sorted((example.size for example in self.examples), key=lambda size: (size[0] * size[1], size))
        return (found[0], found[-1]) if found else None

    def sentences(self) -> tuple[str, ...]:
        """All of it in plain sentences: what there is, then what is wrong."""
        return *self._there(), *self._wrong()

    def _there(self) -> list[str]:
        said = [f"{_pictures(len(self.examples))}; with repeats, {self.in_epoch:,} in an epoch."]
        if self.left_out:
            said.append(f"{_pictures(self.left_out)} cannot be used and will be left out.")
        if self.prior:
            said.append(f"{_pictures(len(self.prior))} must not change.")
        if self.sizes is not None:
            smallest, largest = self.sizes
            said.append(
                f"All are {in_words(smallest)} pixels."
                if smallest == largest
                else f"They have from {in_words(smallest)} to {in_words(largest)} pixels."
            )
            shapes = [f"{in_words(size)} ({count})" for size, count in self.buckets[:SHAPES_TOLD]]
            shapes += ["…"] * (len(self.buckets) > SHAPES_TOLD)
            said.append(f"They are shown in {', '.join(shapes)}.")
            said.append(self._captions())
        if self.tags:
            told = ", ".join(f"{tag} ({count})" for tag, count in self.tags[:TAGS_TOLD])
            said.append(f"Most frequent in captions: {told}.")
        return said

    def _captions(self) -> str:
        if self.captioned == len(self.examples):
            return "All have captions."
        if not self.captioned:
            return "None has a caption."
        return f"{self.captioned:,} of them {'has a caption' if self.captioned == 1 else 'have captions'}."

    def _wrong(self) -> list[str]:
        by_mend: dict[str, list[Problem]] = defaultdict(list)
        for problem in sorted(self.problems, key=lambda problem: not problem.is_fatal):
            by_mend[problem.mend].append(problem)
        said = []
        for mend, problems in by_mend.items():
            said += [_told(problem) for problem in problems[:TOLD]]
            more = len(problems) - TOLD
            if more > 0:
                said.append(f"The same goes for {'one more file' if more == 1 else f'{more:,} more files'}.")
            said.append(mend)
        return said


def _told(problem: Problem) -> str:
    names_it = not problem.file or problem.file in problem.what
    return problem.what if names_it else f"{problem.file}: {problem.what}"


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"
