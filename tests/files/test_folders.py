from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.errors import BadInput
from safelight.files.folders import MODEL_FOLDERS, Folders
from tests.shared import shared_file

OUTWARD = [
    "../secret.safetensors",
    "a/../../secret.safetensors",
    "..\\secret.safetensors",
    "/etc/passwd",
    "\\\\server\\share\\x.safetensors",
    "C:\\x.safetensors",
    "C:x.safetensors",
    "a//b.safetensors",
    "./x.safetensors",
    "",
    ".",
    "..",
    "x.safetensors\0.png",
    "\ud800.safetensors",
    "a" * 300 + ".safetensors",
    "a/" * 2000 + "x.safetensors",
]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    found = Folders.at(tmp_path / "home")
    found.make()
    (tmp_path / "secret.safetensors").write_text("secret")
    return found


def _put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_files_are_listed_with_subfolders_and_by_ending(folders: Folders) -> None:
    loras = folders.home / "models/loras"
    for name in ("b.safetensors", "A.pt", "deep/er/c.ckpt", "readme.txt", ".hidden.pt", ".git/d.pt"):
        _put(loras / name)
    assert folders.list("loras") == ("A.pt", "b.safetensors", "deep/er/c.ckpt")
    assert folders.resolve("loras", "deep/er/c.ckpt") == loras / "deep/er/c.ckpt"
    assert folders.resolve("loras", "deep\\er\\c.ckpt") == loras / "deep/er/c.ckpt"


def test_the_starter_is_always_among_the_checkpoints(folders: Folders) -> None:
    assert folders.list("checkpoints") == ("sketch-256.safetensors", "starter-128.safetensors")
    assert folders.resolve("checkpoints", "starter-128.safetensors").is_file()
    assert "clip.safetensors" in folders.list("text_encoders")
    assert "clip.safetensors" in folders.list("clip_vision")


def test_a_file_of_the_persons_own_comes_before_the_starter_of_that_name(folders: Folders) -> None:
    own = _put(folders.home / "models/checkpoints/starter-128.safetensors")
    assert folders.resolve("checkpoints", "starter-128.safetensors") == own


def test_old_folder_names_lead_to_the_new_folders(folders: Folders) -> None:
    old = _put(folders.home / "models/clip/t.safetensors")
    assert folders.resolve("clip", "t.safetensors") == folders.resolve("text_encoders", "t.safetensors") == old
    assert folders.list("unet") == folders.list("diffusion_models")


def test_the_folders_are_those_of_the_recorded_reference() -> None:
    table = shared_file("reference/protocol.md").read_text().split("## Model folders")[1].split("File endings")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if "<base>/" in line]
    recorded = {name: {place.removeprefix("<base>/") for place in places.split(", ")} for name, places in rows}
    recorded.pop("custom_nodes")  # holds programs, not models
    recorded["ipadapter"] = {"models/ipadapter"}  # of a node pack that is built in here
    recorded["annotators"] = {"models/annotators"}  # for preprocessors
    assert {name: set(kind.under) for name, kind in MODEL_FOLDERS.items()} == recorded


def test_the_folders_of_other_programs_are_added(tmp_path: Path) -> None:
    comfy = _put(tmp_path / "ComfyUI/models/checkpoints/comfy.safetensors")
    webui = _put(tmp_path / "webui/models/Stable-diffusion/sub/webui.ckpt")
    lora = _put(tmp_path / "webui/models/Lora/l.safetensors")
    bare = _put(tmp_path / "bare/loras/bare.safetensors")
    embedding = _put(tmp_path / "webui/embeddings/e.pt")
    folders = Folders.at(tmp_path / "home", [tmp_path / "ComfyUI", tmp_path / "webui", tmp_path / "bare"])
    assert folders.resolve("checkpoints", "comfy.safetensors") == comfy
    assert folders.resolve("checkpoints", "sub/webui.ckpt") == webui
    assert folders.resolve("loras", "l.safetensors") == lora
    assert folders.resolve("loras", "bare.safetensors") == bare
    assert folders.resolve("embeddings", "e.pt") == embedding


def test_a_root_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no models folder"):
        Folders.at(tmp_path / "home", [tmp_path])


@pytest.mark.parametrize("name", OUTWARD)
def test_no_name_leads_out_of_a_folder(name: str, folders: Folders) -> None:
    with pytest.raises(BadInput):
        folders.resolve("checkpoints", name)
    with pytest.raises(BadInput):
        folders.writable("output", name)


def test_links_that_lead_out_are_neither_listed_nor_followed(folders: Folders) -> None:
    checkpoints, secret = folders.home / "models/checkpoints", folders.home.parent / "secret.safetensors"
    (checkpoints / "link.safetensors").symlink_to(secret)
    (checkpoints / "away").symlink_to(folders.home.parent)
    (folders.home / "output/away").symlink_to(folders.home.parent)
    assert not {"link.safetensors", "away/secret.safetensors"} & set(folders.list("checkpoints"))
    for name in ("link.safetensors", "away/secret.safetensors"):
        with pytest.raises(BadInput):
            folders.resolve("checkpoints", name)
    with pytest.raises(BadInput):
        folders.writable("output", "away/new.png")


def test_a_models_folder_may_itself_be_a_link(folders: Folders, tmp_path: Path) -> None:
    real = _put(tmp_path / "disk/m.safetensors")
    (folders.home / "models/vae").rmdir()
    (folders.home / "models/vae").symlink_to(real.parent)
    assert folders.list("vae") == ("m.safetensors",)
    assert folders.resolve("vae", "m.safetensors") == real


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(name=st.text(alphabet=st.sampled_from([*"./\\ab:~ \0", "é", "\ud800"]), max_size=12))
def test_whatever_is_written_stays_in_the_folder(name: str, folders: Folders) -> None:
    output = folders.home / "output"
    try:
        path = folders.writable("output", name)
    except BadInput:
        return
    assert path != output
    assert path.is_relative_to(output)


def test_a_file_that_is_not_there_is_answered_with_the_nearest_name(folders: Folders) -> None:
    with pytest.raises(BadInput) as error:
        folders.resolve("checkpoints", "starter-12.safetensors")
    assert error.value.mend == "Did you mean starter-128.safetensors?"


def test_an_ending_that_is_no_models_is_not_read(folders: Folders) -> None:
    _put(folders.home / "models/loras/notes.txt")
    with pytest.raises(BadInput):
        folders.resolve("loras", "notes.txt")


def test_an_unknown_folder_is_refused(folders: Folders) -> None:
    with pytest.raises(BadInput, match="no folder called etc"):
        folders.list("etc")


def test_a_name_may_name_another_folder_behind_it(tmp_path: Path) -> None:
    folders = Folders.at(tmp_path)
    folders.make()
    made = folders.writable("output", "cat.png")
    made.write_bytes(b"made")
    assert folders.resolve("input", "cat.png [output]") == made
    with pytest.raises(BadInput):
        folders.resolve("output", "cat.png [input]")


def test_a_model_is_never_looked_for_in_another_folder(tmp_path: Path) -> None:
    folders = Folders.at(tmp_path)
    folders.make()
    folders.writable("output", "cat.safetensors").write_bytes(b"made")
    with pytest.raises(BadInput):
        folders.resolve("checkpoints", "cat.safetensors [output]")
