"""What the routes have in common: pages, ids, and the shape of a refusal."""

import json
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import BaseModel, Field

from safelight.errors import BadInput
from safelight.graph.missing import MissingFile
from safelight.graph.problems import Problem

MOST = 200  # entries of a page
LAST = 2**31 - 1

ID = r"^[A-Za-z0-9_-]{1,64}$"
TEXT = r"^[^\x00]*$"  # a database may refuse texts with null characters

Id = Annotated[str, Path(pattern=ID)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Entries of the page.")]
Offset = Annotated[int, Query(ge=0, le=LAST, description="Entries before the page.")]
Everyone = Annotated[bool, Query(description="Those of everybody, where you are an admin.")]
Name = Annotated[str, Field(min_length=1, max_length=255, pattern=TEXT)]
Words = Annotated[str, Field(max_length=255, pattern=TEXT)]
Document = dict[str, Any]
"""JSON that is handed on as it is."""


class NotThere(BadInput):
    """There is no such thing, or it is another person's."""


class SettingsRefused(BadInput):
    """Settings that cannot be."""


class ProblemView(BaseModel):
    """One thing to mend before a workflow can run; `node` is empty where it is the workflow as a whole."""

    kind: str
    message: str
    mend: str
    node: str
    class_type: str
    input: str


class MissingView(BaseModel):
    """A file that a node names and that is not in its folder; `nearest` are those that may be meant."""

    node: str
    class_type: str
    input: str
    folder: str
    name: str
    nearest: list[str]


class Reason(BaseModel):
    """What happened, where, and how to mend it."""

    what: str
    where: str = ""
    mend: str = ""
    problems: list[ProblemView] | None = None


class Refusal(BaseModel):
    """The answer to what cannot be done."""

    error: Reason


REFUSAL: dict[int | str, dict[str, Any]] = {400: {"model": Refusal}}
"""For one route, whose answer brings the shape of all refusals into the document."""
_SHAPE = {"$ref": f"#/components/schemas/{Refusal.__name__}"}
_MEANINGS = {
    400: "It cannot be done as it was asked for.",
    401: "You are not signed in.",
    403: "Somebody else may do that.",
    404: "There is no such thing, or it is another person's.",
    413: "It is too large.",
    422: "The request or the workflow is malformed; `problems` names nodes and inputs.",
    429: "You have too many jobs in the queue, have used up a quota, or guessed too often.",
    500: "The job failed.",
    503: "The server is starting, or its database is held by another program; try again.",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers of a route that refuses, for its documentation; those that every route has come with them.

    The shape is named only, and `REFUSAL` brings it in once: for a model, each answer of each route would be given a
    validator of its own, which takes a quarter of a second of the start.
    """
    return {
        status: {"description": _MEANINGS[status], "content": {"application/json": {"schema": _SHAPE}}}
        for status in (*statuses, 422, 503)
    }


def problem_views(problems: Iterable[Problem]) -> list[ProblemView]:
    """What is wrong, as it is answered."""
    return [ProblemView.model_validate(problem, from_attributes=True) for problem in problems]


def missing_views(missing: Iterable[MissingFile]) -> list[MissingView]:
    """Files that are not there, as they are answered."""
    return [MissingView.model_validate(each, from_attributes=True) for each in missing]


def check_json(document: object, most: int) -> None:
    """See that decoded JSON can be kept, and read by everybody.

    Args:
        document: Decoded JSON.
        most: Characters that it may have.

    Raises:
        BadInput: It is too large, or holds what no other program could read: NaN, half a character, endless nesting.
    """
    try:
        text = json.dumps(document, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise BadInput(f"This is not JSON that can be kept: {error}.", mend="Leave NaN and the like out.") from error
    if len(text) > most:
        raise BadInput(
            f"The document has {len(text)} characters, and at most {most} are kept.", mend="Make it smaller."
        )


def as_text(document: object, most: int) -> str:
    """JSON as it is kept; arguments and errors as of `check_json`."""
    check_json(document, most)
    return json.dumps(document)
