"""`/jobs`: the jobs that wait, run and have ended in one list, page by page, as newer graph editors read it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from safelight.errors import BadInput
from safelight.files.folders import Folders
from safelight.server.comfy.asking import Asked, Refused, answer
from safelight.server.comfy.history import still_there
from safelight.server.comfy.story import STATUS_MESSAGES, Message, Story, event_of, meta_of
from safelight.store import events as stored
from safelight.store import jobs as rows
from safelight.store.events import StoredEvent
from safelight.store.jobs import ENDED, JobRow, State

STATUSES: Mapping[str, State] = {
    "pending": "queued",
    "in_progress": "running",
    "completed": "done",
    "failed": "failed",
    "cancelled": "cancelled",
}
"""What clients call the states of a job."""
NAMES: Mapping[State, str] = {state: status for status, state in STATUSES.items()}
TOLD = ("started", "output", "failed", "done", "cancelled")
"""Events that say what a job has made, and how it ended; where one is looked at, its nodes are told too."""
TOLD_OF_ONE = (*TOLD, "cached", "node")
MOST = 200  # jobs in a page


def show(asked: Asked) -> Response:
    """`GET /jobs`: a page of them, the newest first; `status` names those that are wanted, with commas between."""
    states = _states(asked.query.get("status", ""))
    limit, offset = asked.number("limit"), asked.number("offset") or 0
    if offset < 0 or (limit is not None and limit < 1):
        raise BadInput("limit and offset say which jobs are meant.", mend=f"Give a limit from 1 to {MOST}.")
    most = min(MOST if limit is None else limit, MOST)
    newest_first = asked.query.get("sort_order", "desc").lower() != "asc"
    with asked.studio.database.read() as connection:
        total = rows.count_jobs(connection, states, user=asked.me.sees)
        page = rows.page_of_jobs(
            connection,
            user=asked.me.sees,
            states=states,
            limit=most,
            offset=min(offset, total),
            newest_first=newest_first,
        )
        events = stored.events_of_jobs(connection, [job.id for job in page], TOLD)
    listed = [_entry(job, *_told(job, events[job.id], asked.studio.folders_of(job.user))) for job in page]
    place = {"offset": offset, "limit": most, "total": total, "has_more": offset + len(page) < total}
    return answer({"jobs": listed, "pagination": place})


def show_one(asked: Asked) -> Response:
    """`GET /jobs/{prompt_id}`: one of them, with all that it made and its workflow."""
    name = asked.path("prompt_id")
    with asked.studio.database.read() as connection:
        job = rows.get_job(connection, name)
        if job is None or asked.me.sees not in (None, job.user):
            raise Refused(404, f"There is no job {name[:80]}.", mend="Look at the list of jobs.")
        events = stored.events_of_jobs(connection, [job.id], TOLD_OF_ONE)[job.id]
    outputs, messages = _told(job, events, asked.studio.folders_of(job.user))
    status = {
        "status_str": "success" if job.state == "done" else "error",
        "completed": job.state == "done",
        "messages": messages,
    }
    rest = {
        "outputs": outputs,
        "execution_status": status if job.state in ENDED else None,
        "execution_meta": {node: meta_of(node) for node in outputs},
        "workflow": {"prompt": json.loads(job.workflow), "extra_data": json.loads(job.extra)},
    }
    return answer({**_entry(job, outputs, messages), **rest})


def _states(words: str) -> tuple[State, ...]:
    """The states that a query names; all where it names none."""
    named = [word.strip() for word in words.split(",") if word.strip()]
    if unknown := [word for word in named if word not in STATUSES]:
        raise BadInput(f"{unknown[0][:80]!r} is no status of a job.", mend=f"There are: {', '.join(STATUSES)}.")
    return tuple(STATUSES[word] for word in named) or tuple(NAMES)


def _told(
    job: JobRow, events: Sequence[StoredEvent], folders: Folders
) -> tuple[dict[str, dict[str, list[Any]]], list[Message]]:
    """What a job shows by node, without files that are gone; and what it told of its way."""
    story = Story(job.id)
    messages: list[Message] = []
    for one in events:
        if one.tag == "started":
            messages.clear()  # of an earlier try
        messages += [told for told in story.tell(event_of(one), one.time) if told[0] in STATUS_MESSAGES]
    outputs = {node: kept for node, shown in story.outputs.items() if (kept := still_there(shown, folders))}
    return outputs, messages


def _entry(job: JobRow, outputs: Mapping[str, Mapping[str, Sequence[Any]]], messages: Sequence[Message]) -> Any:
    """A job as lists have it. Of its files, the first that was saved stands for all."""
    files = [
        {**each, "nodeId": node, "mediaType": kind}
        for node, shown in outputs.items()
        for kind, listed in shown.items()
        for each in listed
        if isinstance(each, dict)
    ]
    error = next((data for kind, data in messages if kind == "execution_error"), None)
    return {
        "id": job.id,
        "status": NAMES[job.state],
        "priority": job.number,
        "create_time": _milliseconds(job.created),
        "execution_start_time": _milliseconds(job.started),
        "execution_end_time": _milliseconds(job.ended),
        "execution_error": error,
        "outputs_count": sum(len(listed) for shown in outputs.values() for listed in shown.values()),
        "preview_output": next((file for file in files if file["type"] == "output"), next(iter(files), None)),
        "workflow_id": None,
    }


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds * 1000)
