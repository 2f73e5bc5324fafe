"""Pictures that lie in an output folder are taken into the books, by themselves and once."""

import io
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin
from sqlalchemy import Connection

from safelight.errors import BadInput
from safelight.files import lying
from safelight.files.folders import Folders
from safelight.server import stocktaking
from safelight.server.stocktaking import Stocktaking, found_asset
from safelight.store.accounts import users
from safelight.store.assets import AssetFilter, NewAsset, page_of_assets
from safelight.store.database import Database, DatabaseBusy, database_url
from safelight.store.state import ONLY_USER, ensure_only_user
from tests.server.security.signing import add_person
from tests.serving import Served, eventually, serving, workflow

ASSETS = "/api/v1/assets"
A1111 = "a red barn\nNegative prompt: fog\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5, Model: Starter-128"


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lying, "SETTLED", 0.1)
    monkeypatch.setattr(stocktaking, "OFTEN", 0.02)
    monkeypatch.setattr(stocktaking, "AGAIN", 0.02)
    monkeypatch.setattr(stocktaking, "SELDOM", 1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(database_url("", tmp_path))
    with database.write() as connection:
        ensure_only_user(connection)
    yield database
    database.close()


@pytest.fixture
def stock(tmp_path: Path, database: Database) -> Stocktaking:
    folders = Folders.at(tmp_path)
    folders.make()
    return Stocktaking(folders, database)


def lay(path: Path, prompt: str = "a cat", texts: dict[str, str] | None = None) -> Path:
    """A picture with its workflow in it, as commands save them."""
    kept = PngImagePlugin.PngInfo()
    for key, text in (texts or {"prompt": json.dumps(workflow(prompt, seed=9))}).items():
        kept.add_text(key, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), "teal").save(path, "PNG", pnginfo=kept)
    return path


def settle() -> None:
    time.sleep(lying.SETTLED * 2)


def pictures(database: Database, user: str | None = None) -> list[str]:
    with database.read() as connection:
        return sorted(each.path for each in page_of_assets(connection, AssetFilter(user=user), limit=100))


def listed(served: Served, **sought: Any) -> list[dict[str, Any]]:
    answer = served.http.get(ASSETS, params=sought).raise_for_status().json()
    assets: list[dict[str, Any]] = answer["assets"]
    return assets


def found(served: Served, path: str) -> dict[str, Any]:
    there = eventually(lambda: [each for each in listed(served) if each["path"] == path])
    assert isinstance(there, list)
    (asset,) = there
    return dict(asset)


def test_a_picture_of_a_command_is_found_with_all_that_it_tells(tmp_path: Path) -> None:
    made = lay(tmp_path / "output" / "cat_00001_.png")
    os.utime(made, (1_000_000.0, 1_000_000.0))
    with serving(tmp_path) as served:
        asset = found(served, "cat_00001_.png")
        told = {key: asset[key] for key in ("folder", "kind", "mime", "width", "height", "prompt", "job", "created")}
        assert told == {
            "folder": "output",
            "kind": "images",
            "mime": "image/png",
            "width": 64,
            "height": 48,
            "prompt": "a cat",
            "job": "",
            "created": 1_000_000.0,
        }
        assert asset["checkpoint"] == "starter-128.safetensors"
        assert asset["bytes"] == made.stat().st_size
        recipe = served.http.get(f"{ASSETS}/{asset['id']}/recipe").raise_for_status().json()
        assert (recipe["wish"]["prompt"], recipe["seed"]) == ("a cat", 9)
        assert served.http.get(asset["thumbnail"]).headers["content-type"] == "image/webp"
        assert served.http.get(f"{ASSETS}/facets").json()["total"] == 1
        lay(tmp_path / "output" / "animals" / "later.png", "a dog")
        assert found(served, "animals/later.png")["prompt"] == "a dog"


def test_a_found_picture_can_be_marked_deleted_restored_and_used_as_any_other(tmp_path: Path) -> None:
    lay(tmp_path / "output" / "cat.png")
    with serving(tmp_path) as served:
        asset = found(served, "cat.png")["id"]
        served.http.patch(f"{ASSETS}/{asset}", json={"favourite": True, "tags": ["pet"]}).raise_for_status()
        served.http.post(f"{ASSETS}/delete", json={"assets": [asset]}).raise_for_status()
        settle()
        assert listed(served) == []
        served.http.post(f"{ASSETS}/restore", json={"assets": [asset]}).raise_for_status()
        settle()
        (again,) = listed(served, favourite=True, tag="pet")
        assert (again["id"], again["path"]) == (asset, "cat.png")
        document: Any = workflow("a cat on it")
        document["9"] = {"class_type": "LoadImage", "inputs": {"image": "cat.png [output]"}}
        document["4"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["9", 0], "vae": ["1", 2]}}
        served.http.post("/api/v1/jobs", json={"workflow": document}).raise_for_status()
        tree = eventually(lambda: served.http.get(f"{ASSETS}/{asset}/lineage").json()["children"])
        assert isinstance(tree, list)
        (child,) = tree
        (parent,) = served.http.get(f"{ASSETS}/{child['asset']['id']}/lineage").json()["parents"]
        assert (parent["asset"]["id"], parent["job"]) == (asset, "")
        served.http.delete(f"{ASSETS}/{asset}").raise_for_status()
        settle()
        assert asset not in [each["id"] for each in listed(served)]
        assert not (tmp_path / "output" / "cat.png").exists()


def test_pictures_of_jobs_keep_their_job_and_come_once(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        for seed in range(4):
            served.http.post("/api/v1/jobs", json={"workflow": workflow("a cat", seed=seed)}).raise_for_status()
        eventually(lambda: len(listed(served)) == 4)
        settle()
        assert len(listed(served)) == 4
        assert all(each["job"] for each in listed(served))


def test_only_whole_pictures_that_are_not_hidden_are_taken(
    tmp_path: Path, stock: Stocktaking, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    output = tmp_path / "output"
    lay(output / "fine.png")
    lay(output / ".hidden.png")
    lay(output / ".deep" / "hidden.png")
    lay(output / "checkpoints" / "model.png")
    lay(output / ".0123456789abcdef.part")
    (output / "notes.txt").write_text("no picture")
    (output / "away").symlink_to(tmp_path / "input")
    lay(tmp_path / "input" / "brought.png")
    outside = lay(tmp_path / "elsewhere.png")
    (output / "link.png").symlink_to(outside)
    (output / "within.png").symlink_to(output / "fine.png")
    (output / "broken.png").write_bytes(b"no picture")
    half = output / "half.png"
    content = io.BytesIO()
    Image.effect_noise((256, 256), 90).save(content, "PNG")
    half.write_bytes(content.getvalue()[:-20_000])
    assert (sum(stock.take()), stock.must_wait) == (0, True)
    settle()
    for count in (1, 0, 0):
        assert (sum(stock.take()), stock.must_wait) == (count, False)
    assert pictures(database) == ["fine.png"]
    assert sorted(each.args[0].name for each in caplog.records) == ["broken.png", "half.png"]  # type: ignore
    half.write_bytes(content.getvalue())
    settle()
    assert (sum(stock.take()), pictures(database)) == (1, ["fine.png", "half.png"])


def test_what_is_killed_or_held_half_way_goes_on_and_takes_each_picture_once(
    tmp_path: Path, stock: Stocktaking, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stocktaking, "TOGETHER", 2)
    for number in range(5):
        lay(tmp_path / "output" / f"{number}.png")
    settle()
    cut_off = stock.take()
    assert next(cut_off) == 2
    cut_off.close()
    other = Stocktaking(Folders.at(tmp_path), database)
    both = stock.take(), other.take()
    assert sum(next(each, 0) for each in (*both, *both)) == 3
    assert [sum(each) for each in both] == [0, 0]
    assert pictures(database) == [f"{number}.png" for number in range(5)]


def test_a_database_that_fails_in_between_makes_nobody_lose_a_picture(
    tmp_path: Path, stock: Stocktaking, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ann", "bob"):
        add_person(database, name)
    with database.read() as connection:
        people = [user.id for user in users(connection)]
    for user in people:
        own = tmp_path if user == ONLY_USER else tmp_path / "users" / user
        lay(own / "output" / "cat.png")
    settle()
    real, asked = stocktaking.__dict__["paths_in"], []

    def held(connection: Connection, user: str, folder: str) -> set[str]:
        asked.append(user)
        if len(asked) == 2:
            raise DatabaseBusy("The database is held.", mend="")
        known: set[str] = real(connection, user, folder)
        return known

    monkeypatch.setattr(stocktaking, "paths_in", held)
    with pytest.raises(DatabaseBusy):
        sum(stock.take())
    assert next(stock.take()) == 1  # and is cut off
    assert sum(stock.take()) == 2
    assert len(pictures(database)) == 3


def test_a_file_that_is_deleted_while_it_is_being_taken_does_not_come_back(
    tmp_path: Path, stock: Stocktaking, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path / "output" / "cat.png")
    settle()

    def gone(user: str, path: Path, name: str, size: int, checkpoints: Sequence[str]) -> NewAsset:
        asset = found_asset(user, path, name, size, checkpoints)
        path.unlink()
        return asset

    monkeypatch.setattr(stocktaking, "found_asset", gone)
    assert sum(stock.take()) == 0
    assert pictures(database) == []


def test_people_get_the_pictures_of_their_own_folders(tmp_path: Path) -> None:
    with serving(tmp_path, auth="on") as served:
        people = {name: add_person(served.studio.database, name) for name in ("ann", "bob")}
        ids = {name: served.http.get("/api/v1/me", headers=people[name]).json()["id"] for name in people}
        lay(tmp_path / "output" / "local.png")
        lay(tmp_path / "users" / "nobody" / "output" / "lost.png")
        for name, user in ids.items():
            lay(tmp_path / "users" / user / "output" / f"{name}.png")
        seen = {}
        for name, headers in people.items():

            def mine(headers: dict[str, str] = headers) -> list[str]:
                answer = served.http.get(ASSETS, headers=headers).raise_for_status().json()
                return [each["path"] for each in answer["assets"]]

            seen[name] = eventually(mine)
        assert seen == {"ann": ["ann.png"], "bob": ["bob.png"]}
        eventually(lambda: len(pictures(served.studio.database)) == 3)
        assert pictures(served.studio.database, ONLY_USER) == ["local.png"]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"parameters": A1111}, ("a red barn", "starter-128.safetensors")),
        ({"prompt": "no JSON"}, ("", "")),
        ({"prompt": '{"1": {"class_type": "KSampler", "inputs": {"model": ["2", 0]}}}'}, ("", "")),
        ({"prompt": json.dumps(workflow("a \x00 \ud800 cat"))}, ("a  ? cat", "starter-128.safetensors")),
        ({"other": "thing"}, ("", "")),
    ],
)
def test_pictures_of_other_programs_tell_what_they_can(
    texts: dict[str, str], told: tuple[str, str], tmp_path: Path
) -> None:
    path = lay(tmp_path / "it.png", texts=texts)
    asset = found_asset(ONLY_USER, path, "it.png", 1, ["starter-128.safetensors"])
    assert (asset.prompt, asset.checkpoint, asset.width) == (*told, 64)


def test_a_picture_is_upright_and_is_what_its_content_says(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    Image.new("RGB", (60, 40)).save(path, "JPEG", exif=exif)
    asset = found_asset(ONLY_USER, path, "photo.png", 1, [])
    assert (asset.width, asset.height, asset.mime) == (40, 60, "image/jpeg")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(BadInput):
        found_asset(ONLY_USER, path, "photo.png", 1, [])


def test_nothing_is_listed_again_while_nothing_comes(
    tmp_path: Path, stock: Stocktaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay(tmp_path / "output" / "deep" / "cat.png")
    settle()
    assert sum(stock.take()) == 1
    times: list[Path] = []
    real = lying.lying_in

    def noted(top: Path, without: Sequence[Path]) -> lying.Lying:
        times.append(top)
        return real(top, without)

    monkeypatch.setattr(stocktaking, "lying_in", noted)
    for _ in range(3):
        assert sum(stock.take()) == 0
    assert times == []
    shutil.copyfile(tmp_path / "output" / "deep" / "cat.png", tmp_path / "output" / "deep" / "copy.png")
    settle()
    assert sum(stock.take()) == 1
    assert len(times) == 1
