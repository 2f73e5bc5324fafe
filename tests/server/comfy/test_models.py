"""`/models`, `/experiment/models`, `/embeddings`, `/view_metadata`."""

import io
import json

import pytest
from PIL import Image

from safelight.files.folders import MODEL_FOLDERS, STARTER_CHECKPOINT
from tests.server.comfy.talking import png
from tests.serving import Served


def safetensors(metadata: object) -> bytes:
    """A safetensors file without tensors."""
    header = json.dumps({"__metadata__": metadata} if metadata else {}).encode()
    return len(header).to_bytes(8, "little") + header


@pytest.fixture(scope="module", autouse=True)
def files(served: Served) -> None:
    """What there is."""
    models = served.settings.home / "models"
    (models / "loras" / "sub").mkdir()
    (models / "loras" / "sub" / "a.safetensors").write_bytes(safetensors({"ss_note": "hello"}))
    (models / "loras" / "sub" / "a.png").write_bytes(png("red"))
    (models / "loras" / "b.safetensors").write_bytes(safetensors(None))
    (models / "loras" / "b.png").symlink_to(served.settings.home / "safelight.db")
    (models / "embeddings" / "ugly.pt").write_bytes(b"x")
    (models / "unet").mkdir(exist_ok=True)
    (models / "unet" / "u.safetensors").write_bytes(safetensors(None))


def test_folders_and_files_are_listed(served: Served) -> None:
    assert served.http.get("/models").json() == list(MODEL_FOLDERS)
    assert served.http.get("/models/loras").json() == ["b.safetensors", "sub/a.safetensors"]
    assert STARTER_CHECKPOINT in served.http.get("/api/models/checkpoints").json()
    assert served.http.get("/models/unet").json() == ["u.safetensors"]
    assert served.http.get("/embeddings").json() == ["ugly"]


@pytest.mark.parametrize("folder", ["nothing", "input", "userdata", "%2e%2e", "%2e%2e%2fsecret"])
def test_what_is_no_folder_of_models_is_not_listed(served: Served, folder: str) -> None:
    assert served.http.get(f"/models/{folder}").status_code == 404
    assert served.http.get(f"/experiment/models/{folder}").status_code == 404


def test_details_say_size_time_and_place(served: Served) -> None:
    places = {each["name"]: each["folders"] for each in served.http.get("/experiment/models").json()}
    assert "configs" not in places
    listed = {each["name"]: each for each in served.http.get("/experiment/models/loras").json()}
    assert set(listed["b.safetensors"]) == {"name", "pathIndex", "size", "created", "modified"}
    assert places["loras"][listed["b.safetensors"]["pathIndex"]].endswith("models/loras")
    unet = served.http.get("/experiment/models/diffusion_models").json()[0]
    assert places["diffusion_models"][unet["pathIndex"]].endswith("models/unet")


def test_the_picture_beside_a_model_is_shown(served: Served) -> None:
    answer = served.http.get("/experiment/models/preview/loras/0/sub/a.safetensors")
    assert answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).size == (8, 6)
    for name in ("b.safetensors", "none.safetensors", "../../secret"):
        assert served.http.get(f"/experiment/models/preview/loras/0/{name}").status_code == 404


def test_what_a_file_says_of_itself_is_shown(served: Served) -> None:
    def asked(name: str) -> tuple[int, object]:
        answer = served.http.get("/view_metadata/loras", params={"filename": name})
        return answer.status_code, answer.json()

    assert asked("sub/a.safetensors") == (200, {"ss_note": "hello"})
    assert [asked(name)[0] for name in ("b.safetensors", "no.safetensors", "../x.safetensors", "a.pt", "")] == [404] * 5
