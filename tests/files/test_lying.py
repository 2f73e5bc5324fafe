"""What lies in a folder, and whether something has come since."""

import os
import time
from pathlib import Path

import pytest

from safelight.files import lying
from safelight.files.lying import is_as_before, is_fresh, lying_in


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def age(top: Path) -> None:
    """Make folders look as if nothing had come for long."""
    for place in (top, *(path for path in top.rglob("*") if path.is_dir())):
        os.utime(place, (time.time() - 60,) * 2)


def test_pictures_are_listed_at_any_depth_without_what_is_hidden_or_passed_over(tmp_path: Path) -> None:
    for name in ("a.PNG", "b.webp", "c.txt", ".d.png", "deep/er/e.jpeg", ".hidden/f.png", "models/g.png"):
        put(tmp_path / name)
    assert sorted(lying_in(tmp_path, [tmp_path / "models"]).names) == ["a.PNG", "b.webp", "deep/er/e.jpeg"]


@pytest.mark.parametrize("change", ["deep/new.png", "new/new.png"])
def test_what_comes_at_any_depth_is_noticed(change: str, tmp_path: Path) -> None:
    put(tmp_path / "deep/er/old.png")
    age(tmp_path)
    before = lying_in(tmp_path, [])
    assert is_as_before(before)
    put(tmp_path / change)
    assert not is_as_before(before)


def test_a_folder_that_was_changed_just_now_or_is_missing_is_looked_at_again(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    assert not is_as_before(lying_in(tmp_path, []))
    missing = lying_in(tmp_path / "missing", [])
    assert (missing.names, is_as_before(missing)) == ((), False)


def test_a_time_that_is_to_come_is_not_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lying, "SETTLED", 2.0)
    now = time.time()
    assert [is_fresh(now + ahead) for ahead in (-60, -1, 60)] == [False, True, False]
