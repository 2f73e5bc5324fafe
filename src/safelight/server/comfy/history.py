"""`/history`: the jobs that have ended, and what they made."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from starlette.responses import Response, StreamingResponse

from safelight.files.folders import Folders
from safelight.protocol.events import EVENTS
from safelight.server.comfy.asking import Asked, answer
from safelight.server.comfy.items import item, portions
from safelight.server.comfy.queue import listed_ids
from safelight.server.comfy.story import STATUS_MESSAGES, Story, event_of, meta_of
from safelight.server.studio import Studio
from safelight.store import events as stored
from safelight.store import jobs as rows
from safelight.store.events import StoredEvent
from safelight.store.jobs import ENDED, JobTexts

SHOWN = 10_000
"""Of all that is kept, so many of the newest jobs are listed."""
TOLD_OF_DONE = ("started", "cached", "output", "done")
"""Events that say all of a job that is done; where one failed, the nodes before are told too."""


def show(asked: Asked) -> Response:
    """`GET /history`: by id, oldest first; `max_items` from `offset` on, or without an offset the newest."""
    most, offset = asked.number("max_items"), asked.number("offset")
    with asked.studio.database.read() as connection:
        ids = rows.ids_of_ended(connection, asked.me.sees, SHOWN)
    if most is not None and (offset is None or offset < 0):
        offset = max(0, len(ids) - most)
    first = max(0, offset or 0)
    chosen = ids[first:] if most is None else ids[first : first + max(0, most)]
    return StreamingResponse(_written(asked.studio, chosen), media_type="application/json")


def show_one(asked: Asked) -> Response:
    """`GET /history/{prompt_id}`: the same with one job, or with none while it has not ended."""
    job = asked.path("prompt_id")
    with asked.studio.database.read() as connection:
        row = rows.get_job(connection, job)
    is_shown = row is not None and row.state in ENDED and asked.me.sees in (None, row.user)
    if not is_shown:
        return answer({})
    return Response(b"".join(_written(asked.studio, [job])), media_type="application/json")


def change(asked: Asked) -> Response:
    """`POST /history`: jobs that have ended are forgotten, all of the person's or some; their files stay."""
    document = asked.document()
    if document.get("clear"):
        asked.studio.queue.delete(None, asked.me.id)
    if "delete" in document:
        asked.studio.queue.delete(listed_ids(document["delete"]), asked.me.sees)
    return Response()


def _written(studio: Studio, ids: Sequence[str]) -> Iterator[bytes]:
    yield b"{"
    comma = ""
    for some in portions(studio.database, ids):
        with studio.database.read() as connection:
            done = [job.id for job in some if job.state == "done"]
            others = [job.id for job in some if job.state != "done"]
            events = stored.events_of_jobs(connection, done, TOLD_OF_DONE)
            events |= stored.events_of_jobs(connection, others, EVENTS)
        folders = {user: studio.folders_of(user) for user in {job.user for job in some}}
        entries = ",".join(_entry(job, events[job.id], folders[job.user]) for job in some)
        if entries:
            yield (comma + entries).encode()
            comma = ","
    yield b"}"


def _entry(job: JobTexts, events: Sequence[StoredEvent], folders: Folders) -> str:
    """A job's place in the history, from all that it told."""
    story = Story(job.id)
    messages: list[tuple[str, Mapping[str, object]]] = []
    for one in events:
        if one.tag == "started":
            messages.clear()  # of an earlier try
        messages += [told for told in story.tell(event_of(one), one.time) if told[0] in STATUS_MESSAGES]
    succeeded = bool(messages) and messages[-1][0] == "execution_success"
    outputs = {node: kept for node, shown in story.outputs.items() if (kept := still_there(shown, folders))}
    rest = {
        "outputs": outputs,
        "status": {
            "status_str": "success" if succeeded else "error",
            "completed": succeeded,
            "messages": messages,
        },
        "meta": {node: meta_of(node) for node in outputs},
    }
    return f'{json.dumps(job.id)}:{{"prompt":{item(job)},{json.dumps(rest)[1:]}'


def still_there(shown: Mapping[str, Sequence[object]], folders: Folders) -> dict[str, list[object]]:
    """What a node has shown, without files that have been moved away."""
    kept = {key: [each for each in listed if _exists(each, folders)] for key, listed in shown.items()}
    return {key: listed for key, listed in kept.items() if listed}


def _exists(each: object, folders: Folders) -> bool:
    if not isinstance(each, dict):
        return True
    path: Path = folders.directories[each["type"]][0] / each["subfolder"] / each["filename"]
    return path.is_file()
