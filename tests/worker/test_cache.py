from dataclasses import dataclass

import numpy as np
import pytest
import torch

from safelight.protocol.events import Output
from safelight.worker.cache import ENTRY, OBJECT, Cache, size_of
from safelight.worker.stored import Entry


def kilobyte(value: int) -> tuple[torch.Tensor]:
    return (torch.full([1000], value, dtype=torch.uint8),)


def test_a_result_is_found_again_with_what_it_showed() -> None:
    cache = Cache(10_000)
    shown = Output("j", "1", "text", text="x")
    cache.put("a", Entry((1, 2), (shown,)))
    entry = cache.get("a")
    assert entry is not None
    assert (entry.outputs, entry.shown) == ((1, 2), (shown,))
    assert cache.get("b") is None


def test_the_least_recently_used_goes_first_and_the_bound_holds() -> None:
    cache = Cache(5_500)
    for index, key in enumerate("abc"):
        cache.put(key, Entry(kilobyte(index)))
    cache.get("a")
    cache.put("d", Entry(kilobyte(4)))
    assert [key for key in "abcd" if cache.get(key)] == ["a", "c", "d"]
    assert cache.size <= cache.limit


def test_a_result_that_is_larger_than_the_bound_is_not_kept_and_pushes_nothing_out() -> None:
    cache = Cache(3_000)
    cache.put("a", Entry(kilobyte(1)))
    cache.put("b", Entry((torch.zeros(10_000),)))
    assert cache.get("a") is not None
    assert cache.get("b") is None


def test_a_result_is_replaced_and_its_size_with_it() -> None:
    cache = Cache(10_000)
    cache.put("a", Entry(kilobyte(1)))
    size = cache.size
    cache.put("a", Entry(kilobyte(2)))
    assert cache.size == size
    assert len(cache) == 1


def test_nothing_is_kept_under_no_key() -> None:
    cache = Cache(10_000)
    cache.put(None, Entry((1,)))
    assert len(cache) == 0
    assert cache.get(None) is None


def test_clearing_forgets_everything() -> None:
    cache = Cache(10_000)
    cache.put("a", Entry((1,)))
    cache.clear()
    assert (len(cache), cache.size) == (0, 0)


def test_many_small_results_stay_within_the_bound() -> None:
    cache = Cache(1_000_000)
    for index in range(5_000):
        cache.put(str(index), Entry((index,)))
    assert cache.size <= cache.limit
    assert len(cache) <= 1_000_000 / ENTRY


@dataclass(frozen=True)
class Pair:
    first: object
    second: object


def test_tensors_arrays_and_texts_count_their_bytes() -> None:
    assert size_of(torch.zeros(4, 64, 64)) == 4 * 64 * 64 * 4 + OBJECT
    assert size_of(np.zeros(1000, dtype=np.float64)) == 8000 + OBJECT
    assert size_of("x" * 1000) == 1000 + OBJECT
    assert size_of(5) == OBJECT


def test_what_containers_and_dataclasses_hold_is_counted() -> None:
    value = {"a": [torch.zeros(100), (torch.zeros(100),)], "b": Pair(torch.zeros(100), {"c": b"x" * 50})}
    assert 1250 <= size_of(value) < 1250 + 20 * OBJECT


def test_a_tensor_and_its_views_are_counted_once_and_whole() -> None:
    base = torch.zeros(1000)
    assert size_of((base, base[:10], base.view(10, 100))) < 4000 + 10 * OBJECT
    assert size_of(base[:10]) >= 4000


def test_a_value_nested_a_hundred_thousand_deep_or_in_itself_is_counted() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert size_of(deep) > 100_000
    circle: list[object] = []
    circle.append(circle)
    assert size_of(circle) == OBJECT


def test_the_weights_of_a_network_count() -> None:
    layer = torch.nn.Linear(100, 50)
    assert size_of((layer,)) == pytest.approx((100 * 50 + 50) * 4, rel=0.05)
