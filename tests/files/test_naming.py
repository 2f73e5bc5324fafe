import errno
import os
import time
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from safelight.errors import SafelightError
from safelight.files.naming import Claim, filled_in, next_counter, remove_parts, write_again, write_numbered

NOW = datetime(2024, 3, 5, 7, 8, 9)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def write_cat(file: BinaryIO) -> None:
    file.write(b"cat")


@pytest.mark.parametrize(
    ("prefix", "wanted"),
    [
        ("cat", "cat"),
        ("%width%x%height%", "640x480"),
        ("%year%-%month%-%day% %hour%%minute%%second%", "2024-03-05 070809"),
        ("%date%", "2024-03-05"),
        ("%date:yyyy/MM/dd%/cat", "2024/03/05/cat"),
        ("%date:yy-M-d h.m.s%", "24-3-5 7.8.9"),
        ("100% %unknown% %batch_num%", "100% %unknown% %batch_num%"),
    ],
)
def test_tokens_are_filled_in(prefix: str, wanted: str) -> None:
    assert filled_in(prefix, width=640, height=480, now=NOW) == wanted


def test_numbers_go_on_from_the_highest(tmp_path: Path) -> None:
    assert next_counter(tmp_path, "cat") == 1
    for name in ("cat_00007_.png", "cat_00002_.webp", "cat_123456_.png", "catfish_999999_.png", "cat_9999999.png"):
        (tmp_path / name).touch()
    assert next_counter(tmp_path, "cat") == 123457


def test_signs_in_a_name_are_only_themselves(tmp_path: Path) -> None:
    (tmp_path / "cXt_00005_.png").touch()
    assert next_counter(tmp_path, "c.t") == 1
    assert next_counter(tmp_path, "c(t") == 1


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "cat_00001_.png").write_bytes(b"old")
    path, number = write_numbered(tmp_path, "cat", ".png", 1, write_cat)
    assert (path.name, number) == ("cat_00002_.png", 2)
    assert (tmp_path / "cat_00001_.png").read_bytes() == b"old"
    assert names(tmp_path) == ["cat_00001_.png", "cat_00002_.png"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError])
def test_stopped_in_the_middle_nothing_is_left(stop: type[BaseException], tmp_path: Path) -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"half")
        raise stop

    with pytest.raises(stop):
        write_numbered(tmp_path, "cat", ".png", 1, write)
    assert names(tmp_path) == []


def test_the_name_appears_only_when_the_file_is_whole(tmp_path: Path) -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"cat")
        file.flush()
        assert not list(tmp_path.glob("cat*"))

    path, _ = write_numbered(tmp_path, "cat", ".png", 1, write)
    assert path.read_bytes() == b"cat"


def test_a_disk_without_links_is_written_to_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    (tmp_path / "cat_00001_.png").touch()
    path, _ = write_numbered(tmp_path, "cat", ".png", 1, write_cat)
    assert path.name == "cat_00002_.png"
    assert names(tmp_path) == ["cat_00001_.png", "cat_00002_.png"]


def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    def write(file: BinaryIO) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(SafelightError, match="No space left on device"):
        write_numbered(tmp_path, "cat", ".png", 1, write)
    assert names(tmp_path) == []


def test_a_name_is_noted_before_the_file_is_given_it(tmp_path: Path) -> None:
    (tmp_path / "cat_00001_.png").touch()
    noted: list[tuple[int, str, bool]] = []

    def note(part: Path, path: Path) -> None:
        noted.append((part.stat().st_ino, path.name, path.exists()))

    path, _ = write_numbered(tmp_path, "cat", ".png", 1, write_cat, Claim(None, note))
    assert noted == [(path.stat().st_ino, "cat_00002_.png", False)]


def test_a_file_of_an_earlier_run_is_replaced_whole_or_stays_as_it_was(tmp_path: Path) -> None:
    earlier = tmp_path / "cat_00001_.png"
    earlier.write_bytes(b"old")

    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    def note(part: Path, path: Path) -> None:
        assert (part.read_bytes(), path.read_bytes()) == (b"cat", b"old")

    with pytest.raises(SafelightError, match=r"cat_00001_\.png could not be saved"):
        write_again(earlier, fail, Claim(earlier, note))
    assert earlier.read_bytes() == b"old"
    write_again(earlier, write_cat, Claim(earlier, note))
    assert earlier.read_bytes() == b"cat"
    assert names(tmp_path) == ["cat_00001_.png"]


def test_only_old_parts_are_removed_from_a_folder_and_those_in_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    begun = [tmp_path / f".{digit * 16}.part" for digit in "0f"]
    inside = tmp_path / "a" / "b" / ".0123456789abcdef.part"
    others = [tmp_path / name for name in ("cat.png", ".x.part", "0123456789abcdef.part", ".0123456789abcdef.part.png")]
    long_ago = time.time() - 61
    for file in (*begun, inside, *others):
        file.touch()
        os.utime(file, (long_ago, long_ago))
    begun[0].write_bytes(b"somebody writes")
    remove_parts(tmp_path, 60)
    remove_parts(tmp_path / "not there", 60)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == {begun[0], *others}
