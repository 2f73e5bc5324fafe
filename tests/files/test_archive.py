"""Archives that are written while they are sent."""

import io
import os
from pathlib import Path
from zipfile import ZipFile

from safelight.files import archive as module
from safelight.files.archive import archive


def test_every_file_is_there_once_under_a_name_of_its_own(tmp_path: Path) -> None:
    contents = {name: os.urandom(3000) for name in ("a.png", "b.png", "c.png")}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    os.utime(tmp_path / "a.png", (0, 0))  # before the years that archives know
    names = [("☃/cat.png", "a.png"), ("☃/Cat.png", "b.png"), ("gone.png", "gone.png"), ("☃/cat.png", "c.png")]
    pieces = list(archive((name, tmp_path / file) for name, file in names))
    with ZipFile(io.BytesIO(b"".join(pieces))) as read:
        assert read.testzip() is None
        assert {name: read.read(name) for name in read.namelist()} == {
            "☃/cat.png": contents["a.png"],
            "☃/Cat (2).png": contents["b.png"],
            "☃/cat (3).png": contents["c.png"],
        }


def test_a_large_file_is_sent_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(3 * module.CHUNK))
    pieces = list(archive([("a.bin", tmp_path / "a.bin")]))
    assert max(map(len, pieces)) < 2 * module.CHUNK


def test_an_archive_of_nothing_is_one(tmp_path: Path) -> None:
    with ZipFile(io.BytesIO(b"".join(archive([("gone", tmp_path / "gone")])))) as read:
        assert read.namelist() == []
