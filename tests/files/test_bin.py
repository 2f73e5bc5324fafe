"""Files that were deleted and can be restored."""

from pathlib import Path

import pytest

from safelight.errors import BadInput
from safelight.files.bin import in_bin, put_away, put_back, remove
from safelight.files.folders import Folders

ID = "ab12"


@pytest.fixture
def folders(home: Path) -> Folders:
    made = Folders.at(home)
    made.make()
    return made


def put(folders: Folders, name: str, content: str) -> Path:
    path = folders.writable("output", name)
    path.write_text(content)
    return path


def test_a_file_goes_into_the_bin_and_comes_back_with_its_folder(folders: Folders) -> None:
    path = put(folders, "deep/cat.png", "cat")
    put_away(folders, "output", "deep/cat.png", ID)
    assert folders.list("output") == ()
    assert list(in_bin(folders.home)) == [ID]
    path.parent.rmdir()
    assert put_back(folders, "output", "deep/cat.png", ID, lambda _: False) == "deep/cat.png"
    assert (path.read_text(), in_bin(folders.home)) == ("cat", {})


def test_a_file_that_has_the_name_now_stays_and_so_does_what_the_books_have(folders: Folders) -> None:
    path = put(folders, "cat.png", "old")
    put_away(folders, "output", "cat.png", ID)
    path.write_text("new")
    assert put_back(folders, "output", "cat.png", ID, lambda name: name == "cat (1).png") == "cat (2).png"
    assert (path.read_text(), path.with_name("cat (2).png").read_text()) == ("new", "old")


def test_a_file_that_somebody_took_away_is_missed_by_nobody(folders: Folders) -> None:
    put_away(folders, "output", "never.png", ID)
    assert put_back(folders, "output", "never.png", ID, lambda _: False) == "never.png"
    remove(folders.home, ID)


def test_a_link_that_leads_elsewhere_is_not_followed(folders: Folders, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_text("secret")
    (folders.directories["output"][0] / "link.png").symlink_to(secret)
    with pytest.raises(BadInput, match="not a name inside"):
        put_away(folders, "output", "link.png", ID)
    assert secret.is_file()
