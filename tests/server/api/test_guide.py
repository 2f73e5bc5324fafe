"""The examples of the guide are run as they stand there."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import Served, eventually, workflow

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "api.md"
TEXT = GUIDE.read_text(encoding="utf-8")
HERE = "http://127.0.0.1:8188"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def run(line: list[str], folder: Path) -> str:
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode in (0, 28), done.stderr  # 28: curl has listened as long as it was told to
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_lines_for_a_shell_work(served: Served, tmp_path: Path) -> None:
    answers = [run(["sh", "-ec", block.replace(HERE, served.url)], tmp_path) for block in blocks("sh")]
    assert (tmp_path / "cat.png").read_bytes().startswith(b"\x89PNG")
    assert '"what"' not in "".join(answers)
    assert '"path":"cat.png"' in answers[1]
    assert answers[2].count('"state":"queued"') == 2
    assert "event: done" in answers[3]
    eventually(lambda: served.http.get("/api/v1/queue").json()["mine"] == 0)


def test_the_program_works(served: Served, tmp_path: Path) -> None:
    (tmp_path / "workflow.json").write_text(json.dumps(workflow()))
    (program,) = blocks("python")
    run([sys.executable, "-c", program.replace(HERE, served.url)], tmp_path)
    assert len(list((tmp_path / "pictures").iterdir())) == 3


def test_every_route_that_is_named_exists(served: Served) -> None:
    paths = served.http.get("/api/v1/openapi.json").json()["paths"]
    known = {re.sub(r"\{\w+\}", "{}", path.removeprefix("/api/v1")) for path in paths} | {"/docs", "/openapi.json"}
    cells = [line.split("|")[1] for line in TEXT.splitlines() if line.startswith("| `")]
    named = {name for cell in cells for name in re.findall(r"(?:[A-Z]+ )?(/[\w/{}]+)", cell) if cell.count("/")}
    whole = {re.sub(r"\{\w+\}", "{}", name) for name in named if name not in ("/retry", "/move", "/resume", "/clear")}
    assert whole <= known, whole - known
