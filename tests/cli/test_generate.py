"""`safelight generate`: a picture from words, and what is said where there can be none."""

import json
import os
import pty
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from safelight.families.detect import identify
from safelight.files.folders import STARTER, STARTER_CHECKPOINT
from safelight.files.header import read_header
from safelight.files.pictures import read_text
from tests.cli.conftest import Command, Result, files_of
from tests.studio import pixels_of, tiny_file
from tests.tiny import tiny_vae

Process = Callable[..., subprocess.Popen[str]]
QUICK = ("--checkpoint", "tiny", "--steps", "1", "--width", "64", "--height", "64")
SEEDED = (*QUICK, "--seed", "1")


def picture(path: Path, width: int = 64, height: int = 64, colour: int = 128) -> Path:
    Image.new("RGB", (width, height), (colour, colour, colour)).save(path)
    return path


def inputs_of(result: Result, class_type: str) -> dict[str, Any]:
    """The inputs of the only node of a type, in the workflow that the first picture keeps."""
    calls = json.loads(read_text(result.paths[0])["prompt"]).values()
    (found,) = (call["inputs"] for call in calls if call["class_type"] == class_type)
    assert isinstance(found, dict)
    return found


@pytest.mark.weights
def test_the_starter_makes_a_picture_of_its_own_size_at_the_printed_path(process: Process, home: Path) -> None:
    started = process("generate", "a picture of a cat", "--steps", 2, "--seed", 1)
    out, err = started.communicate(timeout=300)
    assert started.returncode == 0, err
    assert err == ""  # no bar where nobody watches
    (line,) = out.splitlines()
    assert Path(line) == home / "output" / "safelight_00001_.png"
    native = identify(read_header(STARTER / STARTER_CHECKPOINT)).native_size
    with Image.open(line) as saved:
        assert saved.size == native
    kept = read_text(Path(line))
    assert set(kept) == {"prompt", "workflow", "parameters", "safelight"}
    assert kept["parameters"].startswith("a picture of a cat\n")
    assert f"Size: {native[0]}x{native[1]}" in kept["parameters"] if native else False
    nodes = json.loads(kept["workflow"])["nodes"]
    assert [node["type"] for node in nodes] == [call["class_type"] for call in json.loads(kept["prompt"]).values()]
    record = json.loads(kept["safelight"])
    assert record["written"] == {"prompt": "a picture of a cat", "negative": ""}
    assert [file["name"] for file in record["files"]] == [STARTER_CHECKPOINT]


@pytest.mark.weights
def test_what_is_not_given_suits_the_checkpoint(command: Command) -> None:
    best = identify(read_header(STARTER / STARTER_CHECKPOINT)).recommended
    assert best is not None
    result = command("generate", "cat", "--steps", 1)
    sampler = inputs_of(result, "KSampler")
    assert (sampler["cfg"], sampler["sampler_name"], sampler["scheduler"]) == (best.cfg, best.sampler, best.scheduler)
    assert result.err == f"seed {sampler['seed']}\n"


def test_the_same_seed_makes_the_same_picture_and_another_does_not(command: Command, tiny: Path) -> None:
    pictures = [
        pixels_of(command("generate", "cat", *QUICK, "--seed", seed).paths[0]).astype(int) for seed in (1, 1, 2)
    ]
    assert (pictures[0] == pictures[1]).all()
    assert np.abs(pictures[0] - pictures[2]).mean() > 5


def test_every_event_is_a_line_of_json(command: Command, tiny: Path) -> None:
    result = command("generate", "cat", *SEEDED, "--json")
    assert (result.code, result.err) == (0, "")
    events = [json.loads(line) for line in result.out.splitlines()]
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1]) == ("started", "done")
    assert [(event["value"], event["total"]) for event in events if event["event"] == "progress"] == [(0, 1), (1, 1)]
    (output,) = (event for event in events if event["event"] == "output")
    assert Path(output["file"]).is_file()


def test_a_terminal_is_shown_steps_speed_and_time_left(process: Process, tiny: Path) -> None:
    ours, theirs = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # how Linux says that the other end was closed
            while chunk := os.read(ours, 65536):
                shown.append(chunk)

    reader = threading.Thread(target=read)
    reader.start()
    started = process("generate", "cat", *SEEDED[:2], "--steps", 60, "--width", 128, "--height", 128, stderr=theirs)
    os.close(theirs)
    out, _ = started.communicate(timeout=300)
    reader.join(timeout=60)
    os.close(ours)
    text = b"".join(shown).decode()
    assert started.returncode == 0, text
    assert len(out.splitlines()) == 1
    assert "output" not in text  # the path is written to the standard output alone
    assert "Developing" in text
    assert "/60" in text
    assert "steps/s" in text or "s/step" in text
    assert "0:00:" in text


def test_pictures_are_counted_on_with_their_seeds(command: Command, tiny: Path) -> None:
    result = command("generate", "cat", *SEEDED, "--count", 3, "--batch", 2)
    assert [path.name for path in result.paths] == [f"safelight_{number:05}_.png" for number in range(1, 7)]
    seeds = [json.loads(read_text(path)["prompt"])["5"]["inputs"]["seed"] for path in result.paths]
    assert seeds == [1, 1, 2, 2, 3, 3]
    pictures = {pixels_of(path).tobytes() for path in result.paths}
    assert len(pictures) == 6


def test_seeds_that_were_drawn_are_told(command: Command, tiny: Path) -> None:
    result = command("generate", "cat", *QUICK, "--count", 2)
    first = inputs_of(result, "KSampler")["seed"]
    assert result.err == f"seed {first} to {first + 1}\n"


def test_a_picture_goes_where_it_is_wanted(command: Command, tiny: Path, tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "new" / "pictures"
    assert command("generate", "cat", *SEEDED, "--out", folder).paths == [folder / "safelight_00001_.png"]
    file = folder / "cat.PNG"
    assert command("generate", "cat", *SEEDED, "--out", file).paths == [file]
    assert sorted(path.name for path in folder.iterdir()) == ["cat.PNG", "safelight_00001_.png"]
    assert not list((home / "output").iterdir())


def test_sides_that_are_no_multiples_of_8_are_rounded_and_it_is_said(command: Command, tiny: Path) -> None:
    result = command("generate", "cat", *SEEDED[:4], "--seed", 1, "--width", 67, "--height", 45)
    assert "The size is 64x48" in result.err
    assert pixels_of(result.paths[0]).shape == (48, 64, 3)


def test_an_empty_prompt_is_fine(command: Command, tiny: Path) -> None:
    assert command("generate", "", *SEEDED).paths[0].is_file()


def test_choices_are_drawn_from_the_seed_and_kept_as_they_were_drawn(command: Command, tiny: Path, home: Path) -> None:
    (home / "wildcards").mkdir()
    (home / "wildcards" / "animal.txt").write_text("otter\n")
    result = command("generate", "a {red|red} __animal__", "--negative", "{bad|bad}", *SEEDED)
    kept = read_text(result.paths[0])
    assert kept["parameters"].startswith("a red otter\nNegative prompt: bad\n")
    written = json.loads(kept["safelight"])["written"]
    assert written == {"prompt": "a {red|red} __animal__", "negative": "{bad|bad}"}


def test_every_option_reaches_the_workflow(command: Command, tiny: Path, home: Path) -> None:
    tiny_vae(home / "models/vae/other.safetensors", seed=1)
    result = command(
        *("generate", "cat", *SEEDED, "--cfg", 3.5, "--sampler", "dpmpp_2m", "--scheduler", "karras"),
        *("--clip-skip", 2, "--vae", "other", "--batch", 2, "--syntax", "a1111", "--dtype", "bf16"),
    )
    sampler = inputs_of(result, "KSampler")
    assert (sampler["cfg"], sampler["sampler_name"], sampler["scheduler"]) == (3.5, "dpmpp_2m", "karras")
    assert inputs_of(result, "CLIPSetLastLayer")["stop_at_clip_layer"] == -2
    assert inputs_of(result, "VAELoader")["vae_name"] == "other.safetensors"
    assert inputs_of(result, "EmptyLatentImage")["batch_size"] == 2
    calls = json.loads(read_text(result.paths[0])["prompt"]).values()
    assert [call["class_type"] for call in calls].count("PromptEncode") == 2
    assert json.loads(read_text(result.paths[0])["safelight"])["dtype"]["unet"] == "bfloat16"


def test_a_checkpoint_without_a_vae_takes_one_from_a_file(command: Command, home: Path) -> None:
    bare = home / "models/checkpoints/bare.safetensors"
    bare.parent.mkdir(parents=True)
    bare.write_bytes(tiny_file("sd1", vae=False).read_bytes())
    tiny_vae(home / "models/vae/v.safetensors")
    assert command("generate", "cat", "--checkpoint", "bare", "--vae", "v", *SEEDED[2:]).paths


def test_a_picture_to_start_from_is_kept_among_the_inputs(
    command: Command, tiny: Path, home: Path, tmp_path: Path
) -> None:
    start = picture(tmp_path / "start.png", 80, 40)
    options = ("--checkpoint", "tiny", "--steps", 2, "--seed", 1, "--denoise", 0.5)
    result = command("generate", "cat", *options, "--init-image", start)
    assert pixels_of(result.paths[0]).shape == (40, 80, 3)
    kept = inputs_of(result, "LoadImage")["image"]
    assert (home / "input" / kept).read_bytes() == start.read_bytes()
    assert kept.startswith("start-")
    command("generate", "dog", *options, "--init-image", start)
    assert [path.name for path in (home / "input").iterdir()] == [kept]
    picture(start, 80, 40, colour=7)
    assert inputs_of(command("generate", "cat", *options, "--init-image", start), "LoadImage")["image"] != kept


def test_a_mask_says_what_is_repainted(command: Command, tiny: Path, home: Path, tmp_path: Path) -> None:
    start, mask = picture(tmp_path / "start.png"), picture(tmp_path / "mask.png", colour=255)
    result = command("generate", "cat", *SEEDED, "--init-image", start, "--mask", mask)
    assert inputs_of(result, "ImageToMask")["channel"] == "red"
    assert "SetLatentNoiseMask" in read_text(result.paths[0])["prompt"]
    assert len(list((home / "input").iterdir())) == 2


@pytest.mark.parametrize(
    ("size", "given", "expected"),
    [
        ((1024, 512), (), (728, 360)),  # brought to as many pixels as 512 x 512 has
        ((100, 60), (), (96, 64)),
        ((200, 100), ("--width", 80), (80, 40)),
        ((200, 100), ("--height", 80), (160, 80)),
        ((200, 100), ("--width", 64, "--height", 64), (64, 64)),
    ],
)
def test_the_size_follows_the_picture_to_start_from(
    size: tuple[int, int], given: tuple[object, ...], expected: tuple[int, int], command: Command, tiny: Path
) -> None:
    start = picture(tiny.parent / "start.png", *size)
    options = ("--checkpoint", "tiny", "--seed", 1, "--steps", 1, "--denoise", 0, "--init-image", start)
    scale = inputs_of(command("generate", "cat", *options, *given), "ImageScale")
    assert (scale["width"], scale["height"]) == expected


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


def test_a_full_disk_fails_in_words_and_leaves_no_part_of_a_picture(process: Process, tiny: Path, home: Path) -> None:
    before = files_of(home)
    small = ("sh", "-c", 'ulimit -f 8; exec "$0" "$@"')  # no file may have more than 8 blocks
    started = process("generate", "cat", *SEEDED, before=small)
    out, err = started.communicate(timeout=300)
    assert (started.returncode, out) == (1, "")
    assert "could not be saved in" in err
    assert "Free some space" in err
    assert "Traceback" not in err
    assert files_of(home) == before


def test_ctrl_c_stops_a_run_with_no_file_half_written(process: Process, tiny: Path, home: Path) -> None:
    before = files_of(home)
    started = process("generate", "cat", *SEEDED[:2], "--steps", 10_000, "--width", 64, "--height", 64, "--json")
    assert started.stdout is not None
    kinds = []
    for line in started.stdout:
        kinds.append(json.loads(line)["event"])
        if kinds.count("progress") == 3:
            asked = time.monotonic()
            started.send_signal(signal.SIGINT)
            break
    rest, err = started.communicate(timeout=60)
    kinds += [json.loads(line)["event"] for line in rest.splitlines()]
    assert started.returncode == 130
    assert time.monotonic() - asked < 10  # a second or two, on a machine that has nothing else to do
    assert kinds[-1] == "cancelled"
    assert err == "Stopped.\n"
    assert files_of(home) == before


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
