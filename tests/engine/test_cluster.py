"""What only engines of a cluster do: where they are placed, and files that go there and come back."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from safelight.engine import cluster as module
from safelight.engine.cluster import ClusterFleet, why_lost
from safelight.engine.interface import EngineLost
from safelight.engine.relay import MARK, settings_here
from safelight.errors import BadInput, SafelightError
from safelight.files.folders import STARTER
from safelight.protocol.commands import Cancel, Run
from safelight.protocol.events import Cancelled, Done, Failed, Output, Progress
from safelight.protocol.reports import Idle
from safelight.settings import read_settings
from tests.engine.conftest import Kind, actor_of, first_engine, process_of
from tests.engine.live import Live, Loop
from tests.serving import eventually, workflow


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "The actor is dead because its worker process has died. Exit type: …",
            "was killed, or crashed in native code",
        ),
        ("The actor is dead because its owner has died. Owner Id: 01", "was lost, as Ray has ended on the server"),
        ("The actor died because its node has died. Node Id: 12", "was lost with its machine"),
        (
            "The actor died because of an error raised in its creation task, Relay\nNo module named 'safelight'",
            "could not be started on its machine: No module named 'safelight'",
        ),
        ("The actor is temporarily unavailable: IOError", "cannot be reached any more: The actor is temporarily"),
    ],
)
def test_what_ray_says_of_a_lost_engine_is_said_in_plain_words(message: str, words: str) -> None:
    assert why_lost(message).startswith(words)


def test_without_ray_a_cluster_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(BadInput) as error:
        ClusterFleet(read_settings(home=home), "auto")
    assert "safelight[cluster]" in error.value.mend


def marked(home: Path, mark: str) -> Path:
    (home / MARK).parent.mkdir(parents=True)
    (home / MARK).write_text(mark)
    return home


def test_the_home_folder_of_the_server_is_used_where_it_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAFELIGHT_HOME")
    home = marked(tmp_path / "shared", "here")
    server = read_settings(home=home, device="cpu").model_dump(mode="json", exclude={"database", "cluster"})
    settings, is_shared = settings_here(server, "here")
    assert (settings.home, settings.device, is_shared) == (home, "cpu", True)
    settings, is_shared = settings_here(server, "another server's")
    assert (settings.home, is_shared) == (Path("~/.safelight/cluster").expanduser(), False)


def test_a_machine_says_its_own_home_folder_and_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "settings.toml").write_text(f'model_roots = ["{tmp_path}"]\ndtype = "bf16"')
    monkeypatch.setenv("SAFELIGHT_HOME", str(own))
    server = read_settings(home=marked(tmp_path / "server", "here"), dtype="fp32").model_dump(mode="json")
    settings, is_shared = settings_here(server, "here")
    assert (settings.home, settings.model_roots, is_shared) == (own, (tmp_path,), False)
    assert settings.dtype == "fp32"


def test_a_cluster_that_is_not_there_is_named(cluster: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ray  # noqa: PLC0415 (may not be installed)

    def refuse(**settings: object) -> None:
        raise ConnectionError("nobody answers")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", refuse)
    loop = Loop()
    try:
        with pytest.raises(SafelightError, match=r"192\.0\.2\.1:6379 cannot be reached: nobody answers"):
            loop.do(ClusterFleet(read_settings(home=home), "192.0.2.1:6379").first())
    finally:
        loop.close()


ELSEWHERE = pytest.mark.parametrize("kind", ["ray-elsewhere"], indirect=True)


@pytest.fixture(scope="module")
def live(kind: Kind) -> Iterator[Live]:
    """An engine that does not see the server's home folder, the same for all tests here."""
    for folder in ("models/checkpoints", "input"):
        kind.path(folder, "").mkdir(parents=True)
    shutil.copyfile(STARTER / "starter-128.safetensors", kind.path("models/checkpoints", "mine.safetensors"))
    running = Live(first_engine(kind.fleet))
    try:
        running.start()
        yield running
    finally:
        running.close()


def from_picture(name: str) -> dict[str, object]:
    """A workflow that saves a picture as it is."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": name}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "copy"}},
    }


def with_model(name: str, **changes: int) -> dict[str, object]:
    document = workflow("a cat", **changes)  # type: ignore[arg-type]
    document["1"] = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": name}}
    return document


def saved(live: Live, job: str) -> str:
    (output,) = [event for event in live.events(job) if isinstance(event, Output)]
    return output.path


@ELSEWHERE
def test_a_model_is_sent_where_it_is_missing_and_is_known_by_its_path_here(
    live: Live, kind: Kind, cluster: Path
) -> None:
    end = live.run("model", document=with_model("mine.safetensors", steps=2))[-1]
    assert isinstance(end, Done), end
    there = cluster / "models" / "checkpoints" / "mine.safetensors"
    here = kind.path("models/checkpoints", "mine.safetensors")
    assert there.read_bytes() == here.read_bytes()
    assert str(here) in [said for said in live.said if isinstance(said, Idle)][-1].models
    changed = there.stat().st_mtime_ns
    assert isinstance(live.run("again", document=with_model("mine.safetensors", steps=2, seed=2))[-1], Done)
    assert there.stat().st_mtime_ns == changed


@ELSEWHERE
def test_a_picture_that_has_changed_is_sent_anew_and_nothing_made_there_is_left_there(
    live: Live, kind: Kind, cluster: Path
) -> None:
    for job, colour in (("red", (255, 0, 0)), ("blue", (0, 0, 255))):
        Image.new("RGB", (32, 32), colour).save(kind.path("input", "plain.png"))
        end = live.run(job, document=from_picture("plain.png"))[-1]
        assert isinstance(end, Done), end
        with Image.open(kind.path("output", saved(live, job))) as picture:
            assert picture.getpixel((5, 5)) == colour
    assert list((cluster / "output").rglob("copy*")) == []


@ELSEWHERE
def test_a_picture_is_there_each_time_it_is_asked_for(live: Live, kind: Kind) -> None:
    for job in ("first", "second"):
        live.run(job, document=from_picture("example.png"))
        assert kind.path("output", saved(live, job)).is_file()


@ELSEWHERE
def test_a_job_is_cancelled_while_its_files_are_sent(live: Live, kind: Kind, cluster: Path) -> None:
    with kind.path("models/checkpoints", "large.safetensors").open("wb") as file:
        file.truncate(2**30)
    begun = len(live.said)
    live.post(Run("large", with_model("large.safetensors")))
    live.send(Cancel("large"))
    live.until(Cancelled, after=begun)
    live.until(Idle, after=begun)
    assert not (cluster / "models" / "checkpoints" / "large.safetensors").exists()


@ELSEWHERE
def test_a_job_whose_file_cannot_be_sent_fails_and_the_engine_goes_on(live: Live, kind: Kind, cluster: Path) -> None:
    Image.new("RGB", (32, 32)).save(kind.path("input", "blocked.png"))
    (cluster / "input" / "blocked.png").mkdir(parents=True)
    end = live.run("blocked", document=from_picture("blocked.png"))[-1]
    assert isinstance(end, Failed)
    assert "could not be sent" in end.what
    assert isinstance(live.run("unblocked", document=from_picture("example.png"))[-1], Done)


@ELSEWHERE
def test_a_job_whose_picture_cannot_be_kept_here_fails(live: Live, kind: Kind) -> None:
    kind.path("output", "").mkdir(exist_ok=True)
    kind.path("output", "kept").write_text("a file where a folder should be")
    document = from_picture("example.png")
    document["2"] = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "kept/copy"}}
    end = live.run("unkept", document=document)[-1]
    assert isinstance(end, Failed)
    assert "could not be brought" in end.what


@ELSEWHERE
def test_an_engine_whose_actor_is_killed_leaves_no_process(live: Live) -> None:
    begun = len(live.said)
    live.send(Run("orphan", workflow("orphan", steps=150)))
    live.until(Progress, after=begun)
    worker = process_of(live.engine)
    os.kill(actor_of(live.engine), signal.SIGKILL)
    assert live.until(EngineLost, after=begun).why == "was killed, or crashed in native code"
    live.stop()
    live.start()
    eventually(lambda: not Path(f"/proc/{worker}").exists())  # it is in the middle of a step when it is left alone
