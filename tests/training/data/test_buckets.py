"""Shapes that pictures are shown in."""

from itertools import pairwise
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.training.data.buckets import (
    MOST_LOST,
    bucket_of,
    bucket_sizes,
    covering,
    enlargement,
    lost,
    step_for,
)

SIDES = st.integers(8, 256).map(lambda cells: cells * 8)
SIZES = st.tuples(st.integers(1, 8000), st.integers(1, 8000))


def test_the_shapes_of_512_are_those_of_the_published_scheme() -> None:
    wide = [(512, 512), (576, 448), (640, 384), (704, 320), (768, 320), (832, 256), (896, 256), (960, 256), (1024, 256)]
    assert set(bucket_sizes(512)) == {*wide, *((height, width) for width, height in wide)}


@given(side=SIDES)
def test_shapes_keep_to_their_limits_and_none_lacks_its_twin(side: int) -> None:
    shapes = bucket_sizes(side)
    step = step_for(side)
    assert step % 8 == 0
    for width, height in shapes:
        assert width % step == height % step == 0
        assert width * height <= side * side
        assert min(side / 2, side // step * step) <= min(width, height) <= max(width, height) <= 2 * side
        assert (height, width) in shapes
    assert (side // step * step,) * 2 in shapes
    assert all(a[0] / a[1] < b[0] / b[1] for a, b in pairwise(shapes))


@given(side=SIDES, size=SIZES)
def test_a_picture_gets_the_nearest_shape_by_the_logarithm_of_its_ratio(side: int, size: tuple[int, int]) -> None:
    def off(shape: tuple[int, int]) -> float:
        return abs(log(shape[0] / shape[1]) - log(size[0] / size[1]))

    assert off(bucket_of(size, side)) == min(map(off, bucket_sizes(side)))


@given(side=SIDES, size=SIZES)
def test_a_picture_is_scaled_evenly_and_no_more_than_covers_its_shape(side: int, size: tuple[int, int]) -> None:
    bucket = bucket_of(size, side)
    scaled = covering(size, bucket)
    factor = enlargement(size, bucket)
    assert scaled[0] >= bucket[0]
    assert scaled[1] >= bucket[1]
    assert scaled[0] == bucket[0] or scaled[1] == bucket[1]
    for part, whole in zip(scaled, size, strict=True):
        assert abs(part - whole * factor) <= 0.5 + 1e-6 * part


@given(side=SIDES.filter(lambda side: side >= 96), width=st.integers(1000, 8000), ratio=st.floats(0.25, 4))
def test_of_pictures_up_to_4_to_1_little_is_lost(side: int, width: int, ratio: float) -> None:
    size = (width, max(1, round(width / ratio)))
    assert lost(size, bucket_of(size, side)) <= MOST_LOST


def test_a_picture_of_a_shapes_own_ratio_loses_nothing() -> None:
    for bucket in bucket_sizes(1024):
        size = (bucket[0] * 3, bucket[1] * 3)
        assert bucket_of(size, 1024) == bucket
        assert lost(size, bucket) == 0


@given(side=SIDES, size=SIZES)
def test_without_buckets_all_pictures_are_squares(side: int, size: tuple[int, int]) -> None:
    assert bucket_of(size, side, is_square=True) == (side, side)


@pytest.mark.parametrize(
    ("side", "step"), [(64, 8), (120, 8), (128, 16), (256, 16), (512, 64), (576, 32), (768, 64), (904, 8), (1024, 64)]
)
def test_steps_grow_with_the_side_and_fit_twice_into_it(side: int, step: int) -> None:
    assert step_for(side) == step
