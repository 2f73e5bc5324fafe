"""What counts for which conds. The rule of sharing was seen in the recorded workflow `controlnet_simple`."""

from dataclasses import dataclass, field, replace

import pytest
import torch
from torch import Tensor

from safelight.diffusion.conditioning import Area, Cond, NetworkChange
from safelight.diffusion.control import ControlCall, Residuals
from safelight.diffusion.placement import place, with_shared_boxes
from safelight.diffusion.sharing import settle


@dataclass(eq=False)
class Recorder:
    """A control that keeps what prompt it was shown."""

    start: float = 0.2
    end: float = 0.8
    contexts: list[Tensor] = field(default_factory=list)

    def __call__(self, call: ControlCall) -> Residuals:
        self.contexts.append(call.context)
        return Residuals(middle=torch.ones(1))


class Boxes(NetworkChange):
    """A change that is shared."""

    shared = True


PLAIN = Cond(torch.zeros(1, 77, 8))
CONTROL, OTHER = Recorder(), Recorder()
SHARING = replace(PLAIN, controls=(CONTROL,), controls_shared=True)


def controls(conds: tuple[Cond, ...]) -> list[tuple[object, ...]]:
    return [cond.controls for cond in conds]


def test_a_negative_prompt_without_controls_gets_those_that_are_shared() -> None:
    assert controls(settle((PLAIN,), (SHARING,))) == [(CONTROL,)]


@pytest.mark.parametrize(
    ("negative", "positive"),
    [
        (replace(PLAIN, controls=(OTHER,)), SHARING),
        (PLAIN, replace(SHARING, controls_shared=False)),
        (PLAIN, replace(SHARING, area=Area(8, 8, 0, 0))),
        (replace(PLAIN, area=Area(8, 8, 0, 0)), SHARING),
        (replace(PLAIN, mask_bounds=True), SHARING),
    ],
    ids=["has its own", "not shared", "counts in an area", "is for an area", "is for a mask's bounds"],
)
def test_controls_stay_where_they_are(negative: Cond, positive: Cond) -> None:
    assert settle((negative,), (positive,)) == (negative,)


def test_the_positive_prompt_keeps_its_controls() -> None:
    assert settle((SHARING, PLAIN), (SHARING, PLAIN)) == (SHARING, PLAIN)


def test_several_are_given_out_in_turn() -> None:
    positive = tuple(replace(SHARING, controls=(Recorder(),)) for _ in range(3))
    found = settle((PLAIN, PLAIN), positive)
    assert controls(found) == [positive[2].controls, positive[1].controls]


def test_changes_are_shared_by_the_same_rule_where_they_are_to_be() -> None:
    boxes, own, hook = Boxes(), Boxes(), NetworkChange()
    positive = replace(PLAIN, changes=(hook, boxes))
    assert settle((PLAIN,), (positive,)) == (replace(PLAIN, changes=(boxes,)),)
    assert settle((replace(PLAIN, changes=(hook,)),), (positive,))[0].changes == (hook, boxes)
    for kept in (replace(PLAIN, changes=(own,)), replace(PLAIN, area=Area(8, 8, 0, 0))):
        assert settle((kept,), (positive,)) == (kept,)


def test_a_control_is_shown_the_prompt_that_was_written_for_it() -> None:
    control = Recorder()
    told = torch.full((1, 154, 8), 3.0)
    (cond,) = settle((replace(PLAIN, controls=(control,), control_context=told),), (PLAIN,))
    (settled,) = cond.controls
    assert (settled.start, settled.end) == (0.2, 0.8)
    settled(ControlCall(torch.zeros(4, 4, 8, 8), torch.ones(()), torch.ones(1), torch.zeros(4, 77, 8), None))
    assert torch.equal(control.contexts[0], told.expand(4, -1, -1))


def test_a_box_that_is_shared_comes_with_its_controls_and_shared_changes() -> None:
    boxes = Boxes()
    positive = replace(PLAIN, controls=(CONTROL,), changes=(NetworkChange(), boxes), area=Area(4, 4, 0, 0))
    steered, plain = (
        place((cond,), torch.zeros(1, 4, 8, 8), lambda percent: 10 - 10 * percent, torch.tensor([10.0, 0.0]))
        for cond in (positive, PLAIN)
    )
    everywhere, in_box = with_shared_boxes(plain, steered)
    assert (everywhere.cond.controls, in_box.cond.controls) == ((), (CONTROL,))
    assert (everywhere.cond.changes, in_box.cond.changes) == ((), (boxes,))
    assert in_box.box == steered[0].box
