"""What a workflow names and nobody has here."""

from safelight.graph.catalog import InputSpec, NodeSpec
from safelight.graph.document import Link, NodeCall
from safelight.graph.missing import MissingFile, missing_files, unknown_types

CATALOG = {
    "Load": NodeSpec(
        "Load",
        "Load",
        "",
        "",
        (InputSpec("name", "COMBO", folder="loras", choices=("None",)), InputSpec("image", "COMBO", folder="input")),
        (),
    )
}
FILES = {"loras": ("sub/detail-v2.safetensors", "details.safetensors"), "input": ("cat.png",), "output": ("dog.png",)}


def missing(**inputs: object) -> list[MissingFile]:
    return missing_files({"3": NodeCall("Load", inputs)}, CATALOG, FILES.__getitem__)


def test_a_file_that_is_not_there_is_named_with_those_that_may_be_meant() -> None:
    (found,) = missing(name="other/detail-v2.ckpt", image="cat.png")
    assert (found.node, found.input, found.folder, found.name) == ("3", "name", "loras", "other/detail-v2.ckpt")
    assert found.nearest[0] == "sub/detail-v2.safetensors"


def test_choices_links_and_files_of_other_folders_are_not_missing() -> None:
    assert missing(name="None", image="dog.png [output]") == []
    assert missing(name=Link("1"), image=3) == []


def test_unknown_types_are_named_once() -> None:
    workflow = {str(number): NodeCall(kind, {}) for number, kind in enumerate(("Load", "New", "Other", "New"))}
    assert unknown_types(workflow, CATALOG) == ["New", "Other"]
    assert missing_files(workflow, CATALOG, FILES.__getitem__) == []
