"""Which pictures come in which batch: worked out from the seed and the batch's number alone.

There is no state, so a run that goes on after a stop sees what it would have seen.
"""

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from safelight.errors import BadInput
from safelight.runs.data.folder import Example
from safelight.runs.settings import Data
from safelight.training.data.buckets import Size, bucket_of
from safelight.training.data.captions import shown
from safelight.training.data.views import View, view_of

PLACES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Where pictures are cropped at random, as shares of what is too much: few, so that latents can be kept."""
EPOCHS_KNOWN = 2  # whose order is kept in memory: a run goes through one, and looks into the next


@dataclass(frozen=True)
class Batch:
    """What is shown at once.

    Attributes:
        views: Pictures, all of one shape.
        captions: Of each.
        is_prior: Of each, whether it is one of those that must not change.
    """

    views: tuple[View, ...]
    captions: tuple[str, ...]
    is_prior: tuple[bool, ...]


class Batches:
    """All batches of a run, by their numbers, without end.

    Each epoch, every example comes as often as it is to be repeated, in another order. The last batch of a shape may
    be smaller than the others. With prior pictures, half of each batch are such, the smaller half where it is odd but
    at least one; they have epochs of their own and are cropped to the shape of the batch.

    Args:
        examples: What is learned.
        data: How they are shown.
        side: Of a square, in pixels.
        batch: Pictures in a batch.
        seed: Of all draws.
        prior: Pictures that must not change.

    Raises:
        BadInput: There are no examples.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        data: Data,
        side: int,
        batch: int,
        seed: int,
        prior: Sequence[Example] = (),
    ) -> None:
        if not examples:
            raise BadInput("There are no pictures to learn from.", mend="Put pictures into the folder.")
        self._data = data
        self._seed = seed
        self._prior = tuple(prior)
        self._priors = max(1, batch // 2) if prior else 0
        self._own = max(1, batch - self._priors)
        self._by_bucket: dict[Size, list[Example]] = defaultdict(list)
        for example in examples:
            bucket = bucket_of(example.size, side, is_square=not data.buckets)
            self._by_bucket[bucket] += [example] * (example.repeats * data.repeats)
        self._order = lru_cache(maxsize=EPOCHS_KNOWN)(self._ordered)
        self._prior_order = lru_cache(maxsize=EPOCHS_KNOWN)(self._prior_ordered)

    @property
    def in_epoch(self) -> int:
        """Batches of an epoch."""
        return sum(-(-len(examples) // self._own) for examples in self._by_bucket.values())

    @property
    def buckets(self) -> dict[Size, int]:
        """How many pictures of each shape come in an epoch, those that are repeated counted as often."""
        return {bucket: len(examples) for bucket, examples in self._by_bucket.items()}

    def at(self, number: int) -> Batch:
        """The batch of this number, counted from 0."""
        source = self._source("batch", number)
        views = self._views(number, source)
        own = len(views) - self._priors
        captions = (
            shown(view.example.caption, self._data, source, is_prior=place >= own) for place, view in enumerate(views)
        )
        return Batch(views, tuple(captions), tuple(place >= own for place in range(len(views))))

    def views(self, numbers: Iterable[int]) -> tuple[View, ...]:
        """All that some batches show, each once: what is worth encoding beforehand."""
        found: dict[View, None] = {}
        for number in numbers:
            found.update(dict.fromkeys(self._views(number, self._source("batch", number))))
        return tuple(found)

    def _views(self, number: int, source: random.Random) -> tuple[View, ...]:
        epoch, place = divmod(number, self.in_epoch)
        bucket, examples = self._order(epoch)[place]
        return tuple(
            view_of(
                example,
                bucket,
                place=(source.choice(PLACES), source.choice(PLACES)) if self._data.random_crop else (0.5, 0.5),
                is_flipped=self._data.flip and source.random() < 0.5,
                is_masked=self._data.masks,
            )
            for example in (*examples, *self._priors_of(number))
        )

    def _priors_of(self, number: int) -> list[Example]:
        first = number * self._priors
        placed = (divmod(count, len(self._prior)) for count in range(first, first + self._priors))
        return [self._prior_order(epoch)[place] for epoch, place in placed]

    def _ordered(self, epoch: int) -> list[tuple[Size, list[Example]]]:
        """The batches of an epoch."""
        source = self._source("epoch", epoch)
        batches = []
        for bucket, examples in self._by_bucket.items():
            drawn = source.sample(examples, len(examples))
            batches += [(bucket, drawn[start : start + self._own]) for start in range(0, len(drawn), self._own)]
        source.shuffle(batches)
        return batches

    def _prior_ordered(self, epoch: int) -> list[Example]:
        return self._source("prior", epoch).sample(self._prior, len(self._prior))

    def _source(self, what: str, number: int) -> random.Random:
        """A source of draws that depends on nothing but the seed, what is drawn, and its number."""
        digest = hashlib.blake2b(f"{self._seed} {what} {number}".encode(), digest_size=16).digest()
        return random.Random(int.from_bytes(digest, "little"))
