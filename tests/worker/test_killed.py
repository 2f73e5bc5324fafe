"""A job whose worker was killed is run again: nothing that had finished is run twice, and no file is there twice."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.protocol.events import Cached, Event, NodeStarted
from safelight.worker import disk_cache
from tests.studio import Studio, node_of
from tests.worker.dying import DONE, JOB, TOLD, two_pictures

ROOT = Path(__file__).parents[2]
BEFORE_THE_END_OF_SAMPLING = "a result is half written"


def kill_at(moment: str, home: Path) -> list[str]:
    """Run the job in a process that is killed; the types of the nodes that it began."""
    command = [sys.executable, "-m", "tests.worker.dying", str(home), moment]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return [event["class_type"] for event in told if event["event"] == "node"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The pictures of a job that nothing happens to."""
    studio = Studio(tmp_path_factory.mktemp("undisturbed"))
    return [path.read_bytes() for path in studio.run(two_pictures(studio)).saved]


@pytest.mark.parametrize("moment", [*DONE, TOLD])
def test_a_job_whose_worker_was_killed_goes_on_and_leaves_every_picture_once(
    moment: str, home: Path, undisturbed: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_cache, "LEAST_SECONDS", 0.0)
    begun = kill_at(moment, home)
    studio = Studio(home)
    events: list[Event] = []
    workflow = two_pictures(studio)
    studio.session.run(JOB, workflow, events.append)

    cached = [node for event in events if isinstance(event, Cached) for node in event.nodes]
    began = [event.class_type for event in events if isinstance(event, NodeStarted)]
    sampled = moment != BEFORE_THE_END_OF_SAMPLING
    assert ("KSampler" in begun) or not sampled
    assert (node_of(workflow, "KSampler") in cached) == sampled
    assert ("KSampler" in began) != sampled

    pictures = sorted((home / "output").glob("*.png"))
    assert [path.name for path in pictures] == ["safelight_00001_.png", "safelight_00002_.png"]
    assert [path.read_bytes() for path in pictures] == undisturbed
    assert list((home / "cache" / "claims").glob("*")) == []
