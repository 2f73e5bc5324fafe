import json
import pickle

import pytest

from safelight.errors import BadInput
from safelight.protocol.commands import Cancel, Command, Free, Run, Shutdown
from safelight.protocol.events import (
    EVENTS,
    Cached,
    Cancelled,
    Done,
    Event,
    Failed,
    NodeStarted,
    Output,
    Preview,
    Progress,
    Queued,
    Started,
    from_json,
    to_json,
)

SAMPLES: list[Event] = [
    Queued("j"),
    Started("j"),
    NodeStarted("j", "3", "KSampler"),
    Progress("j", "3", 4, 20),
    Preview("j", "3", bytes(range(256)), "image/jpeg"),
    Cached("j", ("1", "2")),
    Output("j", "9", "images", "output", "a/safelight_00001_.png"),
    Output("j", "9", "text", text="a word"),
    Failed("j", "what", "where", "mend", "3", "KSampler"),
    Done("j"),
    Cancelled("j"),
]


def test_there_is_a_sample_of_every_event() -> None:
    assert {type(event) for event in SAMPLES} == set(EVENTS.values())


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_an_event_survives_json_and_pickle(event: Event) -> None:
    assert from_json(json.loads(json.dumps(to_json(event)))) == event
    assert pickle.loads(pickle.dumps(event)) == event


def test_tags_are_the_vocabulary() -> None:
    assert " ".join(EVENTS) == "queued started node progress preview cached output failed done cancelled"
    assert to_json(Progress("j", "3", 4, 20)) == {"event": "progress", "job": "j", "node": "3", "value": 4, "total": 20}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"event": "dance", "job": "j"},
        {"event": ["done"], "job": "j"},
        {"event": "done"},
        {"event": "done", "job": 5},
        {"event": "done", "job": "j", "more": 1},
        {"event": "progress", "job": "j", "node": "3", "value": "4", "total": 20},
        {"event": "cached", "job": "j", "nodes": "12"},
        {"event": "cached", "job": "j", "nodes": [1]},
        {"event": "preview", "job": "j", "node": "3", "data": "no base64!", "mime": "image/png"},
    ],
)
def test_what_is_no_event_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        from_json(document)


@pytest.mark.parametrize("command", [Run("j", {"1": {}}), Cancel("j"), Free(models=True), Shutdown()])
def test_a_command_crosses_a_process(command: Command) -> None:
    assert pickle.loads(pickle.dumps(command)) == command
