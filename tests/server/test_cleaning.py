import os
import time
from pathlib import Path

from safelight.server.cleaning import OLD, clean, remove_old
from safelight.server.security.credentials import digest
from safelight.store import accounts
from tests.serving import eventually, serving


def _put(path: Path, age: float = 0.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_old_temporary_files_go_and_new_ones_stay(tmp_path: Path) -> None:
    old, new = _put(tmp_path / "old.png", OLD + 60), _put(tmp_path / "new.png")
    deep, beside = _put(tmp_path / "a/b/old.png", OLD + 60), _put(tmp_path / "a/new.png")
    assert remove_old(tmp_path, OLD) == 2
    assert not old.exists()
    assert not deep.parent.exists()
    assert new.exists()
    assert beside.exists()
    assert remove_old(tmp_path / "missing", OLD) == 0


def test_what_a_link_leads_to_stays(tmp_path: Path) -> None:
    kept = _put(tmp_path / "elsewhere/kept.png", OLD + 60)
    (tmp_path / "temp").mkdir()
    (tmp_path / "temp/away").symlink_to(kept.parent)
    link = tmp_path / "temp/link.png"
    link.symlink_to(kept)
    os.utime(link, (0, 0), follow_symlinks=False)
    assert remove_old(tmp_path / "temp", OLD) == 1
    assert kept.exists()
    assert not link.is_symlink()


def test_a_server_cleans_when_it_starts_everybodys_folders_and_only_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    gone = [
        _put(home / "temp/old.png", OLD + 60),
        _put(home / "users/ann/temp/old.png", OLD + 60),
        _put(home / "output/.0123456789abcdef.part", OLD + 60),
        _put(home / "users/ann/input/.0123456789abcdef.part", OLD + 60),
    ]
    kept = [
        _put(home / "output/old.png", OLD + 60),
        _put(home / "users/ann/output/old.png", OLD + 60),
        _put(home / "temp/new.png"),
        _put(home / "models/loras/.0123456789abcdef.part", OLD + 60),
    ]
    with serving(home):
        eventually(lambda: not any(path.exists() for path in gone))
    assert all(path.exists() for path in kept)


def test_sessions_that_have_run_out_are_forgotten(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        with served.studio.database.write() as connection:
            accounts.add_session(connection, "local", digest("old"), time.time() - 1)
            accounts.add_session(connection, "local", digest("new"), time.time() + 60)
        clean(served.studio)
        with served.studio.database.read() as connection:
            assert accounts.user_by_session(connection, digest("new")) is not None
        with served.studio.database.write() as connection:
            accounts.add_session(connection, "local", digest("old"), time.time() + 60)  # its place is free
