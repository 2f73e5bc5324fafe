"""What a worker says of itself, between the events of its jobs."""

from collections.abc import Mapping
from dataclasses import dataclass

from safelight.protocol.events import EVENTS, Event
from safelight.protocol.wire import Vocabulary


@dataclass(frozen=True)
class Ready:
    """The worker has started, and can be given jobs.

    Attributes:
        device: Its device as torch calls it: `cpu`, `cuda:0`.
        title: What measured speeds belong to; see `graph.estimate.Machine`.
        itemsize: Bytes per number by part of a model; see `graph.estimate.Machine`.
        devices: All devices of its machine.
        catalog: The nodes there are, as `graph.catalog_json` writes them.
        plugins: What became of each enabled plugin: name, place, error, notes.
        versions: Of what decides about pictures, by name: torch, diffusers, …
    """

    device: str
    title: str
    itemsize: Mapping[str, object]
    devices: tuple[str, ...]
    catalog: Mapping[str, object]
    plugins: Mapping[str, object]
    versions: Mapping[str, object]


@dataclass(frozen=True)
class Unfit:
    """The process cannot do its work, and will not by being started again.

    Attributes:
        what: What is wrong, in one sentence.
        mend: What the person can do about it.
    """

    what: str
    mend: str = ""


@dataclass(frozen=True)
class Idle:
    """The worker has nothing to do; told when a job has ended, and after `Free`.

    Attributes:
        models: Model files that are loaded now, as absolute paths.
        memory_total, memory_free: Of the device, in bytes.
    """

    models: tuple[str, ...]
    memory_total: int
    memory_free: int


Report = Event | Ready | Unfit | Idle

REPORTS: dict[str, type[Report]] = {**EVENTS, "ready": Ready, "unfit": Unfit, "idle": Idle}
"""Report types by their tag: those of events, and these."""

VOCABULARY: Vocabulary[Report] = Vocabulary("event", REPORTS)
to_json = VOCABULARY.to_json
from_json = VOCABULARY.from_json
