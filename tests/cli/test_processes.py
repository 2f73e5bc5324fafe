"""`safelight generate` in a process of its own: terminals, signals and full disks."""

import json
import os
import pty
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

from safelight.families.detect import identify
from safelight.files.folders import STARTER, STARTER_CHECKPOINT
from safelight.files.header import read_header
from safelight.files.picture_files import read_text
from tests.cli.conftest import SEEDED, Process, files_of


@pytest.mark.weights
def test_the_starter_makes_a_picture_of_its_own_size_at_the_printed_path(process: Process, home: Path) -> None:
    started = process("generate", "a picture of a cat", "--steps", 2, "--seed", 1)
    out, err = started.communicate(timeout=300)
    assert started.returncode == 0, err
    assert err == ""  # no bar where nobody watches
    (line,) = out.splitlines()
    assert Path(line) == home / "output" / "safelight_00001_.png"
    native = identify(read_header(STARTER / STARTER_CHECKPOINT)).native_size
    assert native is not None
    with Image.open(line) as saved:
        assert saved.size == native
    kept = read_text(Path(line))
    assert set(kept) == {"prompt", "workflow", "parameters", "safelight"}
    assert kept["parameters"].startswith("a picture of a cat\n")
    assert f"Size: {native[0]}x{native[1]}" in kept["parameters"]
    nodes = json.loads(kept["workflow"])["nodes"]
    assert [node["type"] for node in nodes] == [call["class_type"] for call in json.loads(kept["prompt"]).values()]
    record = json.loads(kept["safelight"])
    assert record["written"] == {"prompt": "a picture of a cat", "negative": ""}
    assert [file["name"] for file in record["files"]] == [STARTER_CHECKPOINT]


def test_a_terminal_is_shown_steps_speed_and_time_left(process: Process, tiny: Path) -> None:
    ours, theirs = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # how Linux says that the other end was closed
            while chunk := os.read(ours, 65536):
                shown.append(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    started = process("generate", "cat", *SEEDED[:2], "--steps", 60, "--width", 128, "--height", 128, stderr=theirs)
    os.close(theirs)
    out, _ = started.communicate(timeout=300)
    reader.join(timeout=60)
    os.close(ours)
    text = b"".join(shown).decode()
    assert started.returncode == 0, text
    assert len(out.splitlines()) == 1
    assert "output" not in text  # the path is written to the standard output alone
    assert "Developing" in text
    assert "/60" in text
    assert "steps/s" in text or "s/step" in text
    assert "0:00:" in text


def test_a_full_disk_fails_in_words_and_leaves_no_part_of_a_picture(process: Process, tiny: Path, home: Path) -> None:
    before = files_of(home)
    small = ("sh", "-c", 'ulimit -f 8; exec "$0" "$@"')  # no file may have more than 8 blocks
    started = process("generate", "cat", *SEEDED, before=small)
    out, err = started.communicate(timeout=300)
    assert (started.returncode, out) == (1, "")
    assert "could not be saved in" in err
    assert "Free some space" in err
    assert "Traceback" not in err
    assert files_of(home) == before


def test_ctrl_c_stops_a_run_with_no_file_half_written(process: Process, tiny: Path, home: Path) -> None:
    before = files_of(home)
    started = process("generate", "cat", *SEEDED[:2], "--steps", 10_000, "--width", 64, "--height", 64, "--json")
    assert started.stdout is not None
    kinds = []
    for line in started.stdout:
        kinds.append(json.loads(line)["event"])
        if kinds.count("progress") == 3:
            asked = time.monotonic()
            started.send_signal(signal.SIGINT)
            break
    rest, err = started.communicate(timeout=60)
    kinds += [json.loads(line)["event"] for line in rest.splitlines()]
    assert started.returncode == 130
    assert time.monotonic() - asked < 10  # a second or two, on a machine that has nothing else to do
    assert kinds[-1] == "cancelled"
    assert err == "Stopped.\n"
    assert files_of(home) == before
