"""Errors as answers: what happened, where, and how to mend it; never a stack trace."""

import logging

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from safelight.errors import BadInput, SafelightError
from safelight.graph.problems import Problem
from safelight.jobs.admission import WorkflowRejected
from safelight.jobs.queue import NoSuchJob, QueueFull
from safelight.jobs.quotas import OverQuota
from safelight.jobs.shelf import NotYet
from safelight.server.access import NotAllowed, NotSignedIn, TooManyTries
from safelight.server.api.answers import NotThere, SettingsRefused
from safelight.server.looking import LookerLost
from safelight.server.security.headers import HEADERS
from safelight.store.accounts import NoSuchAccount
from safelight.store.database import DatabaseBusy

log = logging.getLogger(__name__)

RETRY_AFTER = 2  # seconds
STATUS: dict[type[SafelightError], int] = {
    NotSignedIn: 401,
    NotAllowed: 403,
    NoSuchJob: 404,
    NotThere: 404,
    NoSuchAccount: 404,
    WorkflowRejected: 422,
    SettingsRefused: 422,
    QueueFull: 429,
    OverQuota: 429,
    TooManyTries: 429,
    DatabaseBusy: 503,
    NotYet: 503,
    LookerLost: 503,
    BadInput: 400,
    SafelightError: 500,
}
"""What each kind of error is answered with; of several that fit, the first."""


def status_of(error: SafelightError) -> int:
    """The status that an error is answered with."""
    return next(status for kind, status in STATUS.items() if isinstance(error, kind))


def told(error: SafelightError) -> dict[str, object]:
    """An error as JSON data."""
    answer: dict[str, object] = {"what": error.what, "where": error.where, "mend": error.mend}
    if isinstance(error, WorkflowRejected):
        answer["problems"] = [_problem(problem) for problem in error.problems]
    return {"error": answer}


async def answer_error(_: Request, error: Exception) -> JSONResponse:
    """The answer to an error that a person can mend."""
    assert isinstance(error, SafelightError), "it is registered for these"
    status = status_of(error)
    if status >= 500:
        log.warning("%s", error)
    return JSONResponse(told(error), status, headers={"Retry-After": str(RETRY_AFTER)} if status == 503 else None)


async def answer_http(_: Request, error: Exception) -> JSONResponse:
    """The answer where there is no such page, or not by this method."""
    assert isinstance(error, HTTPException), "it is registered for these"
    what = BadInput(str(error.detail), mend="Look at /api/v1/docs for what there is.")
    return JSONResponse(told(what), error.status_code, headers=error.headers)


async def answer_form(_: Request, error: Exception) -> JSONResponse:
    """The answer to a request that is not shaped as the API says."""
    assert isinstance(error, RequestValidationError), "it is registered for these"
    wrong = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
    what = BadInput(f"The request is malformed: {'; '.join(wrong)[:2000]}.", mend="Look at /api/v1/docs.")
    return JSONResponse(told(what), 422)


async def answer_unexpected(_: Request, error: Exception) -> JSONResponse:
    """The answer to a mistake of ours; the details are in the log."""
    what = f"Safelight made a mistake it did not expect ({type(error).__name__})."
    mistake = SafelightError(what, mend="Details are in the log; please report them.")
    return JSONResponse(told(mistake), 500, headers=HEADERS)  # sent from in front of all middlewares


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "kind": problem.kind,
        "message": problem.message,
        "mend": problem.mend,
        "node": problem.node,
        "class_type": problem.class_type,
        "input": problem.input,
    }
