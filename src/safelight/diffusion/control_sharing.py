"""Which conds a control counts for, and which prompt it is shown: settled once for a run."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import Tensor

from safelight.diffusion.conditioning import Cond, Conditioning
from safelight.diffusion.control import Control, ControlCall, Residuals


def settle_controls(conds: Conditioning, positive: Conditioning) -> Conditioning:
    """The conds of one prompt with all controls that count for them, each shown the prompt that it is to see.

    Where the positive prompt shares its controls, and none of `conds` that count everywhere has any, they get them
    in turn; of several for one, the last counts.

    Args:
        conds: Any prompt of the run.
        positive: The positive prompt.
    """
    return tuple(_shown_its_own(cond) for cond in _shared(conds, positive))


def _shared(conds: Conditioning, positive: Conditioning) -> Conditioning:
    places = [place for place, cond in enumerate(conds) if _everywhere(cond)]
    if not places or any(conds[place].controls for place in places):
        return conds
    settled = list(conds)
    for number, controls in enumerate(_given(positive)):
        place = places[number % len(places)]
        settled[place] = replace(conds[place], controls=controls)
    return tuple(settled)


def _given(positive: Conditioning) -> Iterator[tuple[Control, ...]]:
    return (cond.controls for cond in positive if cond.controls and cond.controls_shared and _everywhere(cond))


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
