"""The command as people call it, in this process and in one of its own."""

import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from safelight.cli import main
from safelight.files.picture_files import read_text
from tests.studio import tiny_file

QUICK = ("--checkpoint", "tiny", "--steps", "1", "--width", "64", "--height", "64")
SEEDED = (*QUICK, "--seed", "1")
# What a shell starts in the background is told to ignore Ctrl-C, and so is all that it starts; tests may be.
HEED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
SAFELIGHT = (sys.executable, "-c", f"{HEED}; from safelight.cli import main; main()")


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def paths(self) -> list[Path]:
        """The files that it saved; it must have ended well."""
        assert self.code == 0, self.err
        return [Path(line) for line in self.out.splitlines()]


Command = Callable[..., Result]
Process = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Runs `safelight` with arguments; no input may end in a stack trace."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SAFELIGHT_DEVICE", "cpu")

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["safelight", *map(str, arguments)])
        capfd.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        assert isinstance(code, int)
        return Result(code, out, err)

    yield run
    logging.captureWarnings(False)


@pytest.fixture
def process(home: Path, monkeypatch: pytest.MonkeyPatch) -> Process:
    """Starts `safelight` in a process of its own."""
    monkeypatch.setenv("SAFELIGHT_DEVICE", "cpu")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # a tiny network gains nothing from a second one

    def start(*arguments: object, before: tuple[str, ...] = (), stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
        line = [*before, *SAFELIGHT, *map(str, arguments)]
        return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=stderr, text=True)

    return start


@pytest.fixture
def tiny(home: Path) -> Path:
    """A small checkpoint in the home folder, called `tiny`."""
    path = home / "models/checkpoints/tiny.safetensors"
    path.parent.mkdir(parents=True)
    return Path(shutil.copyfile(tiny_file("sd1"), path))


def files_of(home: Path) -> set[str]:
    """Every file in a home folder, beside the log and what is only kept to save time."""
    files = (path.relative_to(home) for path in home.rglob("*") if path.is_file())
    return {path.as_posix() for path in files if path.parts[0] not in ("cache", "safelight.log")}


def picture(path: Path, width: int = 64, height: int = 64, colour: int = 128) -> Path:
    """A picture file of one grey."""
    Image.new("RGB", (width, height), (colour, colour, colour)).save(path)
    return path


def inputs_of(result: Result, class_type: str) -> dict[str, Any]:
    """The inputs of the only node of a type, in the workflow that the first picture keeps."""
    calls = json.loads(read_text(result.paths[0])["prompt"]).values()
    (found,) = (call["inputs"] for call in calls if call["class_type"] == class_type)
    assert isinstance(found, dict)
    return found
