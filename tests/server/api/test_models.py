"""Model files: what there is, what they are, pictures of what they make."""

import hashlib
import shutil
from pathlib import Path

import pytest
from PIL import Image

from safelight.client import Client
from safelight.files.folders import STARTER, STARTER_CHECKPOINT
from safelight.server.api import models
from tests.server.api.conftest import encoded
from tests.server.security.signing import add_person
from tests.serving import Served, eventually, serving, workflow
from tests.studio import tiny_file

MODELS = "/api/v1/models"


@pytest.fixture
def tiny(served: Served) -> Path:
    """A small checkpoint in a sub-folder."""
    path = served.settings.home / "models/checkpoints/deep/tiny.safetensors"
    path.parent.mkdir(parents=True)
    return Path(shutil.copyfile(tiny_file("sd1"), path))


def test_the_list_says_what_each_file_is_and_what_suits_it(served: Served, tiny: Path) -> None:
    found = served.http.get(f"{MODELS}/checkpoints").json()
    names = [model["name"] for model in found["models"]]
    shipped = ["chalk-128.safetensors", "sketch-256.safetensors", "starter-128.safetensors"]
    assert names == [shipped[0], "deep/tiny.safetensors", *shipped[1:]]
    chalk, *_, starter = found["models"]
    assert (chalk["recommended"]["sampler"], chalk["recommended"]["scheduler"]) == ("dpmpp_2m", "karras")
    assert (starter["kind"], starter["families"], starter["bytes"]) == (
        "checkpoint",
        ["sd1"],
        (STARTER / STARTER_CHECKPOINT).stat().st_size,
    )
    assert (starter["recommended"]["width"], starter["recommended"]["sampler"]) == (128, "euler_ancestral")
    assert served.http.get(f"{MODELS}/checkpoints", params={"search": "TINY"}).json()["total"] == 1
    page = served.http.get(f"{MODELS}/checkpoints", params={"limit": 1, "offset": 2}).json()
    assert ([model["name"] for model in page["models"]], page["total"]) == (["sketch-256.safetensors"], 4)
    counts = {folder["name"]: folder["count"] for folder in served.http.get(MODELS).json()["folders"]}
    assert (counts["checkpoints"], counts["loras"]) == (4, 0)


def test_a_file_that_is_none_is_told_so_in_words(served: Served) -> None:
    (served.settings.home / "models/loras/page.safetensors").write_text("<html>not found</html>")
    (model,) = served.http.get(f"{MODELS}/loras").json()["models"]
    assert (model["kind"], model["families"]) == ("unknown", [])
    details = served.http.get(f"{MODELS}/loras/details", params={"name": "page.safetensors"}).json()
    assert "web page" in details["about"]


def test_the_anatomy_of_a_file_adds_up_to_its_parameters(served: Served, tiny: Path) -> None:
    sought = {"name": "deep/tiny.safetensors"}
    found = served.http.get(f"{MODELS}/checkpoints/anatomy", params=sought).json()
    assert [part["kind"] for part in found["parts"]] == ["unet", "text", "vae"]
    details = served.http.get(f"{MODELS}/checkpoints/details", params=sought).json()
    assert (found["about"], found["parameters"]) == (details["about"], details["parameters"])
    text = found["parts"][1]
    assert sum(piece["parameters"] for piece in text["pieces"]) == text["parameters"]
    (table,) = (piece for block in text["pieces"] for piece in block["pieces"] if piece["name"] == "token_embedding")
    assert (table["kind"], table["shapes"], table["dtypes"]) == (
        "layer",
        {"weight": [49408, 64]},
        {"fp32": 49408 * 64},
    )
    assert served.http.get(f"{MODELS}/checkpoints/anatomy", params={"name": "none"}).status_code == 404


def test_a_file_that_is_no_model_has_no_anatomy(served: Served) -> None:
    (served.settings.home / "models/loras/page.safetensors").write_text("<html>not found</html>")
    refused = served.http.get(f"{MODELS}/loras/anatomy", params={"name": "page.safetensors"})
    assert (refused.status_code, "web page" in refused.text) == (400, True)


def test_details_have_the_metadata_and_the_hash_once_it_is_known(served: Served, tiny: Path) -> None:
    sought = {"name": "deep/tiny.safetensors"}
    details = served.http.get(f"{MODELS}/checkpoints/details", params=sought).json()
    assert (details["about"], details["sha256"]) == ("SD 1.x checkpoint", None)
    assert details["parameters"] > 1000
    digest = hashlib.sha256(tiny.read_bytes()).hexdigest()
    told = served.http.get(f"{MODELS}/checkpoints/hash", params=sought)
    assert (told.status_code, told.json()) == (200, {"sha256": digest, "short": digest[:10]})
    assert served.http.get(f"{MODELS}/checkpoints/details", params=sought).json()["sha256"] == digest


def test_a_large_file_is_hashed_in_the_background(served: Served, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "AT_ONCE", 0)
    path, sought = f"{MODELS}/checkpoints/hash", {"name": "deep/tiny.safetensors"}
    assert served.http.get(path, params=sought).status_code == 202
    eventually(lambda: served.http.get(path, params=sought).status_code == 200)


def test_a_picture_beside_a_model_shows_what_it_makes(served: Served, tiny: Path) -> None:
    sought = {"name": "deep/tiny.safetensors"}
    path = f"{MODELS}/checkpoints/preview"
    assert served.http.get(path, params=sought).status_code == 404
    sent = {"file": ("it.jpg", encoded(kind="JPEG"))}
    assert served.http.put(path, params=sought, files=sent).status_code == 204
    assert Image.open(tiny.with_suffix(".jpg")).size == (40, 20)
    sent = {"file": ("it.webp", encoded(60, 20, kind="WEBP"))}
    assert served.http.put(path, params=sought, files=sent).status_code == 204
    assert not tiny.with_suffix(".jpg").exists()
    assert served.http.put(path, params=sought, files={"file": ("it.bmp", encoded(kind="BMP"))}).status_code == 400
    (model,) = served.http.get(f"{MODELS}/checkpoints", params={"search": "tiny"}).json()["models"]
    assert served.http.get(model["preview"]).content == tiny.with_suffix(".webp").read_bytes()
    assert tiny.is_file()


def test_a_picture_that_links_elsewhere_is_not_shown(
    served: Served, tiny: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.png"
    secret.write_bytes(encoded())
    tiny.with_suffix(".png").symlink_to(secret)
    assert served.http.get(f"{MODELS}/checkpoints/preview", params={"name": "deep/tiny.safetensors"}).status_code == 404


def test_what_was_noted_about_a_model_is_shown_with_it(served: Served, tiny: Path) -> None:
    sought = {"name": "deep/tiny.safetensors"}
    path = f"{MODELS}/checkpoints/notes"
    noted = served.http.patch(path, params=sought, json={"notes": "soft colours", "tags": ["b", " a", "b"]}).json()
    assert noted == {"notes": "soft colours", "tags": ["a", "b"]}
    assert served.http.patch(path, params=sought, json={"notes": "hard"}).json()["tags"] == ["a", "b"]
    (model,) = served.http.get(f"{MODELS}/checkpoints", params={"search": "tiny"}).json()["models"]
    assert (model["notes"], model["tags"], model["path"]) == ("hard", ["a", "b"], str(tiny))
    assert served.http.patch(path, params={"name": "nothing"}, json={"notes": "x"}).status_code == 404
    for search, total in (("HARD", 1), ("a", 4), ("b", 1), ("soft", 0)):
        assert served.http.get(f"{MODELS}/checkpoints", params={"search": search}).json()["total"] == total


def test_uses_are_counted_by_the_jobs_that_are_done(served: Served) -> None:
    with Client(served.url) as client:
        for seed in (1, 2):
            client.wait(client.submit(workflow(seed=seed))[0])
        (failing,) = client.submit(workflow("fail", seed=3))
        eventually(lambda: client.job(failing).state == "failed")
    (model,) = served.http.get(f"{MODELS}/checkpoints", params={"search": "starter"}).json()["models"]
    assert (model["used"], model["last_used"] > model["modified"]) == (2, True)
    (other,) = served.http.get(f"{MODELS}/checkpoints", params={"search": "sketch"}).json()["models"]
    assert (other["used"], other["last_used"]) == (0, None)


def test_a_file_that_is_there_twice_names_the_other(served: Served, tiny: Path) -> None:
    other = served.settings.home / "models/loras/again.safetensors"
    shutil.copyfile(tiny, other)
    names = [
        {"folder": "checkpoints", "name": "deep/tiny.safetensors"},
        {"folder": "loras", "name": "again.safetensors"},
    ]
    (group,) = served.http.get(f"{MODELS}/duplicates").json()["groups"]
    assert group == {"bytes": tiny.stat().st_size, "models": names, "certain": False}
    (model,) = served.http.get(f"{MODELS}/loras").json()["models"]
    assert model["duplicates"] == ["checkpoints/deep/tiny.safetensors"]
    for known in names:
        served.http.get(f"{MODELS}/{known['folder']}/hash", params={"name": known["name"]}).raise_for_status()
    (group,) = served.http.get(f"{MODELS}/duplicates").json()["groups"]
    assert group["certain"]
    (model,) = served.http.get(f"{MODELS}/loras").json()["models"]
    assert model["sha256"] == hashlib.sha256(tiny.read_bytes()).hexdigest()


def test_notes_are_ones_own_and_places_are_for_admins(tmp_path: Path) -> None:
    with serving(tmp_path, auth="on") as guarded:
        ann, ben = (add_person(guarded.studio.database, name) for name in ("ann", "ben"))
        sought = {"name": STARTER_CHECKPOINT}
        path = f"{MODELS}/checkpoints/notes"
        assert guarded.http.patch(path, params=sought, json={"notes": "hers"}, headers=ann).status_code == 200
        shown = guarded.http.get(f"{MODELS}/checkpoints/details", params=sought, headers=ben).json()
        assert (shown["notes"], shown["path"]) == ("", "")


@pytest.mark.parametrize("name", ["nothing.safetensors", "../../../etc/passwd", "/etc/passwd", "", "deep"])
@pytest.mark.parametrize("end", ["details", "hash", "preview"])
def test_what_is_no_model_is_answered_404(end: str, name: str, served: Served, tiny: Path) -> None:
    assert served.http.get(f"{MODELS}/checkpoints/{end}", params={"name": name}).status_code == 404
    assert served.http.get(f"{MODELS}/input/{end}", params={"name": "example.png"}).status_code == 404
