import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from safelight.diffusion.latent import Latent
from safelight.errors import BadInput
from safelight.files.embedded import embedded
from safelight.files.picture_files import read_text
from safelight.nodes.animation import save_animated_png, save_animated_webp
from safelight.nodes.save_load import (
    load_image,
    load_image_mask,
    load_image_output,
    load_latent,
    mask_preview,
    preview_image,
    save_image,
    save_image_compressed,
    save_latent,
)
from tests.nodes.running import RecordedRun

LEVELS = (torch.arange(4 * 8 * 3).reshape(1, 4, 8, 3) * 2).float() / 255


def folder(run: RecordedRun, name: str) -> Path:
    return run.folders.directories[name][0]


def names(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())


def test_a_saved_picture_loads_as_it_was(run: RecordedRun) -> None:
    save_image(images=LEVELS, run=run)
    assert names(folder(run, "output")) == ["ComfyUI_00001_.png"]
    loaded = load_image_output(image="ComfyUI_00001_.png", run=run)
    torch.testing.assert_close(loaded.image, LEVELS, rtol=0, atol=0)
    assert loaded.mask.shape == (1, 64, 64)
    assert not loaded.mask.any()


def test_an_alpha_channel_is_kept_and_becomes_the_mask(run: RecordedRun) -> None:
    rgba = torch.cat([LEVELS, torch.full((1, 4, 8, 1), 0.2)], dim=-1)
    save_image(images=rgba, run=run)
    loaded = load_image(image="ComfyUI_00001_.png [output]", run=run)
    torch.testing.assert_close(loaded.image, LEVELS)
    torch.testing.assert_close(loaded.mask, torch.full((1, 4, 8), 0.8))


def test_numbers_run_on_and_sub_folders_are_made(run: RecordedRun) -> None:
    save_image(images=LEVELS.repeat(2, 1, 1, 1), filename_prefix="cats/red", run=run)
    save_image(images=LEVELS, filename_prefix="cats/red", run=run)
    assert names(folder(run, "output")) == [f"cats/red_0000{number}_.png" for number in (1, 2, 3)]
    assert [shown[2] for shown in run.shown] == ["output"] * 3


def test_size_and_batch_number_are_filled_in(run: RecordedRun) -> None:
    for _ in range(2):
        save_image(images=LEVELS.repeat(2, 1, 1, 1), filename_prefix="%width%x%height%-%batch_num%", run=run)
    assert names(folder(run, "output")) == [
        "8x4-0_00001_.png",
        "8x4-0_00003_.png",
        "8x4-1_00002_.png",
        "8x4-1_00004_.png",
    ]


@pytest.mark.parametrize("prefix", ["../cat", "/etc/cat", "a/../../cat", "", "a\0b"])
def test_a_prefix_that_leads_out_of_the_folder_is_refused(prefix: str, run: RecordedRun) -> None:
    with pytest.raises(BadInput):
        save_image(images=LEVELS, filename_prefix=prefix, run=run)
    assert names(folder(run, "output")) == []


def test_the_workflow_and_the_recipe_are_kept_inside(run: RecordedRun) -> None:
    run.workflow = {"1": {"class_type": "SaveImage", "inputs": {"text": "Fuchs 🦊"}}}
    run.metadata = {"workflow": {"nodes": []}, "parameters": "ein Fuchs 🦊\nSteps: 20", "safelight": {"version": 1}}
    save_image(images=LEVELS, run=run)
    texts = read_text(run.shown[0][1])
    assert json.loads(texts["prompt"]) == run.workflow
    assert json.loads(texts["workflow"]) == {"nodes": []}
    assert json.loads(texts["safelight"]) == {"version": 1}
    assert texts["parameters"] == "ein Fuchs 🦊\nSteps: 20"


def test_fractions_of_a_level_are_cut_off(run: RecordedRun) -> None:
    save_image(images=torch.full((1, 1, 1, 3), 0.5), run=run)
    with Image.open(run.shown[0][1]) as picture:
        assert picture.getpixel((0, 0)) == (127, 127, 127)


def test_values_that_are_no_numbers_are_saved_black_and_told_of(run: RecordedRun) -> None:
    picture = LEVELS.clone()
    picture[0, 0, 0] = torch.nan
    save_image(images=picture, run=run)
    assert "not numbers" in run.warnings[0]
    with Image.open(run.shown[0][1]) as saved:
        assert saved.getpixel((0, 0)) == (0, 0, 0)


def test_previews_go_to_the_temporary_folder(run: RecordedRun) -> None:
    preview_image(images=LEVELS, run=run)
    mask_preview(mask=torch.full((2, 4, 4), 0.2), run=run)
    assert len(names(folder(run, "temp"))) == 3
    assert [(kind, where) for kind, _, where in run.shown] == [("images", "temp")] * 3
    assert names(folder(run, "output")) == []
    with Image.open(run.shown[2][1]) as picture:
        assert picture.getpixel((3, 3)) == (51, 51, 51)


@pytest.mark.parametrize(("channel", "value"), [("red", 10), ("green", 20), ("blue", 30)])
def test_a_channel_loads_as_a_mask(channel: str, value: int, run: RecordedRun) -> None:
    Image.new("RGBA", (5, 3), (10, 20, 30, 40)).save(folder(run, "input") / "a.png")
    mask = load_image_mask(image="a.png", channel=channel, run=run)
    torch.testing.assert_close(mask, torch.full((1, 3, 5), value / 255))


def test_transparency_loads_as_a_mask(run: RecordedRun) -> None:
    Image.new("RGBA", (5, 3), (10, 20, 30, 51)).save(folder(run, "input") / "a.png")
    Image.new("RGB", (5, 3)).save(folder(run, "input") / "opaque.png")
    torch.testing.assert_close(load_image_mask(image="a.png", channel="alpha", run=run), torch.full((1, 3, 5), 0.8))
    assert load_image_mask(image="opaque.png", channel="alpha", run=run).tolist() == torch.zeros(1, 3, 5).tolist()


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "missing.png"])
def test_a_picture_outside_or_missing_is_named(name: str, run: RecordedRun) -> None:
    with pytest.raises(BadInput, match=Path(name).stem):
        load_image(image=name, run=run)


def test_a_saved_latent_loads_as_it_was(run: RecordedRun) -> None:
    samples = torch.randn(2, 4, 8, 8)
    run.workflow, run.metadata = {"1": {"class_type": "SaveLatent"}}, {"workflow": {"nodes": []}}
    save_latent(samples=Latent(samples), run=run)
    kind, path, where = run.shown[0]
    assert (kind, path.name, path.parent.name, where) == ("latents", "ComfyUI_00001_.latent", "latents", "output")
    assert torch.equal(load_latent(latent="latents/ComfyUI_00001_.latent [output]", run=run).samples, samples)
    with safe_open(path, "pt") as file:
        assert json.loads(file.metadata()["prompt"]) == run.workflow


def test_a_latent_of_the_first_format_is_unscaled(run: RecordedRun) -> None:
    save_file({"latent_tensor": torch.full((1, 4, 8, 8), 0.18215)}, folder(run, "input") / "old.latent")
    torch.testing.assert_close(load_latent(latent="old.latent", run=run).samples, torch.ones(1, 4, 8, 8))


def test_a_file_that_is_no_latent_is_named(run: RecordedRun) -> None:
    (folder(run, "input") / "cat.latent").write_bytes(b"not a latent")
    save_file({"x": torch.zeros(1)}, folder(run, "input") / "dog.latent")
    for name in ("cat.latent", "dog.latent"):
        with pytest.raises(BadInput, match=f"{name} is not a saved latent"):
            load_latent(latent=name, run=run)


def test_an_animated_png_holds_its_frames_and_texts(run: RecordedRun) -> None:
    run.workflow = {"1": {}}
    frames = torch.stack([torch.full((4, 4, 3), value) for value in (0.0, 0.2, 1.0)])
    save_animated_png(images=frames, fps=4.0, run=run)
    loaded = load_image_output(image="ComfyUI_00001_.png", run=run)
    torch.testing.assert_close(loaded.image, frames)
    with Image.open(run.shown[0][1]) as picture:
        assert picture.info["duration"] == 250
    assert b'comfprompt\0{"1": {}}' in run.shown[0][1].read_bytes()


def test_an_animated_webp_holds_its_frames_and_texts(run: RecordedRun) -> None:
    run.workflow, run.metadata = {"1": {}}, {"workflow": {"nodes": []}}
    frames = torch.stack([torch.full((4, 4, 3), value) for value in (0.0, 0.2, 1.0)])
    save_animated_webp(images=frames, method="fastest", run=run)
    loaded = load_image_output(image="ComfyUI_00001_.webp", run=run)
    torch.testing.assert_close(loaded.image, frames)
    with Image.open(run.shown[0][1]) as picture:
        exif = picture.getexif()
    assert exif[0x0110] == 'prompt:{"1": {}}'
    assert exif[0x010F] == 'workflow:{"nodes": []}'


@pytest.mark.parametrize(("kind", "file"), [("webp", "ComfyUI_00001_.webp"), ("jpeg", "ComfyUI_00001_.jpg")])
def test_a_compressed_picture_has_the_workflow_and_the_settings_in_it(kind: str, file: str, run: RecordedRun) -> None:
    run.workflow = {"1": {"class_type": "X", "inputs": {}}}
    run.metadata = {"workflow": {"nodes": []}, "parameters": "a cät\nSteps: 20"}
    grey = torch.full((2, 16, 16, 3), 0.5)
    save_image_compressed(images=grey, format=kind, quality=95, run=run)
    assert run.shown[0][1].name == file
    kept = embedded(run.shown[0][1])
    assert json.loads(kept["prompt"]) == run.workflow
    assert json.loads(kept["workflow"]) == {"nodes": []}
    assert kept["parameters"] == "a cät\nSteps: 20"
    assert (load_image_output(image=file, run=run).image - grey[:1]).abs().max() < 3 / 255


def test_a_webp_of_full_quality_keeps_every_pixel_and_transparency(run: RecordedRun) -> None:
    image = torch.randint(0, 256, (1, 9, 7, 4), generator=torch.Generator().manual_seed(0)) / 255
    image[..., 3] = image[..., 3].clamp(min=1 / 255)  # what is not seen at all has no colour
    save_image_compressed(images=image, format="webp", quality=100, run=run)
    loaded = load_image_output(image="ComfyUI_00001_.webp", run=run)
    torch.testing.assert_close(loaded.image, image[..., :3])
    torch.testing.assert_close(1 - loaded.mask, image[..., 3])


def test_what_does_not_fit_into_a_jpeg_is_left_out_and_told_of(run: RecordedRun) -> None:
    run.workflow, run.metadata = {"1": {}}, {"workflow": {"note": "x" * 70_000}}
    save_image_compressed(images=torch.zeros(1, 8, 8, 3), format="jpeg", run=run)
    assert set(embedded(run.shown[0][1])) == {"prompt"}
    assert run.warnings == ["The workflow of this workflow did not fit into a JPEG; save as WebP to keep it."]


def test_all_frames_of_an_animation_load_as_a_batch(run: RecordedRun) -> None:
    frames = [Image.fromarray(np.full((6, 8, 3), value, np.uint8)) for value in (0, 51, 255)]
    frames[0].save(folder(run, "input") / "a.gif", save_all=True, append_images=frames[1:])
    loaded = load_image(image="a.gif", run=run)
    assert loaded.image[:, 0, 0, 0].tolist() == pytest.approx([0.0, 0.2, 1.0])
    assert loaded.mask.shape == (3, 64, 64)
