"""`safelight index` and `safelight search`, on the starter's CLIP."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from safelight.clip.folder_index import PLACE
from safelight.clip.looking import Eye
from safelight.files.folders import STARTER
from safelight.store.assets import AssetFilter, NewAsset, page_of_assets, put_asset
from safelight.store.database import Database, database_url
from safelight.store.state import ONLY_USER, ensure_only_user
from tests.cli.conftest import SEEDED, Command


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were looked at, in order."""
    names: list[str] = []
    look_at = Eye.look_at

    def noted(self: Eye, pictures: list[Path]) -> object:
        names.extend(path.name for path in pictures)
        return look_at(self, pictures)

    monkeypatch.setattr(Eye, "look_at", noted)
    return names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures, one of them broken, one in a folder inside, and a file that is none."""
    place = tmp_path / "pictures"
    (place / "deep").mkdir(parents=True)
    shutil.copyfile(STARTER / "example.png", place / "deep" / "example.png")
    Image.new("RGB", (64, 64), "black").save(place / "black.png")
    (place / "broken.jpg").write_bytes(b"no picture")
    (place / "notes.txt").write_text("no picture")
    return place


def found(text: str) -> list[str]:
    return [Path(one["picture"]).name for one in json.loads(text)]


def test_a_folder_is_looked_at_once_and_nothing_is_written_into_it(
    folder: Path, command: Command, looked: list[str]
) -> None:
    before = sorted(folder.rglob("*"))
    first = command("index", folder)
    assert (first.code, first.out) == (0, "")
    assert "2 pictures of" in first.err
    assert "broken.jpg" in first.err
    assert sorted(looked) == ["black.png", "broken.jpg", "example.png"]
    assert sorted(folder.rglob("*")) == before
    looked.clear()
    like = command("search", "--like", STARTER / "example.png", folder, "--json")
    assert found(like.out) == ["example.png", "black.png"]
    assert json.loads(like.out)[0]["score"] == pytest.approx(1, abs=1e-4)
    assert looked == ["example.png"]  # the one that was searched with
    looked.clear()
    Image.new("RGB", (32, 32), "white").save(folder / "black.png")
    (folder / "deep" / "example.png").rename(folder / "moved.png")
    words = command("search", "a black picture", folder, "--count", 5)
    assert sorted(looked) == ["black.png", "moved.png"]
    assert sorted(Path(line.split()[1]).name for line in words.out.splitlines()) == ["black.png", "moved.png"]


def test_an_index_that_was_cut_off_goes_on_where_it_ended(
    folder: Path, home: Path, command: Command, looked: list[str]
) -> None:
    assert command("index", folder).code == 0
    (place,) = (home / PLACE).iterdir()
    for name, bytes_left in (("pictures.jsonl", -3), ("vectors.f32", -4)):
        content = (place / name).read_bytes()
        (place / name).write_bytes(content[:bytes_left])
        looked.clear()
        assert command("index", folder).code == 0
        assert looked
        assert len(looked) < 3
        assert len((place / "pictures.jsonl").read_text().splitlines()) == 3
        same = command("search", "--like", folder / "black.png", folder, "--json")
        assert found(same.out) == ["black.png", "example.png"]


def test_the_studios_own_pictures_are_found_without_a_server(home: Path, command: Command, looked: list[str]) -> None:
    (home / "output").mkdir(parents=True)
    shutil.copyfile(STARTER / "example.png", home / "output" / "cat.png")
    Image.new("RGB", (64, 64), "black").save(home / "output" / "black.png")
    database = Database(database_url("", home))
    with database.write() as connection:
        ensure_only_user(connection)
        for name in ("cat.png", "black.png", "gone.png"):
            put_asset(connection, NewAsset(ONLY_USER, "output", name, "images", "image/png", 1, 64, 64))
    database.close()
    for times in (3, 0):
        result = command("search", "--like", STARTER / "example.png", "--json")
        assert found(result.out) == ["cat.png", "black.png"]
        assert len(looked) == times + 1
        looked.clear()
    assert found(command("search", "something", "--count", 1, "--json").out) != []


def test_pictures_that_commands_made_are_found_though_there_never_was_a_server(
    tiny: Path, home: Path, command: Command
) -> None:
    (made,) = command("generate", "a cat", *SEEDED).paths
    shutil.copyfile(STARTER / "example.png", home / "output" / "cat.png")
    result = command("search", "--like", STARTER / "example.png", "--json")
    assert found(result.out) == ["cat.png", made.name]
    database = Database(database_url("", home))
    with database.read() as connection:
        prompts = {asset.path: asset.prompt for asset in page_of_assets(connection, AssetFilter(), limit=9)}
    database.close()
    assert prompts[made.name] == "a cat"


def test_where_there_is_no_picture_a_search_says_so(home: Path, command: Command) -> None:
    answer = command("search", "a cat")
    assert (answer.code, answer.out) == (0, "")
    assert "no picture yet" in answer.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "by words or by a picture"),
        (("a cat", "/nowhere"), "no folder /nowhere"),
        (("a cat", "--like", "x.png", "/"), "by words or by a picture"),
    ],
)
def test_a_search_that_cannot_be_is_refused_in_words(words: tuple[str, ...], says: str, command: Command) -> None:
    result = command("search", *words)
    assert result.code == 2
    assert says in result.err


def test_a_folder_that_is_not_there_is_refused(command: Command) -> None:
    assert "no folder" in command("index", "/nowhere").err
