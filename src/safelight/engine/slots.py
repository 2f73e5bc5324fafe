"""Which engines a Ray cluster can have, by what its machines have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RESOURCE = "safelight"
"""What a machine without GPUs declares to Ray to have that many engines."""


@dataclass(frozen=True)
class Slot:
    """A place for an engine.

    Attributes:
        name: What people call the engine.
        address: Of its machine, as Ray knows it.
        gpus: That it has to itself: 1, or 0 for one on the processor.
        threads: Of the processor, that it may use.
    """

    name: str
    address: str
    gpus: int
    threads: int


def slots_of(nodes: Sequence[Mapping[str, Any]]) -> list[Slot]:
    """The places for engines in a cluster: one for each GPU; without, as many as a machine declares of `RESOURCE`.

    Where there is neither in the whole cluster, one on each machine.

    Args:
        nodes: As `ray.nodes()` gives them.
    """
    alive = [node for node in nodes if node["Alive"]]
    is_plain = not any(node["Resources"].keys() & {"GPU", RESOURCE} for node in alive)
    slots = []
    for node in alive:
        host, resources = node["NodeManagerHostname"], node["Resources"]
        gpus = int(resources.get("GPU", 0))
        count = gpus or int(resources.get(RESOURCE, is_plain))
        threads = max(1, int(resources.get("CPU", 1)) // max(1, count))
        for number in range(count):
            device = f"cuda:{number}" if gpus else "cpu" if count == 1 else f"cpu:{number}"
            slots.append(Slot(f"{host}/{device}", node["NodeManagerAddress"], min(1, gpus), threads))
    return slots
