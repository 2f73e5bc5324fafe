"""Measures are taken in their order, each told once, and hold for the rest of the run."""

import weakref

import pytest
import torch
from torch import nn

from safelight.models.memory.measures import ORDER, Measure, Measures
from safelight.models.memory.thrift import Thrift
from safelight.models.placement import Placement
from tests.models.memory.elsewhere import Elsewhere, elsewhere

HELPFUL: tuple[Measure, ...] = ("layers", "singly", "split")


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    return elsewhere(monkeypatch)


class Work:
    """Fails until enough measures are taken."""

    def __init__(self, wanted: int, error: Exception | None = None) -> None:
        self.wanted = wanted
        self.error = error or torch.OutOfMemoryError("out of memory")
        self.calls: list[Measures] = []

    def __call__(self, measures: Measures) -> str:
        self.calls.append(measures)
        if len(measures) < self.wanted:
            raise self.error
        return "done"


def test_measures_are_taken_in_their_order_until_one_helps(device: Elsewhere) -> None:
    network, other = nn.Linear(2, 2), nn.Linear(2, 2)
    device.placement.bring(other)
    device.placement.bring(network)
    thrift, work = Thrift(device.placement, network, HELPFUL), Work(3)
    assert thrift.attempt(work) == "done"
    taken: list[Measure] = ["alone", "singly", "split"]
    assert work.calls == [frozenset(taken[:count]) for count in range(4)]
    assert device.told == [f"Memory is short: {ORDER[measure]}." for measure in taken]
    assert device.there() == {network}
    work.calls.clear()
    thrift.attempt(work)
    assert work.calls == [frozenset(taken)]


def test_a_measure_that_makes_no_difference_is_neither_taken_nor_told(device: Elsewhere) -> None:
    network = nn.Linear(2, 2)
    device.placement.bring(network)
    work = Work(1)
    Thrift(device.placement, network, HELPFUL).attempt(work, useless={"singly"})
    assert work.calls[1:] == [frozenset({"split"})]
    assert len(device.told) == 1


def test_on_the_host_nothing_can_be_sent_away() -> None:
    work = Work(9, RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    with pytest.raises(MemoryError, match="can't allocate"):
        Thrift(Placement(torch.device("cpu")), nn.Linear(2, 2), HELPFUL).attempt(work)
    assert work.calls == [frozenset(), frozenset({"singly"}), frozenset({"singly", "split"})]


@pytest.mark.parametrize("error", [torch.OutOfMemoryError(), RuntimeError("MPS backend out of memory")])
def test_what_does_not_fit_at_all_fails_with_the_error_that_people_are_told_about(
    error: Exception, device: Elsewhere
) -> None:
    with pytest.raises(torch.OutOfMemoryError):
        Thrift(device.placement, nn.Linear(2, 2)).attempt(Work(1, error))


def test_other_errors_are_not_tried_again(device: Elsewhere) -> None:
    work = Work(1, RuntimeError("shapes"))
    with pytest.raises(RuntimeError, match="shapes"):
        Thrift(device.placement, nn.Linear(2, 2), HELPFUL).attempt(work)
    assert len(work.calls) == 1


def test_what_failed_holds_nothing_when_it_is_tried_again(device: Elsewhere) -> None:
    held: list[weakref.ref[torch.Tensor]] = []

    def work(measures: Measures) -> bool:
        if not measures:
            large = torch.zeros(10)
            held.append(weakref.ref(large))
            raise torch.OutOfMemoryError
        return held[0]() is None

    assert Thrift(device.placement, nn.Linear(2, 2), HELPFUL).attempt(work)
