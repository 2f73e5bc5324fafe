import hashlib
from pathlib import Path

import pytest

from safelight.engine.files import Incoming, NamedFile, files_of, find
from safelight.errors import SafelightError
from safelight.files.folders import Folders
from safelight.graph.document import Link, NodeCall
from safelight.nodes.registry import BUILTIN

CATALOG = {name: node.spec for name, node in BUILTIN.items()}


@pytest.fixture
def folders(home: Path) -> Folders:
    made = Folders.at(home)
    made.make()
    return made


def put(folders: Folders, folder: str, name: str, content: bytes = b"content") -> Path:
    path = folders.writable(folder, name)
    path.write_bytes(content)
    return path


def named(folders: Folders, *calls: NodeCall) -> list[tuple[str, str]]:
    workflow = {str(number): call for number, call in enumerate(calls)}
    return [(file.folder, file.name) for file in files_of(workflow, CATALOG, folders)]


def test_models_and_pictures_that_a_workflow_names_are_found(folders: Folders) -> None:
    put(folders, "checkpoints", "sub/mine.safetensors")
    put(folders, "input", "cat.png")
    put(folders, "output", "cat_00001_.png")
    put(folders, "input", "other.png")
    assert named(
        folders,
        NodeCall("CheckpointLoaderSimple", {"ckpt_name": "sub/mine.safetensors"}),
        NodeCall("LoadImage", {"image": "cat.png"}),
        NodeCall("LoadImage", {"image": "cat_00001_.png [output]"}),
        NodeCall("VAELoader", {"vae_name": "nowhere.safetensors"}),
    ) == [("checkpoints", "sub/mine.safetensors"), ("input", "cat.png"), ("output", "cat_00001_.png")]


def test_embeddings_are_found_in_the_texts_that_name_them(folders: Folders) -> None:
    put(folders, "embeddings", "worst.safetensors")
    put(folders, "embeddings", "unused.pt")
    text = NodeCall("CLIPTextEncode", {"text": "a cat, (embedding:worst:1.2)", "clip": Link("9", 1)})
    assert named(folders, text) == [("embeddings", "worst.safetensors")]


def test_a_set_of_pictures_is_all_that_is_in_its_folder(folders: Folders) -> None:
    for name in ("set/a.png", "set/a.txt", "set/2_more/b.png", "settled/c.png"):
        put(folders, "input", name)
    loader = NodeCall("LoadImageSetFromFolderNode", {"folder": "set"})
    assert [name for _, name in named(folders, loader)] == ["set/2_more/b.png", "set/a.png", "set/a.txt"]


def test_a_file_says_its_hash(folders: Folders) -> None:
    path = put(folders, "input", "cat.png", b"meow")
    (file,) = files_of({"1": NodeCall("LoadImage", {"image": "cat.png"})}, CATALOG, folders)
    assert file == NamedFile("input", "cat.png", str(path), hashlib.sha256(b"meow").hexdigest())


def test_only_the_same_content_is_the_same_file(folders: Folders, tmp_path: Path) -> None:
    file = NamedFile("input", "cat.png", "", hashlib.sha256(b"meow").hexdigest())
    assert find(file, folders) is None
    path = put(folders, "input", "cat.png", b"woof")
    assert find(file, folders) is None
    path.write_bytes(b"meow!"[:4])
    assert find(file, folders) == path


def test_a_file_that_comes_in_pieces_is_there_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "models" / "mine.safetensors"
    incoming = Incoming(NamedFile("checkpoints", path.name, "", hashlib.sha256(b"abcdef").hexdigest()), path)
    incoming.add(b"abc")
    assert not path.exists()
    incoming.add(b"def")
    incoming.finish()
    assert path.read_bytes() == b"abcdef"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("end", ["finish", "abandon"])
def test_a_file_that_is_not_whole_leaves_what_was_there(tmp_path: Path, end: str) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(b"before")
    incoming = Incoming(NamedFile("checkpoints", path.name, "", hashlib.sha256(b"abcdef").hexdigest()), path)
    incoming.add(b"abc")
    if end == "finish":
        with pytest.raises(SafelightError, match="was changed while it was sent"):
            incoming.finish()
    else:
        incoming.abandon()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
