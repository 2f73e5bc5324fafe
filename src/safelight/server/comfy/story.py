"""What a job tells, in the words of ComfyUI's clients: one event becomes the messages that they know. Without I/O.

The same fold serves the socket, which is told event by event, and the history, which is told all of them at once.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

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
    from_json,
)
from safelight.store.events import StoredEvent

Message = tuple[str, dict[str, Any]]
"""Type and data."""

STATUS_MESSAGES = frozenset(
    {"execution_start", "execution_cached", "execution_success", "execution_error", "execution_interrupted"}
)
"""Messages that the history keeps."""


@dataclass
class Story:
    """A job as it has been told so far.

    Attributes:
        job: Its id.
        node: The node that runs now; empty where none does.
        outputs: By node, what it has shown, as the history has it.
        states: By node that has begun or was cached, how far it is.
        finished: Nodes that need not be run any more, in the order in which they were done.
    """

    job: str
    node: str = ""
    outputs: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    finished: dict[str, None] = field(default_factory=dict)
    _class_type: str = ""
    _begun: bool = False
    _cached_told: bool = False
    _fresh: dict[str, None] = field(default_factory=dict)  # nodes with outputs that were not told

    def tell(self, event: Event, time: float) -> Iterator[Message]:
        """The messages that an event becomes; all of them must be taken. Previews are for `preview_frame`.

        Args:
            event: About this job; in the order in which they happened.
            time: When, in seconds since 1970.
        """
        stamp: dict[str, Any] = {"prompt_id": self.job, "timestamp": int(time * 1000)}
        match event:
            case Queued():
                self._forget()
            case Started():
                self._forget()
                self._begun = True
                yield "execution_start", stamp
            case Cached(nodes=nodes):
                self._cached_told = True
                self.states |= {node: self._state(node, "finished", 1, 1) for node in nodes}
                self.finished |= dict.fromkeys(nodes)
                yield "execution_cached", {"nodes": list(nodes), **stamp}
            case NodeStarted(node=node, class_type=class_type):
                yield from self._nothing_cached(stamp)
                if node != self.node:
                    yield from self._finish_node()
                    self.node, self._class_type = node, class_type
                    self.states[node] = self._state(node, "running", 0, 1)
                    yield self.executing()
            case Progress(node=node, value=value, total=total):
                self.states[node] = self._state(node, "running", value, total)
                yield "progress", {"value": value, "max": total, "prompt_id": self.job, "node": node}
            case Preview():
                pass
            case Output(kind="recording" | "inspection"):
                pass  # what only our own interface draws
            case Output(node=node):
                self._show(event)
                if node != self.node:
                    self._fresh[node] = None
            case Done() | Failed() | Cancelled():
                yield from self._end(event, stamp)

    def executing(self) -> Message:
        """Which node runs now."""
        node = self.node or None
        return "executing", {"node": node, "display_node": node, "prompt_id": self.job}

    def progress_state(self) -> Message:
        """How far each node is that has begun."""
        return "progress_state", {"prompt_id": self.job, "nodes": self.states}

    def _forget(self) -> None:
        """It is to be run from the start; what it has shown is still there."""
        self.node = self._class_type = ""
        self.states, self.finished, self._fresh = {}, {}, {}
        self._begun = self._cached_told = False

    def _end(self, event: Done | Failed | Cancelled, stamp: dict[str, Any]) -> Iterator[Message]:
        match event:
            case Done():
                yield from self._nothing_cached(stamp)
                yield from self._finish_node()
                yield "execution_success", stamp
            case Failed():
                self._stop_node()
                yield "execution_error", self._error(event)
            case Cancelled():
                if not self._begun:
                    return
                where = {"node_id": self.node or None, "node_type": self._class_type or None}
                self._stop_node()
                yield "execution_interrupted", {"prompt_id": self.job, **where, "executed": list(self.finished)}
        yield self.executing()

    def _nothing_cached(self, stamp: dict[str, Any]) -> Iterator[Message]:
        """Clients wait to be told what is cached before the first node runs, be it nothing."""
        if not self._cached_told:
            self._cached_told = True
            yield "execution_cached", {"nodes": [], **stamp}

    def _finish_node(self) -> Iterator[Message]:
        fresh, self._fresh = self._fresh, {}
        if self.node:
            self.states[self.node] = self._state(self.node, "finished", 1, 1)
            self.finished[self.node] = None
            if self.node in self.outputs:
                fresh[self.node] = None
        self.node = self._class_type = ""
        for node in fresh:
            data = {"node": node, "display_node": node, "output": self.outputs[node], "prompt_id": self.job}
            yield "executed", data

    def _stop_node(self) -> None:
        if self.node:
            self.states[self.node] = self._state(self.node, "error", 0, 1)
        self.node = self._class_type = ""

    def _show(self, output: Output) -> None:
        """Add what a node shows, unless it showed it before; a cached node shows it again."""
        key, shown = shown_as(output)
        listed = self.outputs.setdefault(output.node, {}).setdefault(key, [])
        if shown not in listed:
            listed.append(shown)

    def _state(self, node: str, state: str, value: int, most: int) -> dict[str, Any]:
        return {"value": value, "max": most, "state": state, "node_id": node, "prompt_id": self.job, **names_of(node)}

    def _error(self, event: Failed) -> dict[str, Any]:
        return {
            "prompt_id": self.job,
            "node_id": event.node or None,
            "node_type": event.class_type or None,
            "executed": list(self.finished),
            "exception_message": " ".join(part for part in (event.what, event.mend) if part),
            "exception_type": "SafelightError",
            "traceback": [f"{event.where}: {event.what}" if event.where else event.what],
            "current_inputs": {},
            "current_outputs": [],
        }


def shown_as(output: Output) -> tuple[str, Any]:
    """What a node shows as clients know it: the key that it stands under, and a file or words."""
    if not output.path:
        return output.kind, output.text
    path = PurePosixPath(output.path)
    subfolder = path.parent.as_posix()
    file = {"filename": path.name, "subfolder": "" if subfolder == "." else subfolder, "type": output.folder}
    return output.kind, file


def event_of(stored: StoredEvent) -> Event:
    """An event that was kept."""
    return from_json({"event": stored.tag, **json.loads(stored.data)})


def meta_of(node: str) -> dict[str, Any]:
    """What the history says of a node beside its outputs; nodes of expansions are told as the one that expanded."""
    return {"node_id": node, "display_node": node, "parent_node": None, "real_node_id": node}


def names_of(node: str) -> dict[str, Any]:
    """The further names that a node goes by in messages."""
    return {"display_node_id": node, "parent_node_id": None, "real_node_id": node}
