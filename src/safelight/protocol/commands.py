"""What a worker is told to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from safelight.protocol.wire import Vocabulary


@dataclass(frozen=True)
class Run:
    """Run a workflow.

    Attributes:
        job: Id of the job; every event about it carries it.
        workflow: In the API format, as it was checked.
        targets: Nodes to run for; None for all that save or show something.
        metadata: To be kept in saved files, by key.
        notes: For the record that saved files keep under the key `safelight`.
        user: Whose pictures are read and written; empty where there is one person only.
        previews: Whether anybody looks at how far it is.
        record_pixels: How many pixels a picture may have at most for how it comes about to be recorded.
        recorded: Whether it is recorded whatever its size, even where its results are known.
    """

    job: str
    workflow: Mapping[str, object]
    targets: tuple[str, ...] | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    notes: Mapping[str, object] = field(default_factory=dict)
    user: str = ""
    previews: bool = False
    record_pixels: int = 0
    recorded: bool = False


@dataclass(frozen=True)
class Cancel:
    """Stop a job at its next step; nothing happens when it is not running."""

    job: str


@dataclass(frozen=True)
class Free:
    """Give memory back when no job is running: cached results, or loaded models too."""

    models: bool


@dataclass(frozen=True)
class Shutdown:
    """End the process once the running job is stopped."""


Command = Run | Cancel | Free | Shutdown

COMMANDS: dict[str, type[Command]] = {"run": Run, "cancel": Cancel, "free": Free, "shutdown": Shutdown}
"""Command types by their tag."""

VOCABULARY: Vocabulary[Command] = Vocabulary("command", COMMANDS)
to_json = VOCABULARY.to_json
from_json = VOCABULARY.from_json
