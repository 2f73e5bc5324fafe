"""What holds for every kind of engine: one suite for processes of this machine and for actors of a cluster."""

import os
import signal
from collections.abc import Iterator

import pytest
from PIL import Image

from safelight.engine.interface import EngineLost
from safelight.protocol.commands import Cancel, Free, Run
from safelight.protocol.events import Cancelled, Done, Failed, Output, Preview, Progress, Started
from safelight.protocol.reports import Idle, Ready
from tests.engine.conftest import Kind, first_engine, process_of
from tests.engine.live import Live
from tests.serving import workflow

pytestmark = pytest.mark.parametrize("kind", ["process", "ray"], indirect=True)

MANY = 150  # steps: more than are done before a test has looked


@pytest.fixture(scope="module")
def live(kind: Kind) -> Iterator[Live]:
    """An engine that has started, the same for all tests here."""
    running = Live(first_engine(kind.fleet))
    try:
        running.start()
        yield running
    finally:
        running.close()


def test_an_engine_says_what_it_is_when_it_has_started(live: Live) -> None:
    ready = live.until(Ready)
    assert ready.device == "cpu"
    assert ready.catalog["nodes"]
    assert ready.versions["torch"]


def test_a_job_ends_with_a_picture_that_is_there_when_it_is_told(live: Live, kind: Kind) -> None:
    events = live.run("picture")
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Done), events[-1]
    (output,) = [event for event in events if isinstance(event, Output)]
    with Image.open(kind.path(output.folder, output.path)) as picture:
        assert picture.size == (128, 128)
        assert "prompt" in picture.info


def test_two_jobs_with_one_prefix_make_two_files(live: Live, kind: Kind) -> None:
    jobs = [live.run(job) for job in ("one", "another")]
    paths = [event.path for events in jobs for event in events if isinstance(event, Output)]
    assert len(set(paths)) == 2
    assert all(kind.path("output", path).is_file() for path in paths)


def test_previews_come_when_somebody_looks(live: Live) -> None:
    previews = [event for event in live.run("watched", previews=True) if isinstance(event, Preview)]
    assert previews
    assert all(preview.data.startswith(b"\xff\xd8") and preview.mime == "image/jpeg" for preview in previews)
    assert not [event for event in live.run("not watched") if isinstance(event, Preview)]


def test_a_job_is_cancelled_within_a_step(live: Live) -> None:
    begun = len(live.said)
    live.send(Run("long", workflow("long", steps=MANY)))
    live.until(Progress, after=begun, where=lambda said: said.value >= 1)
    at = len(live.said)
    live.send(Cancel("long"))
    live.until(Cancelled, after=begun)
    assert len([said for said in live.said[at:] if isinstance(said, Progress)]) <= 2


def test_memory_is_given_back(live: Live) -> None:
    begun = len(live.said)
    live.run("loading")
    live.until(Idle, after=begun, where=lambda said: any("starter-128" in model for model in said.models))
    begun = len(live.said)
    live.send(Free(models=True))
    # The run's own report may still be on its way: the one that counts is the one that is empty.
    live.until(Idle, after=begun, where=lambda said: said.models == ())


def test_a_workflow_that_cannot_be_run_fails_in_plain_words(live: Live) -> None:
    document = workflow("missing")
    document["1"] = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "nowhere.safetensors"}}
    end = live.run("no model", document=document)[-1]
    assert isinstance(end, Failed)
    assert "nowhere.safetensors" in end.what


def test_an_engine_that_is_killed_in_a_job_says_so_and_can_be_started_again(live: Live) -> None:
    begun = len(live.said)
    live.send(Run("killed", workflow("killed", steps=MANY)))
    live.until(Progress, after=begun)
    os.kill(process_of(live.engine), signal.SIGKILL)
    assert "killed" in live.until(EngineLost, after=begun).why
    live.stop()
    live.start()
    assert isinstance(live.run("after")[-1], Done)
