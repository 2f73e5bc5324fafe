"""Events as messages; shapes and order after the table of messages in the reference (protocol.md)."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from safelight.protocol.events import (
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
)
from safelight.server.comfy.frames import preview_frame
from safelight.server.comfy.story import Message, Story

NOW = 1_700_000_000.25
STAMP = {"prompt_id": "j", "timestamp": 1_700_000_000_250}
NO_NODE = {"node": None, "display_node": None, "prompt_id": "j"}


def told(*events: Event) -> tuple[Story, list[Message]]:
    """A job's story, and all messages of it."""
    story = Story("j")
    return story, [message for event in events for message in story.tell(event, NOW)]


def kinds(messages: Sequence[Message]) -> list[str]:
    """The types of messages."""
    return [kind for kind, _ in messages]


def running(node: str) -> dict[str, object]:
    """What is said of a node that begins."""
    return {"node": node, "display_node": node, "prompt_id": "j"}


def test_a_run_is_told_in_the_order_that_clients_wait_for() -> None:
    saved = Output("j", "b", "images", "output", "sub/cat_00001_.png")
    _, messages = told(
        Queued("j"),
        Started("j"),
        Cached("j", ("x",)),
        NodeStarted("j", "a", "KSampler"),
        Progress("j", "a", 1, 2),
        NodeStarted("j", "b", "SaveImage"),
        saved,
        Done("j"),
    )
    assert messages == [
        ("execution_start", STAMP),
        ("execution_cached", {"nodes": ["x"], **STAMP}),
        ("executing", running("a")),
        ("progress", {"value": 1, "max": 2, "prompt_id": "j", "node": "a"}),
        ("executing", running("b")),
        (
            "executed",
            {
                **running("b"),
                "output": {"images": [{"filename": "cat_00001_.png", "subfolder": "sub", "type": "output"}]},
            },
        ),
        ("execution_success", STAMP),
        ("executing", NO_NODE),
    ]


def test_that_nothing_is_cached_is_told_too() -> None:
    _, messages = told(Started("j"), NodeStarted("j", "a", "X"))
    assert messages[1] == ("execution_cached", {"nodes": [], **STAMP})
    assert kinds(told(Started("j"), Done("j"))[1])[1] == "execution_cached"


def test_what_a_cached_node_shows_again_is_told_once() -> None:
    again = Output("j", "s", "images", "output", "a.png")
    story, messages = told(Started("j"), again, again, Cached("j", ("s",)), NodeStarted("j", "n", "X"), Done("j"))
    executed = [data for kind, data in messages if kind == "executed"]
    assert [data["node"] for data in executed] == ["s"]
    assert story.outputs == {"s": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}


def test_words_latents_and_warnings_stand_under_their_kind() -> None:
    outputs = [
        Output("j", "n", "text", text="hello"),
        Output("j", "n", "latents", "output", "l.latent"),
        Output("j", "n", "warning", text="small"),
    ]
    story, _ = told(Started("j"), NodeStarted("j", "n", "X"), *outputs)
    latent = {"filename": "l.latent", "subfolder": "", "type": "output"}
    assert story.outputs["n"] == {"text": ["hello"], "latents": [latent], "warning": ["small"]}


def test_a_failure_names_the_node_and_what_to_do() -> None:
    failed = Failed("j", "It broke.", "KSampler (node b)", "Mend it.", "b", "KSampler")
    story, messages = told(Started("j"), NodeStarted("j", "a", "X"), NodeStarted("j", "b", "KSampler"), failed)
    assert messages[-2:] == [
        (
            "execution_error",
            {
                "prompt_id": "j",
                "node_id": "b",
                "node_type": "KSampler",
                "executed": ["a"],
                "exception_message": "It broke. Mend it.",
                "exception_type": "SafelightError",
                "traceback": ["KSampler (node b): It broke."],
                "current_inputs": {},
                "current_outputs": [],
            },
        ),
        ("executing", NO_NODE),
    ]
    assert story.states["b"]["state"] == "error"


def test_an_interrupted_job_says_where_it_was() -> None:
    _, messages = told(Started("j"), NodeStarted("j", "a", "X"), NodeStarted("j", "b", "Y"), Cancelled("j"))
    where = {"prompt_id": "j", "node_id": "b", "node_type": "Y", "executed": ["a"]}
    assert messages[-2:] == [("execution_interrupted", where), ("executing", NO_NODE)]


@pytest.mark.parametrize(
    "events",
    [
        (Queued("j"), Cancelled("j")),
        (Started("j"), Queued("j"), Cancelled("j")),
        (Preview("j", "a", b"", "image/png"),),
    ],
    ids=["waiting", "put back", "preview"],
)
def test_what_clients_have_no_words_for_is_not_told(events: tuple[Event, ...]) -> None:
    assert kinds(told(*events)[1]) in ([], ["execution_start"])


def test_a_job_that_is_taken_up_again_begins_anew_and_keeps_what_it_showed() -> None:
    saved = Output("j", "a", "images", "output", "a.png")
    story, messages = told(Started("j"), NodeStarted("j", "a", "X"), saved, Queued("j"), Started("j"), Done("j"))
    assert kinds(messages).count("execution_start") == 2
    assert story.states == {}
    assert list(story.outputs) == ["a"]


def test_nodes_of_an_expansion_are_told_as_one() -> None:
    _, messages = told(Started("j"), *[NodeStarted("j", "a", kind) for kind in ("Loop", "Inner", "Inner")])
    assert kinds(messages).count("executing") == 1


def test_progress_states_repeat_every_node_seen() -> None:
    begun = [NodeStarted("j", "a", "X"), NodeStarted("j", "b", "Y")]
    story, _ = told(Started("j"), Cached("j", ("x",)), *begun, Progress("j", "b", 3, 8))
    kind, data = story.progress_state()
    assert kind == "progress_state"
    assert data["prompt_id"] == "j"
    states = {node: (state["state"], state["value"], state["max"]) for node, state in data["nodes"].items()}
    assert states == {"x": ("finished", 1, 1), "a": ("finished", 1, 1), "b": ("running", 3, 8)}
    assert set(data["nodes"]["b"]) == {
        *("value", "max", "state", "node_id", "prompt_id", "display_node_id", "parent_node_id", "real_node_id")
    }


def test_previews_are_framed_as_clients_read_them() -> None:
    preview = Preview("j", "n", b"JPEG", "image/jpeg")
    assert preview_frame(preview, with_data=False) == bytes((0, 0, 0, 1, 0, 0, 0, 1)) + b"JPEG"
    assert preview_frame(Preview("j", "n", b"P", "image/png"), with_data=False)[4:8] == bytes((0, 0, 0, 2))


def test_previews_with_data_say_of_what_they_are() -> None:
    frame = preview_frame(Preview("j", "n", b"JPEG", "image/jpeg"), with_data=True)
    length = int.from_bytes(frame[4:8], "big")
    about: dict[str, Any] = json.loads(frame[8 : 8 + length])
    assert frame[:4] == bytes((0, 0, 0, 4))
    assert frame[8 + length :] == b"JPEG"
    assert about == {
        "node_id": "n",
        "display_node_id": "n",
        "parent_node_id": None,
        "real_node_id": "n",
        "prompt_id": "j",
        "image_type": "image/jpeg",
    }
