"""Which file a recipe means."""

from hashlib import sha256
from pathlib import Path

import pytest

from safelight.files.folders import Folders
from safelight.files.recipes import find_model, old_hash, same_name


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders.at(tmp_path)
    made.make()
    place = tmp_path / "models" / "loras"
    (place / "sub").mkdir()
    (place / "a.safetensors").write_bytes(b"a")
    (place / "sub" / "b.safetensors").write_bytes(b"b")
    return made


def test_the_hash_counts_for_more_than_the_name(folders: Folders) -> None:
    digest = sha256(b"b").hexdigest()[:10]
    assert find_model(folders, "loras", "a", digest) == ("sub/b.safetensors", True)
    assert find_model(folders, "loras", "", digest.upper()) == ("sub/b.safetensors", True)


def test_a_name_without_ending_and_folder_is_found_and_said_to_be_no_proof(folders: Folders) -> None:
    assert find_model(folders, "loras", "B") == ("sub/b.safetensors", False)
    assert find_model(folders, "loras", "a", "0123456789") == ("a.safetensors", False)


def test_what_fits_neither_is_not_found(folders: Folders) -> None:
    assert find_model(folders, "loras", "c", "0123456789") is None
    assert find_model(folders, "loras", "") is None


def test_the_hash_of_old_pictures_is_that_of_64_kib_behind_the_first_mib(folders: Folders) -> None:
    path = folders.home / "models" / "loras" / "old.ckpt"
    path.write_bytes(bytes(0x100000) + b"\1" * 0x10000 + b"more")
    digest = sha256(b"\1" * 0x10000).hexdigest()[:8]
    assert old_hash(path) == digest
    assert find_model(folders, "loras", "", digest) == ("old.ckpt", True)


@pytest.mark.parametrize("name", ["b", "B.safetensors", "sub/b", "sub\\b.safetensors"])
def test_a_file_is_known_by_any_form_of_its_name(name: str) -> None:
    assert same_name("sub/b.safetensors", name)
    assert not same_name("sub/bb.safetensors", name)
