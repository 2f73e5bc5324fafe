"""A public client library from npm, unchanged: https://www.npmjs.com/package/@stable-canvas/comfyui-client."""

import base64
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from tests.serving import Served, workflow

HERE = Path(__file__).parent / "npm"
KEPT = Path(__file__).resolve().parents[3] / "build" / "npm-clients"
FILES = ("package.json", "package-lock.json", "follow.mjs")


@pytest.fixture(scope="module")
def installed() -> Path:
    """A folder with the library in it; it is fetched once."""
    if shutil.which("npm") is None:
        pytest.skip("needs node and npm")
    KEPT.mkdir(parents=True, exist_ok=True)
    lock = (HERE / "package-lock.json").read_bytes()
    is_there = (KEPT / "node_modules").is_dir() and (KEPT / "package-lock.json").read_bytes() == lock
    for name in FILES:
        shutil.copy(HERE / name, KEPT / name)
    if not is_there:
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"]
        done = subprocess.run(command, cwd=KEPT, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            shutil.rmtree(KEPT / "node_modules", ignore_errors=True)
            pytest.skip(f"npm cannot fetch the library: {done.stderr.strip()[-200:]}")
    return KEPT


def test_it_brings_a_picture_follows_a_workflow_and_fetches_what_was_made(
    served: Served, installed: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (64, 64), "red").save(tmp_path / "red.png")
    nodes = {
        **workflow(),
        "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
        "4": {"class_type": "VAEEncode", "inputs": {"pixels": ["1", 0], "vae": ["8", 2]}},
        "8": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "starter-128.safetensors"}},
    }
    rewired = json.loads(json.dumps(nodes).replace('["1", 1]', '["8", 1]').replace('["1", 2]', '["8", 2]'))
    rewired["5"]["inputs"]["model"] = ["8", 0]
    done = subprocess.run(
        ["node", "follow.mjs", served.url.removeprefix("http://"), str(tmp_path / "red.png")],
        cwd=installed,
        input=json.dumps(rewired),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["uploaded"] == {"name": "red.png", "subfolder": "", "type": "input"}
    assert told["steps"][-1] == [3, 3]  # a client that is behind is told the last step only
    assert 1 <= told["previews"] <= 3
    assert Image.open(io.BytesIO(base64.b64decode(told["file"]))).size == (64, 48)
    assert (told["status"], told["samplers"]) == ("success", 42)
    assert "400" in told["refused"]
