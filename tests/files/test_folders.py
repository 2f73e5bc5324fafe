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
    "~/x.safetensors:stream",
    "x.safetensors::$DATA",
    "x.safetensors.",
    "x.safetensors ",
    "a. /x.safetensors",
    "a\nb.safetensors",
    "a\x7f.safetensors",
    "sub/NUL",
    "con.safetensors",
    "Com1.safetensors",
    "LPT\u00b2.safetensors",
    "aux .safetensors",
    "CONIN$",
    ".hidden.safetensors",
    ".ssh/x.safetensors",
]
PROGRAMS = ["x.html", "x.svg", "x.JS", "sub/x.php", "x.png.exe", "x.sh", "x.desktop", "x.py", "x.lnk", "x.dll"]


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
    shipped = ("chalk-128.safetensors", "sketch-256.safetensors", "starter-128.safetensors")
    assert folders.list("checkpoints") == shipped
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


@pytest.mark.parametrize("name", ["console.png", "com.png", "com10.png", "null.png", "a.b.png", "a b.png", "é!.png"])
def test_names_that_only_look_like_tricks_are_taken(name: str, folders: Folders) -> None:
    assert _put(folders.writable("output", name)) == folders.resolve("output", name)
    assert name in folders.list("output")


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("folder", ["input", "output", "temp", "userdata", "checkpoints"])
def test_no_program_and_no_page_is_written(folder: str, name: str, folders: Folders) -> None:
    with pytest.raises(BadInput, match="program or a page"):
        folders.writable(folder, name)


def test_a_folder_of_the_files_name_is_no_hindrance(folders: Folders) -> None:
    (folders.home / "output/ComfyUI").mkdir()
    assert folders.writable("output", "ComfyUI") == folders.home / "output/ComfyUI"


def test_what_graph_editors_hide_is_kept_for_them(folders: Folders) -> None:
    path = _put(folders.writable("userdata", "workflows/.index.json"))
    assert folders.resolve("userdata", "workflows/.index.json") == path


def test_people_reach_their_own_files_only(folders: Folders) -> None:
    ann, ben = folders.of_user("ann"), folders.of_user("ben")
    for each in (ann, ben):
        each.make()
    _put(ann.writable("output", "ann.png"))
    _put(folders.writable("output", "mine.png"))
    assert ann.list("output") == ("ann.png",)
    assert ben.list("output") == ()
    for name in ("ann.png", "mine.png", "../ann/output/ann.png", "../../ann/output/ann.png [output]"):
        with pytest.raises(BadInput):
            ben.resolve("output", name)


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


NAMES = st.lists(
    st.sampled_from([*"./\\ab:~ \0$\n", "é", "\ud800", "..", "con", "nul", ".png", ".html"]), max_size=8
).map("".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(name=NAMES)
def test_whatever_is_written_stays_in_the_folder_and_is_found_there(name: str, folders: Folders) -> None:
    output = folders.home / "output"
    try:
        path = folders.writable("output", name)
    except BadInput:
        with pytest.raises(BadInput):
            folders.resolve("output", name)
        return
    assert path != output
    assert path.is_relative_to(output)
    assert not any(part.startswith(".") or part.endswith((".", " ")) for part in path.relative_to(output).parts)
    if not path.is_dir():
        assert folders.resolve("output", str(_put(path).relative_to(output))) == path
        path.unlink()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(
    name=NAMES | st.text(max_size=30), folder=st.sampled_from(["input", "output", "userdata", "loras", "image_sets"])
)
def test_whatever_is_read_is_in_the_folder(folder: str, name: str, folders: Folders) -> None:
    try:
        path = folders.resolve(folder, name)
    except BadInput:
        return
    assert any(path.is_relative_to(directory) for directory in folders.directories[folder])


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


def test_a_link_that_leads_round_in_circles_is_no_file(folders: Folders) -> None:
    loop = folders.home / "output/loop.png"
    loop.symlink_to(loop)
    for look_up in (folders.resolve, folders.writable):
        with pytest.raises(BadInput):
            look_up("output", "loop.png")
    assert folders.list("output") == ()
