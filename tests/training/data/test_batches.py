"""Which pictures come in which batch."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import BadInput
from safelight.runs.data.folder import Example
from safelight.training.data.batches import PLACES, Batch, Batches
from safelight.training.data.buckets import bucket_of
from tests.training.data.drawn import data, example

SHAPES = ((64, 64), (128, 64), (64, 128), (100, 80))


def some(count: int, *, mark: str = "", repeats: int = 1) -> list[Example]:
    """Examples of several shapes."""
    return [
        example(SHAPES[number % len(SHAPES)], f"{mark}{number}.png", caption=f"{mark}{number}", repeats=repeats)
        for number in range(count)
    ]


def batches(examples: list[Example], batch: int = 4, seed: int = 0, /, **values: object) -> Batches:
    prior = values.pop("prior", [])
    return Batches(examples, data(Path(), **values), 64, batch, seed, prior)  # type: ignore[arg-type]


def epoch(of: Batches, number: int) -> list[Batch]:
    return [of.at(place) for place in range(number * of.in_epoch, (number + 1) * of.in_epoch)]


def own(batch: Batch) -> list[Example]:
    return [view.example for view, prior in zip(batch.views, batch.is_prior, strict=True) if not prior]


@settings(deadline=None, max_examples=50)
@given(
    count=st.integers(1, 30),
    batch=st.integers(1, 7),
    repeats=st.integers(1, 3),
    more=st.integers(1, 3),
    at=st.integers(0, 9),
)
def test_every_example_comes_as_often_as_it_is_repeated_in_every_epoch(
    count: int, batch: int, repeats: int, more: int, at: int
) -> None:
    examples = some(count, repeats=repeats)
    of = batches(examples, batch, repeats=more)
    counts = Counter(found for each in epoch(of, at) for found in own(each))
    assert counts == dict.fromkeys(examples, repeats * more)


@settings(deadline=None, max_examples=50)
@given(count=st.integers(1, 30), batch=st.integers(1, 7), number=st.integers(0, 10_000))
def test_all_pictures_of_a_batch_have_one_shape_which_is_that_of_its_own(count: int, batch: int, number: int) -> None:
    found = batches(some(count), batch, prior=some(5, mark="p")).at(number)
    assert len({view.size for view in found.views}) == 1
    assert {bucket_of(each.size, 64) for each in own(found)} == {found.views[0].size}
    assert len(found.views) == len(found.captions) == len(found.is_prior) <= max(2, batch)


@pytest.mark.parametrize("values", [{}, {"flip": True, "random_crop": True, "shuffle_tags": True, "drop_tags": 0.5}])
def test_a_batch_depends_on_seed_and_number_alone(values: dict[str, object]) -> None:
    one, other = (batches(some(11), 4, 3, prior=some(3, mark="p"), **values) for _ in range(2))
    forward = [one.at(number) for number in range(60)]
    backward = [other.at(number) for number in reversed(range(60))]
    assert forward == backward[::-1]
    assert forward != [batches(some(11), 4, 4, prior=some(3, mark="p"), **values).at(n) for n in range(60)]


def test_global_random_state_is_neither_read_nor_changed() -> None:
    of = batches(some(11), flip=True)
    random.seed(1)
    state = random.getstate()
    first = of.at(5)
    assert random.getstate() == state
    random.seed(2)
    assert batches(some(11), flip=True).at(5) == first


def test_the_order_is_another_each_epoch() -> None:
    of = batches(some(12), 3)
    orders = {tuple(found.picture for batch in epoch(of, number) for found in own(batch)) for number in range(5)}
    assert len(orders) == 5


def test_batches_are_those_of_earlier_versions() -> None:
    """A run that an earlier version began goes on with what it would have seen."""
    found = batches(some(6), 2, 7, flip=True).at(6)
    assert [view.example.picture.name for view in found.views] == ["4.png", "0.png"]
    assert [view.is_flipped for view in found.views] == [True, False]


@pytest.mark.parametrize(("batch", "own_count", "priors"), [(1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 2, 2), (7, 4, 3)])
def test_with_prior_pictures_the_second_half_of_a_batch_are_such(batch: int, own_count: int, priors: int) -> None:
    found = batches([example()], batch, repeats=20, prior=some(5, mark="p")).at(0)
    assert found.is_prior == (False,) * own_count + (True,) * priors
    assert all(view.example.picture.name.startswith("p") for view in found.views[own_count:])


def test_prior_pictures_have_epochs_of_their_own() -> None:
    prior = some(5, mark="p")
    of = batches(some(4), 4, prior=prior)
    seen = [
        view.example
        for number in range(20)
        for view, is_prior in zip(of.at(number).views, of.at(number).is_prior, strict=True)
        if is_prior
    ]
    assert len(seen) == 40
    for start in range(0, 40, 5):
        assert set(seen[start : start + 5]) == set(prior)


def test_prior_pictures_are_told_without_the_trigger() -> None:
    found = batches(some(4), 4, prior=some(4, mark="p"), trigger="sks", drop_caption=0.0).at(0)
    assert [caption.startswith("sks, ") for caption in found.captions] == [not prior for prior in found.is_prior]


def test_pictures_are_mirrored_half_the_time_where_that_is_wanted() -> None:
    of = batches([example()], 1, flip=True)
    flips = sum(of.at(number).views[0].is_flipped for number in range(2000))
    assert abs(flips - 1000) < 5 * 500**0.5
    assert not any(batches([example()], 1).at(number).views[0].is_flipped for number in range(50))


def test_pictures_are_cropped_in_the_middle_or_in_a_few_places() -> None:
    tall = example((64, 96))
    middle = batches([tall], 1, buckets=False)
    assert {middle.at(number).views[0].top for number in range(50)} == {16}
    anywhere = batches([tall], 1, buckets=False, random_crop=True)
    assert {anywhere.at(number).views[0].top for number in range(200)} == {round(32 * place) for place in PLACES}


def test_what_will_be_shown_is_known_beforehand() -> None:
    of = batches(some(9), flip=True, random_crop=True, prior=some(3, mark="p"))
    views = of.views(range(40))
    assert len(set(views)) == len(views)
    assert set(views) == {view for number in range(40) for view in of.at(number).views}


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(BadInput, match="no pictures"):
        batches([])


def test_epochs_of_50000_pictures_are_ordered_in_a_second() -> None:
    of = batches(some(50_000), 8)
    started = time.process_time()
    of.at(0)
    of.at(of.in_epoch)
    assert time.process_time() - started < 2
