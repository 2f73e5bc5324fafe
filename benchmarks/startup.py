"""From nothing to a picture: `safelight generate` in processes of its own."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rows import Row

RUNS = 5
LIMIT = 15.0  # seconds: a second `make image` on two cores
SHOWN = 8  # packages that take longest to import
COMMAND = ("-c", "from safelight.cli import main; main()", "generate", "a picture of a cat", "--seed", "1", "--json")


@dataclass(frozen=True)
class Start:
    """Seconds from the start of a process.

    Attributes:
        first_step: To the beginning of the first denoising step.
        saved: To the saved picture.
        ended: To the end of the process.
    """

    first_step: float
    saved: float
    ended: float


def measure() -> list[Row]:
    """Seconds from the start of the process, and where importing spends them; the first run, which warms the disk's
    cache, is not counted.
    """
    with tempfile.TemporaryDirectory() as home:
        starts = [_start(Path(home)) for _ in range(1 + RUNS)][1:]
        imports = [_imports(Path(home)) for _ in range(RUNS)]
    rows = [
        Row("to the first denoising step", statistics.median(start.first_step for start in starts), "s"),
        Row("to the saved picture", statistics.median(start.saved for start in starts), "s"),
        Row("to the end of the process", statistics.median(start.ended for start in starts), "s", limit=LIMIT),
        Row("all imports", statistics.median(sum(found.values()) for found in imports), "s"),
    ]
    packages = {name: statistics.median(found.get(name, 0.0) for found in imports) for name in set().union(*imports)}
    longest = sorted(packages, key=lambda name: -packages[name])[:SHOWN]
    return rows + [Row(f"  of which {name}", packages[name], "s") for name in longest]


def _start(home: Path) -> Start:
    begin = time.perf_counter()
    first_step = saved = 0.0
    with subprocess.Popen([sys.executable, *COMMAND], stdout=subprocess.PIPE, env=_environment(home)) as process:
        assert process.stdout
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "progress" and not first_step:
                first_step = time.perf_counter() - begin
            if event["event"] == "output":
                saved = time.perf_counter() - begin
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return Start(first_step, saved, time.perf_counter() - begin)


def _imports(home: Path) -> Mapping[str, float]:
    """Seconds spent in the modules of each package, those it imports from others not counted."""
    command = [sys.executable, "-X", "importtime", *COMMAND, "--steps", "1"]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=_environment(home))
    found: dict[str, float] = defaultdict(float)
    for line in run.stderr.splitlines():
        own, _, rest = line.removeprefix("import time:").partition("|")
        if line.startswith("import time:") and own.strip().isdigit():
            found[rest.rpartition("|")[2].strip().partition(".")[0]] += int(own) / 1e6
    return found


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "SAFELIGHT_HOME": str(home)}
