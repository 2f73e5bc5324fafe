"""Several processes that train one run, started by torchrun."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from safelight.errors import BadInput
from safelight.runs.folder import RunFolder
from safelight.training.run import begin, train
from safelight.training.together import buckets
from tests.training.drawing import draw_set
from tests.training.test_run import STEPS, Watcher, place_of, settings_of

ROOT = Path(__file__).parents[2]
ROUNDING = 1e-5
"""What sums of gradients in another order may change, of numbers up to 0.1 (Adam divides by their size)."""

SHARED = """
import os
import sys
from dataclasses import replace
from pathlib import Path
from safelight.errors import Cancelled
from safelight.runs.folder import RunFolder
from safelight.training.run import train
from safelight.training.together import joined
from tests.training.test_run import Watcher, place_of

def stop(where):
    if where == "step 3":
        raise Cancelled

whole, stopped = map(Path, sys.argv[1:])
with joined("cpu") as (team, device):
    def go(home, act):
        place = replace(place_of(home), device=device, team=team)
        return train(RunFolder.of(place.folders.home, "zorb"), place, Watcher(act))
    go(whole, lambda _: None)
    try:
        go(stopped, stop)
    except Cancelled:
        os.write(1, f"{team.rank} of {team.count} has stopped\\n".encode())  # in one piece: the other writes there too
    go(stopped, lambda _: None)
"""


def launch(count: int, *program: object) -> subprocess.CompletedProcess[str]:
    """Start processes as torchrun does, which meet on this machine."""
    line = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]
    line += ["--nproc-per-node", str(count), *map(str, program)]
    around = {**os.environ, "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": str(ROOT)}
    return subprocess.run(line, capture_output=True, text=True, check=False, env=around)


def learned(folder: RunFolder) -> dict[str, torch.Tensor]:
    state: dict[str, dict[str, torch.Tensor]] = torch.load(folder.state, weights_only=True)
    return state["learned"]


def test_two_processes_learn_what_one_does_and_stop_after_the_same_step(tmp_path: Path) -> None:
    draw_set(tmp_path / "zorbs", 4)
    settings = settings_of(tmp_path / "zorbs", run={"accumulate": 2})
    homes = [tmp_path / name for name in ("alone", "whole", "stopped")]
    alone, whole, stopped = (begin(settings, place_of(home)) for home in homes)
    train(alone, place_of(homes[0]), Watcher())
    (tmp_path / "shared.py").write_text(SHARED, encoding="utf-8")
    done = launch(2, tmp_path / "shared.py", homes[1], homes[2])
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["0 of 2 has stopped", "1 of 2 has stopped"]

    for one, two in zip(alone.lines(), whole.lines(), strict=True):
        assert (one.step, one.levels) == (two.step, two.levels)
        assert two.loss == pytest.approx(one.loss, rel=1e-4)
        assert two.errors == pytest.approx(one.errors, rel=1e-4)
    of_one, of_two = learned(alone), learned(whole)
    assert max(float((of_one[name] - of_two[name]).abs().max()) for name in of_one) < ROUNDING

    assert [line.step for line in stopped.lines()] == list(range(1, STEPS + 1))
    results = [home / "models" / "loras" / "zorb.safetensors" for home in homes[1:]]
    assert results[0].read_bytes() == results[1].read_bytes()
    assert [(sample.step, sample.place) for sample in whole.all_samples()] == [(0, 0), (3, 0), (6, 0)]


def test_the_command_shares_the_batches_of_a_step(tmp_path: Path, home: Path) -> None:
    place_of(home)
    draw_set(tmp_path / "zorbs", 4)
    told = ("--checkpoint", "tiny.safetensors", "--trigger", "zorb", "--resolution", 64, "--steps", 2, "--batch", 2)
    done = launch(2, "-m", "safelight", "train", tmp_path / "zorbs", *told)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{home / 'models' / 'loras' / 'zorbs.safetensors'}\n"
    assert "run.accumulate is 2, a batch for each process: a step learns from 4 pictures." in done.stderr
    assert done.stderr.count("All have captions") == 1
    run = RunFolder.of(home, "zorbs")
    assert run.read_settings().run.accumulate == 2
    assert [len(line.levels) for line in run.lines()] == [4, 4]


@dataclass(frozen=True)
class Three:
    """The first of three processes."""

    rank: int = 0
    count: int = 3

    def gathered(self, mine: Any) -> list[Any]:
        return [mine] * 3

    def add_gradients(self, tensors: Any) -> None:
        raise AssertionError("nothing is learned")


def test_batches_that_cannot_be_shared_evenly_are_refused(tmp_path: Path) -> None:
    draw_set(tmp_path / "zorbs", 4)
    place = place_of(tmp_path / "home", team=Three())
    folder = begin(settings_of(tmp_path / "zorbs", run={"accumulate": 4}), place)
    with pytest.raises(BadInput, match="3 processes cannot share the batches of a step evenly: there are 4") as refused:
        train(folder, place, Watcher())
    assert "a multiple of 3" in refused.value.mend


def test_small_tensors_are_sent_together_and_large_ones_alone() -> None:
    sizes = [3, 3, 3, 20, 1, 9, 1]
    sent = [[each.numel() for each in bucket] for bucket in buckets([torch.zeros(size) for size in sizes], 10)]
    assert sent == [[3, 3, 3], [20], [1, 9], [1]]
