"""`safelight generate`: a picture from words."""

import json
from pathlib import Path

import numpy as np
import pytest

from safelight.cli.generate import lora_meant
from safelight.families.detect import identify
from safelight.files.folders import STARTER, STARTER_CHECKPOINT
from safelight.files.header import read_header
from safelight.files.picture_files import read_text
from safelight.graph.wanted import Lora
from tests.cli.conftest import QUICK, SEEDED, Command, inputs_of, picture
from tests.studio import pixels_of, tiny_file
from tests.tiny import tiny_vae


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


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("soft", Lora("soft", 1.0)),
        ("soft:0.5", Lora("soft", 0.5)),
        ("sub/soft.safetensors:-1", Lora("sub/soft.safetensors", -1.0)),
        ("soft:new", Lora("soft:new", 1.0)),
        ("soft:nan", Lora("soft:nan", 1.0)),
    ],
)
def test_a_lora_is_named_with_or_without_its_strength(text: str, meant: Lora) -> None:
    assert lora_meant(text) == meant


def test_a_second_pass_makes_the_picture_larger(command: Command, tiny: Path) -> None:
    result = command("generate", "a cat", *SEEDED, "--upscale", 2)
    assert pixels_of(result.paths[0]).shape[:2] == (128, 128)
