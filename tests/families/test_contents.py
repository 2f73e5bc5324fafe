from pathlib import Path

import pytest

from safelight.families.contents import look_into, sharing_latents, sharing_towers
from safelight.files.folders import Folders
from tests.graph.families import put, put_lora, put_tensors
from tests.tiny import Kind, tiny_vae


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    folders = Folders.at(tmp_path)
    folders.make()
    return folders


@pytest.mark.parametrize(("kind", "family", "said"), [("sd1", "sd1", "SD 1.x"), ("refiner", "refiner", "SDXL refiner")])
def test_a_checkpoint_goes_with_its_family(kind: Kind, family: str, said: str, folders: Folders) -> None:
    put(folders, kind, "tiny.safetensors")
    file = look_into(folders)("checkpoints", "tiny.safetensors")
    assert file is not None
    assert file.families == {family}
    assert str(file) == said


def test_an_addition_goes_with_the_family_it_was_made_for(folders: Folders) -> None:
    put_lora(folders, "detail.safetensors", 2048)
    file = look_into(folders)("loras", "detail.safetensors")
    assert file is not None
    assert file.families == {"sdxl"}
    assert str(file) == "a LoRA for SDXL"
    assert file.parameters == 4 * 2048 + 640 * 4


def test_a_vae_alone_goes_with_nothing_that_is_known(folders: Folders) -> None:
    tiny_vae(folders.directories["vae"][0] / "some.safetensors")
    file = look_into(folders)("vae", "some.safetensors")
    assert file is not None
    assert file.families == frozenset()


def test_of_a_file_that_is_missing_or_none_that_is_known_nothing_is_said(folders: Folders) -> None:
    put_tensors(folders, "loras", "odd.safetensors", {"foo": (3, 3), "bar": (1,)})
    (folders.directories["loras"][0] / "page.safetensors").write_text("<!doctype html>")
    look = look_into(folders)
    assert [look("loras", name) for name in ("absent.safetensors", "odd.safetensors", "page.safetensors")] == [None] * 3


def test_families_of_one_latent_space_share_it() -> None:
    assert sharing_latents(frozenset(["sd2"])) == {"sd1", "sd2"}
    assert sharing_latents(frozenset(["sdxl"])) == {"sdxl", "refiner"}
    assert sharing_latents(frozenset(["sd2_x4"])) == {"sd2_x4"}
    assert sharing_latents(frozenset(["flux"])) == {"flux"}


def test_families_that_read_prompts_alike_share_their_text_encoders() -> None:
    assert sharing_towers(frozenset(["sd2"])) == {"sd2", "sd2_x4"}
    assert sharing_towers(frozenset(["sdxl"])) == {"sdxl"}
