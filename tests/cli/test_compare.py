"""`safelight compare` and `safelight reproduce`: why pictures are not the same."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image, PngImagePlugin
from safetensors.torch import load_file, save_file

from safelight.cli.app import BAD_INPUT
from safelight.cli.reproduce import DIFFERENT
from tests.cli.conftest import QUICK, SEEDED, Command, picture
from tests.studio import pixels_of

STARTER = ("a red cat", "--steps", "1")


def made(command: Command, path: Path, *arguments: object) -> Path:
    """A picture that `generate` has made."""
    (found,) = command("generate", *arguments, "--out", path).paths
    return found


def with_other_weights(path: Path) -> None:
    """Change a model file a little, and leave its name."""
    tensors = load_file(path)
    name = next(name for name in tensors if name.endswith("out.2.weight"))
    tensors[name] = tensors[name] * 1.01
    save_file(tensors, path)


def repainted(path: Path, copy: Path) -> Path:
    """A copy of a picture, its texts included, with one other pixel."""
    with Image.open(path) as opened:
        assert isinstance(opened, PngImagePlugin.PngImageFile)
        texts = PngImagePlugin.PngInfo()
        for key, text in opened.text.items():
            texts.add_text(key, text)
        changed = opened.convert("RGB")
    red, green, blue = changed.getpixel((3, 3))  # type: ignore[misc]
    changed.putpixel((3, 3), ((red + 128) % 256, green, blue))
    changed.save(copy, pnginfo=texts)
    return copy


def test_two_seeds_of_the_starter_are_told_and_shown(command: Command, tmp_path: Path) -> None:
    one = made(command, tmp_path / "a.png", *STARTER, "--seed", 1)
    other = made(command, tmp_path / "b.png", *STARTER, "--seed", 2)
    shown = tmp_path / "difference.png"
    told = command("compare", one, other, "--difference", shown)
    assert told.code == 0
    assert told.out.startswith("These make another picture:\n  Seed: 1 → 2\n")
    assert "of the pixels are not the same" in told.out
    assert pixels_of(shown).max() == 255
    found = json.loads(command("compare", one, other, "--json").out)
    assert [each["kind"] for each in found["differences"]] == ["seed"]
    assert not found["pixels"]["identical"]


def test_a_picture_of_the_starter_comes_out_the_same(command: Command, tmp_path: Path) -> None:
    one = made(command, tmp_path / "a.png", *STARTER, "--seed", 1)
    again = command("reproduce", one, "--out", tmp_path / "again.png")
    (path,) = again.paths
    assert (pixels_of(path) == pixels_of(one)).all()
    assert again.err == "Their recipes are the same.\nEvery pixel is the same.\n"


def test_a_picture_that_comes_out_otherwise_ends_the_program_otherwise(
    command: Command, tiny: Path, tmp_path: Path
) -> None:
    one = repainted(made(command, tmp_path / "a.png", "a cat", *SEEDED), tmp_path / "b.png")
    again = command("reproduce", one, "--json")
    assert again.code == DIFFERENT
    last = json.loads(again.out.splitlines()[-1])
    assert (last["differences"], last["pixels"]["most"]) == ([], 128)
    assert Path(last["made"]).is_file()


def test_other_weights_of_the_same_name_are_told_before_and_after(command: Command, tiny: Path, tmp_path: Path) -> None:
    one = made(command, tmp_path / "a.png", "a cat", *SEEDED)
    with_other_weights(tiny)
    again = command("reproduce", one)
    assert again.code == DIFFERENT
    assert again.err.startswith("Note: tiny.safetensors has other weights than the file that made the picture: ")
    assert "These make another picture:\n  Other weights of the same name (tiny.safetensors): " in again.err


def test_a_renamed_checkpoint_is_found_by_its_hash(command: Command, tiny: Path, tmp_path: Path) -> None:
    one = made(command, tmp_path / "a.png", "a cat", *SEEDED)
    shutil.move(tiny, tiny.with_name("small.safetensors"))
    again = command("reproduce", one)
    assert again.code == 0, again.err
    assert "Note: small.safetensors has the weights of tiny.safetensors, and is used." in again.err
    assert "These change nothing:\n  Same weights under another name" in again.err
    assert "Every pixel is the same." in again.err


def test_a_missing_file_is_named_with_those_that_may_be_meant(command: Command, tiny: Path, tmp_path: Path) -> None:
    one = made(command, tmp_path / "a.png", "a cat", *SEEDED)
    shutil.move(tiny, tiny.with_name("tinny.safetensors"))
    with_other_weights(tiny.with_name("tinny.safetensors"))
    again = command("reproduce", one)
    assert again.code == BAD_INPUT
    assert "tiny.safetensors in checkpoints (nearest: tinny.safetensors" in again.err


def test_tensors_of_a_lora_that_were_left_out_are_kept_in_the_picture(
    command: Command, tiny: Path, home: Path, tmp_path: Path
) -> None:
    place = home / "models/loras"
    place.mkdir(parents=True)
    unet = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
    fitting = {f"{unet}.lora_up.weight": torch.zeros(64, 4), f"{unet}.lora_down.weight": torch.zeros(4, 64)}
    save_file(fitting, place / "fits.safetensors")
    odd = {f"lora_unet_nowhere.lora_{part}.weight": torch.zeros(4, 4) for part in ("up", "down")}
    save_file(fitting | odd, place / "odd.safetensors")
    one, other = (
        made(command, tmp_path / f"{name}.png", "a cat", *QUICK, "--seed", 1, "--lora", name)
        for name in ("fits", "odd")
    )
    found = json.loads(command("compare", one, other, "--json").out)["differences"]
    (warning,) = (each for each in found if each["kind"] == "warnings")
    assert warning["one"] == ""
    assert warning["other"].startswith("2 of the 4 tensors of odd.safetensors fit nothing")
    assert [each["kind"] for each in found] == ["loras", "warnings"]


def test_of_a_picture_without_a_recipe_only_pixels_are_compared(command: Command, tmp_path: Path) -> None:
    one, other = picture(tmp_path / "a.png"), picture(tmp_path / "b.png", colour=131)
    told = command("compare", one, other).out
    assert "a.png tells nothing of how it was made" in told
    assert "100.0% of the pixels are not the same; colours are apart by 3.00 of 255 in the mean, and by 3" in told
    assert command("reproduce", one).code == BAD_INPUT


@pytest.mark.parametrize("arguments", [("none.png", "none.png"), ("a.png", "a.png", "--difference", "d.jpg")])
def test_what_cannot_be_compared_is_refused(arguments: tuple[str, ...], command: Command, tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    assert command("compare", *(tmp_path / each if "." in each else each for each in arguments)).code == BAD_INPUT
