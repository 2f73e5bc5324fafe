"""What the positive prompt shares with the others, and which prompt controls are shown: settled once for a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from torch import Tensor

from safelight.diffusion.conditioning import Cond, Conditioning
from safelight.diffusion.control import Control, ControlCall, Residuals

Shared = TypeVar("Shared")


def settle(conds: Conditioning, positive: Conditioning) -> Conditioning:
    """The conds of one prompt with all that counts for them, and each control shown the prompt that it is to see.

    Where the positive prompt shares controls, and none of `conds` that count everywhere has any, they get them in
    turn; of several for one, the last counts. The same goes for changes of the network that are to be shared.

    Args:
        conds: Any prompt of the run.
        positive: The positive prompt.
    """
    sharing = [cond for cond in positive if _everywhere(cond)]
    controls = [cond.controls for cond in sharing if cond.controls and cond.controls_shared]
    changes = [shared for cond in sharing if (shared := cond.shared_changes)]
    conds = _given_out(
        controls, conds, has=lambda cond: bool(cond.controls), give=lambda cond, found: replace(cond, controls=found)
    )
    conds = _given_out(
        changes,
        conds,
        has=lambda cond: bool(cond.shared_changes),
        give=lambda cond, found: replace(cond, changes=(*cond.changes, *found)),
    )
    return tuple(_shown_its_own(cond) for cond in conds)


def _given_out(
    shared: Sequence[Shared],
    conds: Conditioning,
    *,
    has: Callable[[Cond], bool],
    give: Callable[[Cond, Shared], Cond],
) -> Conditioning:
    places = [place for place, cond in enumerate(conds) if _everywhere(cond)]
    if not places or any(has(conds[place]) for place in places):
        return conds
    settled = list(conds)
    for number, found in enumerate(shared):
        place = places[number % len(places)]
        settled[place] = give(conds[place], found)
    return tuple(settled)


def _everywhere(cond: Cond) -> bool:
    """Whether the network is shown the whole picture for it; a mask may be laid over the result."""
    return cond.area is None and not cond.mask_bounds


def _shown_its_own(cond: Cond) -> Cond:
    if cond.control_context is None:
        return cond
    return replace(cond, controls=tuple(_Retold(control, cond.control_context) for control in cond.controls))


@dataclass(frozen=True, eq=False)
class _Retold:
    """A control that is shown another prompt than the network."""

    control: Control
    context: Tensor

    @property
    def start(self) -> float:
        return self.control.start

    @property
    def end(self) -> float:
        return self.control.end

    def __call__(self, call: ControlCall) -> Residuals:
        context = self.context.to(call.context).expand(len(call.context), -1, -1)
        return self.control(replace(call, context=context))
