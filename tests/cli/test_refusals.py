"""`safelight generate` refuses what cannot be, says how to mend it, and leaves nothing behind."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from tests.cli.conftest import SEEDED, Command, files_of, picture
from tests.studio import tiny_file
from tests.tiny import tiny_vae


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1_000_000])


def a_page(path: Path) -> None:
    path.write_text("<!DOCTYPE html><html><body>Please log in</body></html>")


def a_program(path: Path) -> None:
    path.unlink()
    torch.save({"state_dict": {"a": torch.zeros(1)}, "callback": Harmful()}, path.with_suffix(".ckpt"))


def a_lora(path: Path) -> None:
    save_file({"lora_unet_a.lora_up.weight": torch.zeros(1)}, path)


def a_flux_model(path: Path) -> None:
    save_file({"double_blocks.0.img_attn.qkv.weight": torch.zeros(1)}, path)


def a_vae(path: Path) -> None:
    path.write_bytes(tiny_vae(path.parent.parent / "vae.safetensors").read_bytes())


def without_vae(path: Path) -> None:
    path.write_bytes(tiny_file("sd1", vae=False).read_bytes())


def without_text(path: Path) -> None:
    path.write_bytes(tiny_file("sd1", text=False).read_bytes())


def an_upscaler(path: Path) -> None:
    path.write_bytes(tiny_file("sd2_x4-v").read_bytes())


def nothing(path: Path) -> None:
    path.write_bytes(b"")


class Harmful:
    """Would leave a file behind if it were unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(Path(os.environ["SAFELIGHT_HOME"]) / "harm"),)


@pytest.mark.parametrize(
    ("make", "what", "mend"),
    [
        (cut_short, "tiny.safetensors is cut short: it should have", "Download it again"),
        (a_page, "tiny.safetensors is a web page", "download it again"),
        (a_program, "tiny.ckpt was refused: it is a pickle", ".safetensors version"),
        (a_lora, "tiny.safetensors is a LoRA", "loras/"),
        (a_flux_model, "tiny.safetensors is a Flux model, and that is not supported yet", "SD 1.x"),
        (a_vae, "tiny.safetensors is no checkpoint", "`safelight models`"),
        (without_vae, "tiny.safetensors has no VAE in it", "--vae"),
        (without_text, "tiny.safetensors has no text encoder in it", "CLIPLoader"),
        (an_upscaler, "tiny.safetensors makes a picture larger", "SD_4XUpscale_Conditioning"),
        (nothing, "tiny.safetensors", "ownload it again"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused_with_what_it_is(
    make: Callable[[Path], None], what: str, mend: str, command: Command, tiny: Path, home: Path
) -> None:
    make(tiny)
    before = files_of(home)
    result = command("generate", "cat", *SEEDED)
    assert (result.code, result.out) == (2, "")
    assert what in result.err
    assert mend in result.err
    assert files_of(home) == before
    assert not (home / "harm").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--checkpoint", "tinny"), "There is no tinny in the folder checkpoints.\n  Did you mean tiny?"),
        (("--checkpoint", "tinny.safetensors"), "Did you mean tiny.safetensors?"),
        (("--checkpoint", "zzz"), "There is no zzz in the folder checkpoints.\n  Put it into"),
        (("--checkpoint", "../tiny.safetensors"), "Did you mean tiny.safetensors?"),
        (("--vae", "nothing"), "There is no nothing in the folder vae"),
        (("--steps", 0), "greater than or equal to 1"),
        (
            ("--steps", 20_000),
            "KSampler (node 5), input steps: 20000 is bigger than 10000. Give a number from 1 to 10000.",
        ),
        (("--steps", "many"), "valid integer"),
        (("--cfg", -1), "greater than or equal to 0"),
        (("--cfg", "nan"), "cfg"),
        (("--cfg", "inf"), "input cfg: inf is not a finite number"),
        (("--cfg", 1000), "input cfg: 1000.0 is bigger than 100.0"),
        (("--sampler", "eulr"), 'input sampler_name: "eulr" is not one of the choices. Did you mean "euler"?'),
        (("--scheduler", "karas"), 'Did you mean "karras"?'),
        (("--width", 8), "greater than or equal to 16"),
        (("--width", 1_000_000), "input width: 1000000 is bigger than 16384"),
        (("--height", 2**70), "input height"),
        (("--batch", 5000), "input batch_size: 5000 is bigger than 4096"),
        (("--count", 0), "greater than or equal to 1"),
        (("--seed", -1), "greater than or equal to 0"),
        (("--seed", 2**64 - 1, "--count", 2), "The seeds would grow past 2^64 - 1"),
        (("--clip-skip", 25), "less than or equal to 24"),
        (("--denoise", 0.5), "there is no picture"),
        (("--mask", "mask.png"), "there is no picture"),
        (("--device", "cuda:99"), "There is no device cuda:99 here"),
        (("--device", "toaster"), "device"),
        (("--dtype", "fp7"), "dtype"),
        (("--syntax", "latin"), "latin"),
        (("--colour", "red"), "No such option"),
    ],
)
def test_an_option_that_cannot_be_is_refused_before_anything_is_run(
    options: tuple[object, ...], message: str, command: Command, tiny: Path, home: Path
) -> None:
    before = files_of(home)
    result = command("generate", "cat", *SEEDED, *options)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert files_of(home) == before


def test_a_wildcard_without_a_file_is_named(command: Command, tiny: Path, home: Path) -> None:
    (home / "wildcards").mkdir()
    (home / "wildcards" / "animal.txt").write_text("otter\n")
    result = command("generate", "a __animl__", *SEEDED)
    assert result.code == 2
    assert "Did you mean __animal__?" in result.err


@pytest.mark.parametrize(
    ("option", "content", "message"),
    [
        ("--init-image", None, "There is no file it.png"),
        ("--init-image", b"hello", "it.png is not a picture that can be read here"),
        ("--mask", None, "There is no file it.png"),
        ("--mask", b"hello", "it.png is not a picture that can be read here"),
    ],
)
def test_a_picture_that_cannot_be_read_is_named_and_nothing_is_kept(
    option: str, content: bytes | None, message: str, command: Command, tiny: Path, home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "it.png"
    if content is not None:
        path.write_bytes(content)
    start = () if option == "--init-image" else ("--init-image", picture(tmp_path / "start.png"))
    before = files_of(home)
    result = command("generate", "cat", *SEEDED, *start, option, path)
    assert result.code == 2
    assert message in result.err
    assert files_of(home) == before


def test_a_wrong_option_beside_a_picture_keeps_no_copy_of_it(
    command: Command, tiny: Path, home: Path, tmp_path: Path
) -> None:
    before = files_of(home)
    start = picture(tmp_path / "start.png")
    assert command("generate", "cat", *SEEDED, "--init-image", start, "--sampler", "none").code == 2
    assert files_of(home) == before


def test_a_picture_that_is_cut_short_is_refused_and_not_kept(
    command: Command, tiny: Path, home: Path, tmp_path: Path
) -> None:
    before = files_of(home)
    start = tmp_path / "start.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(start)
    start.write_bytes(start.read_bytes()[:3000])
    result = command("generate", "cat", *SEEDED, "--init-image", start)
    assert result.code == 2
    assert "start.png cannot be read: image file is truncated" in result.err
    assert files_of(home) == before


@pytest.mark.parametrize("out", ["taken/pictures", "taken"])
def test_a_place_that_can_be_no_folder_is_refused(out: str, command: Command, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    result = command("generate", "cat", *SEEDED, "--out", tmp_path / out)
    assert result.code == 2
    assert "cannot be made a folder" in result.err
    assert (tmp_path / "taken").read_text() == "a file"


def test_several_pictures_do_not_fit_into_one_file(command: Command, tiny: Path, tmp_path: Path) -> None:
    result = command("generate", "cat", *SEEDED, "--count", 2, "--out", tmp_path / "cat.png")
    assert result.code == 2
    assert "cat.png is one file, and 2 pictures are asked for" in result.err


def test_a_home_that_cannot_be_made_is_told(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("SAFELIGHT_HOME", str(tmp_path / "taken" / "home"))
    result = command("generate", "cat")
    assert result.code == 2
    assert "SAFELIGHT_HOME" in result.err


def test_ctrl_c_before_a_run_is_no_stack_trace(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("safelight.cli.app.run_command", pressed)
    result = command("generate", "cat")
    assert (result.code, result.err) == (130, "Stopped.\n")


def test_a_mistake_of_ours_is_told_in_words_and_kept_in_the_log(
    command: Command, tiny: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("safelight.cli.generate.run_all", broken)
    result = command("generate", "cat", *SEEDED)
    assert result.code == 1
    assert "made a mistake it did not expect (ZeroDivisionError: division by zero)" in result.err
    assert "safelight.log" in result.err
