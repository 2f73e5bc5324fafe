"""Model files that are there twice."""

import os
from pathlib import Path

import pytest

from safelight.files.duplicates import twins
from safelight.files.folders import Folders
from safelight.files.hashes import sha256


@pytest.fixture
def folders(home: Path) -> Folders:
    made = Folders.at(home)
    made.make()
    return made


def put(folders: Folders, folder: str, name: str, content: bytes) -> Path:
    path = folders.writable(folder, name)
    path.write_bytes(content)
    return path


def found(folders: Folders, cache: Path) -> list[tuple[list[str], bool]]:
    return [([file.title for file in group.files], group.certain) for group in twins(folders, cache)]


def test_the_same_content_is_found_in_whatever_folder_it_is(folders: Folders, tmp_path: Path) -> None:
    content = os.urandom(1_000_000)
    put(folders, "loras", "a.safetensors", content)
    put(folders, "loras", "deep/b.safetensors", content)
    put(folders, "checkpoints", "c.ckpt", content)
    put(folders, "vae", "small.pt", b"12")
    put(folders, "vae", "small too.pt", b"12")
    assert found(folders, tmp_path) == [
        (["checkpoints/c.ckpt", "loras/a.safetensors", "loras/deep/b.safetensors"], False),
        (["vae/small too.pt", "vae/small.pt"], False),
    ]


def test_files_of_one_shape_that_were_trained_apart_are_no_twins(folders: Folders, tmp_path: Path) -> None:
    head = b"the same header" * 1000
    for name in ("a", "b"):
        put(folders, "loras", f"{name}.safetensors", head + os.urandom(500_000))
    assert found(folders, tmp_path) == []


def test_hashes_that_are_known_decide(folders: Folders, tmp_path: Path) -> None:
    content = bytearray(10_000_000)
    paths = [put(folders, "loras", f"{name}.pt", bytes(content)) for name in "ab"]
    content[12_345] = 1  # between two samples
    paths.append(put(folders, "loras", "c.pt", bytes(content)))
    assert found(folders, tmp_path) == [(["loras/a.pt", "loras/b.pt", "loras/c.pt"], False)]
    for path in paths:
        sha256(path, tmp_path)
    assert found(folders, tmp_path) == [(["loras/a.pt", "loras/b.pt"], True)]


def test_one_file_under_two_names_is_no_twin_of_itself(folders: Folders, tmp_path: Path) -> None:
    path = put(folders, "loras", "a.pt", b"12")
    (path.parent / "link.pt").symlink_to(path)
    (path.parent / "hard.pt").hardlink_to(path)
    put(folders, "loras", "empty.pt", b"")
    put(folders, "loras", "empty too.pt", b"")
    assert found(folders, tmp_path) == []
