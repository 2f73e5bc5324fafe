"""A full-size checkpoint: how fast it is loaded, in how much memory, and how fast it steps.

Every load is a process of its own, ours and theirs in turn: `python -m benchmarks.loading SIDE FILE STEPS` is one.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.full_size import full_size_checkpoint
from benchmarks.pictures import Maker, Order, median_step, timed
from benchmarks.rows import Row

LOADS = 5
SIZE = 256  # pixels
STEPS = 6  # and so five whose beginning is known
MEMORY_LIMIT = 1.3  # times the weights as they are run
RATIO = 0.9
MIB = 2**20


@dataclass(frozen=True)
class Load:
    """One process.

    Attributes:
        seconds: To load everything in the file, imports not counted.
        peak: Bytes of memory while loading, mapped pages of the file included, beyond those after the imports.
        step: Median seconds of a denoising step; 0 where none was asked for.
    """

    seconds: float
    peak: int
    step: float


def measure() -> list[Row]:
    """Load time, peak memory and seconds per step, in fp32 on the CPU."""
    path = full_size_checkpoint()
    _read(path)  # into the disk's cache, so that nobody is the first
    found: dict[str, list[Load]] = {side: [] for side in SIDES}
    for number in range(LOADS):
        for side, loads in found.items():
            loads.append(_in_process(side, path, STEPS if number == LOADS - 1 else 0))

    def row(what: str, unit: str, of: Callable[[Load], float], **limits: float) -> Row:
        ours, peer = (statistics.median(map(of, found[side])) for side in ("ours", "peer"))
        return Row(what, ours, unit, peer, **limits)

    stored = path.stat().st_size
    run = 2 * stored  # fp16 in the file, fp32 when run
    ours, peer = (found[side][-1].step for side in ("ours", "peer"))
    return [
        row("load", "s", lambda load: load.seconds),
        row("peak memory while loading", "MiB", lambda load: load.peak / MIB),
        row("  ÷ weights as run (fp32)", "x", lambda load: load.peak / run, limit=MEMORY_LIMIT),
        row("  ÷ file (fp16)", "x", lambda load: load.peak / stored),
        Row(f"a step at {SIZE} px with guidance", ours, "s", peer, ratio_limit=RATIO),
    ]


def _read(path: Path) -> None:
    with path.open("rb") as file:
        while file.read(16 * MIB):
            pass


def _in_process(side: str, path: Path, steps: int) -> Load:
    command = [sys.executable, "-m", "benchmarks.loading", side, str(path), str(steps)]
    written = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Load(**json.loads(written.splitlines()[-1]))


def _ours() -> Callable[[Path], Maker]:
    from benchmarks.ours import load_ours, our_maker  # noqa: PLC0415 (not to be in the peer's memory)
    from safelight.models.ahead import import_ahead  # noqa: PLC0415 (the same)

    import_ahead(lambda: True)
    return lambda path: our_maker(load_ours(path))


def _peer() -> Callable[[Path], Maker]:
    from benchmarks.peer import load_peer, peer_maker  # noqa: PLC0415 (not to be in our memory)

    def load(path: Path) -> Maker:
        with tempfile.TemporaryDirectory() as folder:
            return peer_maker(load_peer(path, Path(folder)))

    return load


SIDES = {"ours": _ours, "peer": _peer}
"""Each imports what it needs, and gives what loads a file."""


def _load(side: str, path: Path, steps: int) -> Load:
    load = SIDES[side]()
    before = _memory_now()
    begin = time.perf_counter()
    make = load(path)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    return Load(seconds, peak, median_step([timed(make, Order(size=SIZE, steps=steps))]) if steps else 0.0)


def _memory_now() -> int:
    """Bytes of this process in memory (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    print(json.dumps(asdict(_load(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))))
