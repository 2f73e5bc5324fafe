"""`/prompt`: workflows are put into the queue."""

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from safelight.errors import BadInput
from safelight.graph.pictures_named import pictures_named
from safelight.graph.problems import shown
from safelight.jobs.admission import WorkflowRejected, admit
from safelight.server.comfy.asking import Asked, answer
from safelight.server.comfy.verdict import node_errors, verdict
from safelight.store import jobs as rows
from safelight.store.jobs import JobRow, NewJob

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Of a job: it names files."""
LONGEST_CLIENT = 255  # characters
HIGHEST_NUMBER = 10**9
NO_PREVIEWS = "none"
"""The value of `preview_method` in `extra_data` of those who want no previews."""


def remaining(asked: Asked) -> Response:
    """`GET /prompt`: the length of the queue."""
    return answer({"exec_info": {"queue_remaining": asked.studio.queue.remaining()}})


def submit(asked: Asked) -> Response:
    """`POST /prompt`: check a workflow, and put what is sound of it into the queue."""
    document = asked.document()
    studio, me = asked.studio, asked.me
    prompt, targets = document.get("prompt"), _targets(document.get("partial_execution_targets"))
    extra, client = _extra(document)
    job = _id(document.get("prompt_id"))
    number = _number(document.get("number"))
    try:
        admitted = admit(
            prompt,
            studio.shelf.catalog(),
            asked.folders,
            studio.shelf.machine(),
            studio.settings,
            targets=targets,
            partly=True,
        )
    except WorkflowRejected as rejected:
        return verdict(rejected)
    if client and not asked.comfy.clients.is_here((me.id, client)):
        # Whoever connects only then waits for the result: some take every binary message for it.
        extra.setdefault("preview_method", NO_PREVIEWS)
    new = NewJob(
        job,
        me.id,
        json.dumps(prompt),
        admitted.outputs,
        targets=admitted.targets,
        extra=json.dumps(extra),
        models=admitted.models,
        estimate=admitted.estimate,
        client=client,
        pictures=list(pictures_named(admitted.workflow.values())),
    )
    placed = studio.queue.add([new], front=bool(document.get("front")))[0]
    if number is not None:
        with studio.database.write() as connection:
            rows.place_job(connection, job, priority=None, number=number)
        placed = number
    problems = node_errors(admitted.problems, admitted.needing)
    shown_number = int(placed) if placed.is_integer() else placed
    return answer({"prompt_id": job, "number": shown_number, "node_errors": problems})


def wants_previews(row: JobRow) -> bool:
    """Whether who sent a job is to be shown its previews."""
    return bool(json.loads(row.extra).get("preview_method") != NO_PREVIEWS)


def _extra(document: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """What came with a workflow, and the id of the client that sent it."""
    extra = document.get("extra_data") or {}
    if not isinstance(extra, dict):
        raise BadInput(f"extra_data is {shown(extra)}.", mend="Give an object, or leave it out.")
    if not isinstance(extra.get("extra_pnginfo") or {}, dict):
        raise BadInput(f"extra_pnginfo is {shown(extra['extra_pnginfo'])}.", mend="Give an object, or leave it out.")
    client = document.get("client_id") or extra.get("client_id") or ""
    if not isinstance(client, str) or len(client) > LONGEST_CLIENT or not client.isprintable():
        raise BadInput(f"client_id is {shown(client)}.", mend=f"Give a text of up to {LONGEST_CLIENT} characters.")
    return extra | ({"client_id": client} if client else {}), client


def _targets(given: object) -> list[str] | None:
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(node, str) for node in given):
        raise BadInput(f"partial_execution_targets is {shown(given)}.", mend='Give node ids as ["7", "9"].')
    return given


def _id(given: object) -> str:
    if given is None:
        return str(uuid.uuid4())
    if not isinstance(given, str) or ID.fullmatch(given) is None:
        raise BadInput(f"prompt_id is {shown(given)}.", mend="Give up to 64 letters, digits, - and _, or leave it out.")
    return given


def _number(given: object) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or abs(given) > HIGHEST_NUMBER:
        raise BadInput(f"number is {shown(given)}.", mend="Give a number; lower ones go first.")
    return float(given)
