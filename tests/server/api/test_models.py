"""Model files: what there is, what they are, pictures of what they make."""

import hashlib
import shutil
from pathlib import Path

import pytest
from PIL import Image

from safelight.files.folders import STARTER, STARTER_CHECKPOINT
from safelight.server.api import models
from tests.server.api.conftest import encoded
from tests.serving import Served, eventually
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
    assert names == ["deep/tiny.safetensors", "sketch-256.safetensors", "starter-128.safetensors"]
    starter = found["models"][2]
    assert (starter["kind"], starter["families"], starter["bytes"]) == (
        "checkpoint",
        ["sd1"],
        (STARTER / STARTER_CHECKPOINT).stat().st_size,
    )
    assert (starter["recommended"]["width"], starter["recommended"]["sampler"]) == (128, "euler_ancestral")
    assert served.http.get(f"{MODELS}/checkpoints", params={"search": "TINY"}).json()["total"] == 1
    page = served.http.get(f"{MODELS}/checkpoints", params={"limit": 1, "offset": 1}).json()
    assert ([model["name"] for model in page["models"]], page["total"]) == (["sketch-256.safetensors"], 3)
    counts = {folder["name"]: folder["count"] for folder in served.http.get(MODELS).json()["folders"]}
    assert (counts["checkpoints"], counts["loras"]) == (3, 0)


def test_a_file_that_is_none_is_told_so_in_words(served: Served) -> None:
    (served.settings.home / "models/loras/page.safetensors").write_text("<html>not found</html>")
    (model,) = served.http.get(f"{MODELS}/loras").json()["models"]
    assert (model["kind"], model["families"]) == ("unknown", [])
    details = served.http.get(f"{MODELS}/loras/details", params={"name": "page.safetensors"}).json()
    assert "web page" in details["about"]


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


@pytest.mark.parametrize("name", ["nothing.safetensors", "../../../etc/passwd", "/etc/passwd", "", "deep"])
@pytest.mark.parametrize("end", ["details", "hash", "preview"])
def test_what_is_no_model_is_answered_404(end: str, name: str, served: Served, tiny: Path) -> None:
    assert served.http.get(f"{MODELS}/checkpoints/{end}", params={"name": name}).status_code == 404
    assert served.http.get(f"{MODELS}/input/{end}", params={"name": "example.png"}).status_code == 404
