"""A training run survives its engine and its server: it goes on from the last save, to the same result."""

import io
from pathlib import Path

import httpx2

from safelight.files.header import read_header
from safelight.runs.folder import RunFolder
from tests.faults.house import House, house, wait_for
from tests.training.drawing import zorb

STEPS = 48
SAVED = 16
RUNS = "/api/v1/training/runs"


def post(studio: House, path: str, **body: object) -> dict[str, object]:
    answer = httpx2.post(f"http://127.0.0.1:{studio.port}{path}", timeout=60, **body)  # type: ignore[arg-type]
    assert answer.is_success, answer.text
    view: dict[str, object] = answer.json()
    return view


def begun(studio: House, name: str) -> RunFolder:
    """A run that has saved once and goes on."""
    for number in range(4):
        picture, _ = zorb(number)
        file = io.BytesIO()
        picture.resize((64, 64)).save(file, "PNG")
        post(
            studio,
            "/api/v1/assets",
            files={"file": (f"{number}.png", file.getvalue())},
            data={"folder": f"training/{name}"},
        )
    settings = {
        "name": name,
        "data": {"folder": f"training/{name}", "trigger": "zorb", "resolution": 64},
        "adapter": {"rank": 2},
        "samples": {"every": 0},
        "run": {"steps": STEPS, "batch": 1, "save_every": SAVED},
    }
    post(studio, RUNS, json=settings)
    return RunFolder.of(studio.home, name)


def train(studio: House, folder: RunFolder) -> str:
    """Go on with a run; the id of its job."""
    return str(post(studio, f"{RUNS}/{folder.path.name}/start")["id"])


def steps_of(folder: RunFolder) -> list[int]:
    """The steps that the log has."""
    return [line.step for line in folder.lines()]


def weights(studio: House, name: str) -> bytes:
    """What a run has learned, without what its file says of itself."""
    path = studio.home / "models" / "loras" / f"{name}.safetensors"
    assert read_header(path).metadata["ss_steps"] == str(STEPS)
    content = path.read_bytes()
    return content[8 + int.from_bytes(content[:8], "little") :]


def test_a_run_goes_on_after_its_engine_and_its_server_were_killed(tmp_path: Path) -> None:
    with house(tmp_path / "home") as studio:
        wait_for(studio.is_ready)
        undisturbed = begun(studio, "calm")
        first = train(studio, undisturbed)
        wait_for(lambda: studio.states()[first] == "done")
        killed = begun(studio, "killed")
        job = train(studio, killed)
        other = studio.submit("a cat")  # waits until the run is done
        wait_for(lambda: killed.result(SAVED).is_file())
        studio.kill_engines()
        wait_for(lambda: studio.tags(job).count("started") == 2)
        wait_for(lambda: killed.result(2 * SAVED).is_file())
        assert studio.states()[other] == "queued"
        studio.kill()
        studio.start()
        wait_for(lambda: studio.states()[job] == "done")
        wait_for(lambda: studio.states()[other] == "done")
        assert steps_of(killed) == list(range(1, STEPS + 1))
        assert weights(studio, "killed") == weights(studio, "calm")
        view = studio.get(f"{RUNS}/killed")
        assert isinstance(view, dict)
        assert (view["state"], view["step"], view["result"]) == ("done", STEPS, "loras/killed.safetensors")


def test_a_run_that_is_stopped_has_saved_what_it_learned(tmp_path: Path) -> None:
    with house(tmp_path / "home") as studio:
        wait_for(studio.is_ready)
        folder = begun(studio, "zorb")
        job = train(studio, folder)
        wait_for(lambda: len(steps_of(folder)) > 2)
        post(studio, f"{RUNS}/zorb/stop")
        wait_for(lambda: studio.states()[job] == "cancelled")
        taken = len(steps_of(folder))
        assert taken < STEPS
        assert folder.result(taken).is_file()
        again = train(studio, folder)
        wait_for(lambda: studio.states()[again] == "done")
        assert steps_of(folder) == list(range(1, STEPS + 1))
        assert folder.all_samples() == []
