"""The recorded workflows give the recorded latents and pictures on full-size random SD 1.5 weights.

Source: ../shared/oracle/workflows, recorded from ComfyUI 0.3.64 on a CPU in fp32. Bound: 1e-3 relative to the largest
value; pictures to the same share of their range. Not part of the usual run: the weights take 2 GB and a minute to
make. `make parity` runs it.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

from safelight.files.folders import Folders
from safelight.graph.formats import parse_api
from safelight.graph.validate import validate
from safelight.nodes.registry import BUILTIN
from safelight.protocol.events import Done, Event, Output
from safelight.settings import Settings
from safelight.worker.session import Session
from tests.nodes.oracle_picture import write_oracle_picture
from tests.shared import shared_file

pytestmark = pytest.mark.parity

WEIGHTS = Path(__file__).resolve().parents[2] / "benchmarks" / "weights"
SEED = 20240607
MADE = {  # kind of the recording's own generator -> (folder, file)
    "sd15": ("checkpoints", "sd15_random.safetensors"),
    "lora": ("loras", "lora_random.safetensors"),
    "controlnet": ("controlnet", "control_sd15_random.safetensors"),
    "embedding": ("embeddings", "foo.safetensors"),
}
BOUND = 1e-3

CATALOG = {name: node.spec for name, node in BUILTIN.items()}
RECORDED: dict[str, Any] = json.loads(shared_file("oracle/workflows/workflows.json").read_text())


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """A home with the weights, which are made once."""
    spec = importlib.util.spec_from_file_location("make_checkpoints", shared_file("oracle/make_checkpoints.py"))
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    folders = Folders.at(tmp_path_factory.mktemp("parity"))
    folders.make()
    WEIGHTS.mkdir(parents=True, exist_ok=True)
    for kind, (folder, name) in MADE.items():
        if not (WEIGHTS / name).exists():
            maker.write(WEIGHTS / name, maker.layout(kind), SEED, kind)
        (folders.directories[folder][0] / name).hardlink_to(WEIGHTS / name)
    write_oracle_picture(folders.directories["input"][0] / "oracle_rgba.png")
    return folders


@pytest.fixture(scope="module")
def session(folders: Folders) -> Session:
    return Session(Settings(home=folders.home, device="cpu", dtype="fp32"), folders)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_workflow_gives_the_recorded_result(name: str, session: Session, folders: Folders) -> None:
    record = RECORDED[name]
    types = {call["class_type"] for call in record["prompt"].values()}
    if missing := types - CATALOG.keys():
        pytest.skip(f"uses nodes that are not there yet: {', '.join(sorted(missing))}")
    workflow, problems = parse_api(record["prompt"])
    assert not problems
    assert not validate(workflow, CATALOG, folders.list)
    events: list[Event] = []
    outcome = session.run(name, workflow, events.append)
    assert isinstance(outcome.end, Done), outcome.end
    expected = np.load(shared_file("oracle/workflows/workflow_outputs.npz"))
    shown = [event for event in events if isinstance(event, Output) and event.folder == "output"]
    checked = 0
    for output in record["outputs"]:
        path = next(folders.directories["output"][0] / e.path for e in shown if e.node == output["node"])
        if output["key"] in expected:
            _same(_content(path), expected[output["key"]])
            checked += 1
        else:
            content = _content(path)
            assert content.mean() == pytest.approx(output["mean"], rel=BOUND, abs=BOUND * output["std"])
            assert content.std() == pytest.approx(output["std"], rel=BOUND)
    assert checked


def _content(path: Path) -> np.ndarray[Any, Any]:
    if path.suffix == ".latent":
        latent: np.ndarray[Any, Any] = load_file(path)["latent_tensor"].numpy()
        return latent
    return np.asarray(Image.open(path))


def _same(found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> None:
    assert found.shape == expected.shape
    largest = float(np.abs(expected.astype(np.float64)).max())
    error = float(np.abs(found.astype(np.float64) - expected).max()) / largest
    if expected.dtype == np.uint8:
        assert error <= 1.5 / 255  # one value up or down where a number falls on the other side of a border
    else:
        assert error <= BOUND
    print(f"relative error {error:.1e}")
