"""What a person is told when a node fails. Stack traces go to the log."""

import logging

import torch

from safelight.errors import SafelightError
from safelight.graph.plan import Step
from safelight.protocol.events import Failed

log = logging.getLogger(__name__)

_SMALLER = "Make a smaller picture or fewer at once, or close other programs."
_PLAIN: dict[type[Exception], tuple[str, str]] = {
    MemoryError: ("There is not enough memory.", _SMALLER),
    torch.OutOfMemoryError: ("There is not enough memory on the device.", _SMALLER),
}
_FAULT = "This is probably a fault of the node and not of the workflow; the log has the details."


def failed(job: str, error: Exception, step: Step | None = None) -> Failed:
    """The event for an error; `step` is where it happened, None when it was in no node."""
    told = _explained(error)
    if step is None:
        return Failed(job, told.what, told.where, told.mend)
    told = told.at(f"{step.title} (node {step.node})")
    return Failed(job, told.what, told.where, told.mend, step.node, step.spec.class_type)


def _explained(error: Exception) -> SafelightError:
    if isinstance(error, SafelightError):
        return error
    log.error("unexpected failure", exc_info=error)
    for kind, (what, mend) in _PLAIN.items():
        if isinstance(error, kind):
            return SafelightError(what, mend=mend)
    first = next(iter(str(error).splitlines()), "")
    what = f"Unexpected {type(error).__name__}" + (f": {first}" if first else "")
    return SafelightError(what if what.endswith(".") else f"{what}.", mend=_FAULT)
