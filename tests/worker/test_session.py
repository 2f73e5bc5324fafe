"""A worker in this process, from a workflow to pictures on the disk; tiny random checkpoints."""

import errno
import io
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file

from safelight import __version__
from safelight.files.pictures import read_text
from safelight.graph.document import Link, NodeCall
from safelight.graph.formats import load_api
from safelight.protocol.events import (
    Cached,
    Cancelled,
    Done,
    Event,
    Failed,
    NodeStarted,
    Output,
    Preview,
    Progress,
    Started,
)
from tests.studio import Ran, Studio, changed, node_of, saving, text_to_image, tiny_file


@pytest.fixture
def studio(home: Path) -> Studio:
    return Studio(home)


def latent_of(ran: Ran) -> torch.Tensor:
    (path,) = ran.saved
    return load_file(path)["latent_tensor"]


def ran_nodes(ran: Ran) -> list[str]:
    return [event.class_type for event in ran.told(NodeStarted)]


def put_picture(studio: Studio, name: str, pixels: NDArray[np.uint8]) -> str:
    Image.fromarray(pixels).save(studio.path("input", name))
    return name


@pytest.fixture
def picture(studio: Studio) -> str:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    return put_picture(studio, "picture.png", pixels)


def test_the_same_workflow_makes_the_same_bytes_in_every_session(tmp_path: Path) -> None:
    files = []
    for name in ("one", "two"):
        studio = Studio(tmp_path / name)
        (path,) = studio.run(text_to_image(studio.checkpoint("sd1"), sampler="dpmpp_sde")).saved
        files.append(path.read_bytes())
    assert files[0] == files[1]


def test_another_seed_or_another_prompt_makes_another_picture(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    first = studio.run(text_to_image(name)).pixels.astype(int)
    for change in ({"seed": 8}, {"prompt": "a dog"}, {"negative": "a dog"}, {"cfg": 1.0}):
        other = studio.run(text_to_image(name, **change)).pixels.astype(int)
        assert np.abs(first - other).mean() > 0.5, change


def test_a_batch_is_saved_one_by_one_and_its_first_is_the_single_picture(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    single = studio.run(text_to_image(name))
    batch = studio.run(text_to_image(name, batch=3))
    assert [path.name for path in batch.saved] == [f"safelight_0000{number}_.png" for number in (2, 3, 4)]
    assert np.abs(batch.pixels[0].astype(int) - single.pixels[0]).max() <= 1
    assert np.abs(batch.pixels[1].astype(int) - batch.pixels[0]).mean() > 5


def test_events_tell_a_run_from_its_start_to_its_end(studio: Studio) -> None:
    ran = studio.run(text_to_image(studio.checkpoint("sd1")))
    assert isinstance(ran.events[0], Started)
    assert isinstance(ran.events[-1], Done)
    assert ran_nodes(ran) == [
        "CheckpointLoaderSimple",
        "CLIPTextEncode",
        "CLIPTextEncode",
        "EmptyLatentImage",
        "KSampler",
        "VAEDecode",
        "SaveImage",
    ]
    assert [(event.value, event.total) for event in ran.told(Progress)] == [(0, 2), (1, 2), (2, 2)]
    (output,) = ran.told(Output)
    assert (output.kind, output.folder, output.path) == ("images", "output", "safelight_00001_.png")


def test_a_second_run_of_the_same_shows_what_there_is(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"))
    first, second = studio.run(graph), studio.run(graph)
    assert ran_nodes(second) == []
    assert [event.path for event in second.told(Output)] == [event.path for event in first.told(Output)]
    assert second.told(Cached)
    assert len(studio.leftovers()) == 1


def test_a_picture_that_was_deleted_is_made_again(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"))
    (path,) = studio.run(graph).saved
    path.unlink()
    again = studio.run(graph)
    assert ran_nodes(again) == ["SaveImage"]
    assert again.saved[0].is_file()


def test_only_what_a_change_reaches_is_run_again(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    studio.run(text_to_image(name))
    assert ran_nodes(studio.run(text_to_image(name, seed=8))) == ["KSampler", "VAEDecode", "SaveImage"]


def test_a_checkpoint_that_changed_on_the_disk_is_loaded_anew(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    first = studio.run(text_to_image(name)).pixels
    studio.path("checkpoints", name).unlink()
    path = studio.path("checkpoints", name)
    path.write_bytes(tiny_file("sd1", seed=1).read_bytes())
    assert np.abs(studio.run(text_to_image(name)).pixels.astype(int) - first).mean() > 5


def test_denoising_by_0_gives_the_picture_back_as_the_vae_sees_it(studio: Studio, picture: str) -> None:
    graph = text_to_image(studio.checkpoint("sd1"), init_image=picture, denoise=0.0)
    encoded = node_of(graph, "VAEEncode")
    expected = studio.run(changed(graph, "VAEDecode", samples=Link(encoded))).pixels
    assert np.abs(studio.run(graph).pixels.astype(int) - expected).max() <= 1


def test_a_picture_to_start_from_is_scaled_and_cropped_to_the_size(studio: Studio) -> None:
    wide = put_picture(studio, "wide.png", np.zeros((50, 333, 3), np.uint8))
    graph = text_to_image(studio.checkpoint("sd1"), init_image=wide, denoise=0.5, width=96, height=48)
    assert studio.run(graph).pixels.shape == (1, 48, 96, 3)


@pytest.mark.parametrize("kind", ["sd1", "sd1-inpaint"])
def test_inpainting_keeps_the_latent_where_the_mask_is_black(kind: Any, studio: Studio, picture: str) -> None:
    half = np.zeros((64, 64), np.uint8)
    half[:, 32:] = 255
    mask = put_picture(studio, "mask.png", half)
    graph = text_to_image(studio.checkpoint(kind), init_image=picture, mask=mask)
    before = latent_of(studio.run(saving(graph, "VAEEncode")))
    after = latent_of(studio.run(saving(graph, "KSampler")))
    torch.testing.assert_close(after[..., :3], before[..., :3], rtol=1e-3, atol=1e-3)
    assert (after[..., 5:] - before[..., 5:]).abs().mean() > 0.5
    assert studio.run(graph).pixels.shape == (1, 64, 64, 3)


def test_an_inpainting_model_sees_the_picture_that_its_conditioning_holds(studio: Studio, picture: str) -> None:
    graph = text_to_image(studio.checkpoint("sd1-inpaint"))
    plain = studio.run(graph).pixels
    sampler = graph[node_of(graph, "KSampler")].inputs
    graph["picture"] = NodeCall("LoadImage", {"image": picture})
    graph["mask"] = NodeCall("SolidMask", {"value": 1.0, "width": 64, "height": 64})
    graph["shown"] = NodeCall(
        "InpaintModelConditioning",
        {
            "positive": sampler["positive"],
            "negative": sampler["negative"],
            "vae": Link("1", 2),
            "pixels": Link("picture"),
            "mask": Link("mask"),
            "noise_mask": True,
        },
    )
    given = changed(graph, "KSampler", positive=Link("shown"), negative=Link("shown", 1), latent_image=Link("shown", 2))
    assert np.abs(studio.run(given).pixels.astype(int) - plain).mean() > 1


def test_clip_skip_changes_the_picture(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    usual = studio.run(text_to_image(name)).pixels
    assert (studio.run(text_to_image(name, clip_skip=1)).pixels == usual).all()
    assert np.abs(studio.run(text_to_image(name, clip_skip=2)).pixels.astype(int) - usual).mean() > 0.5


def test_an_embedding_in_the_prompt_changes_the_picture(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    bare = studio.run(text_to_image(name, prompt="a cat")).pixels.astype(int)
    vectors = 3 * torch.randn(2, 64, generator=torch.Generator().manual_seed(0))
    save_file({"emb_params": vectors}, studio.path("embeddings", "style.safetensors"))
    styled = studio.run(text_to_image(name, prompt="a cat embedding:style"))
    assert np.abs(styled.pixels - bare).mean() > 0.5
    assert not [event for event in styled.told(Output) if event.kind == "warning"]


def test_a_prompt_that_changes_over_the_steps_is_neither_of_its_texts(studio: Studio) -> None:
    name = studio.checkpoint("sd1")

    def of(prompt: str) -> NDArray[np.int_]:
        return studio.run(text_to_image(name, prompt=prompt, syntax="a1111", steps=4)).pixels.astype(int)

    cat, dog = of("a cat"), of("a dog")
    for both in ("a [cat:dog:0.5]", "a [cat|dog]", "a cat AND a dog"):
        assert (of(both) != cat).any(), both
        assert (of(both) != dog).any(), both
    assert (of("[a cat|a cat]") == cat).all()


def test_sizes_that_sdxl_is_told_change_the_picture(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sdxl"))
    sizes = {"width": 64, "height": 64, "crop_w": 0, "crop_h": 0, "target_width": 64, "target_height": 64}
    texts = {"text_g": "a picture of a cat", "text_l": "a picture of a cat"}
    graph["told"] = NodeCall("CLIPTextEncodeSDXL", {"clip": Link("1", 1), **sizes, **texts})
    told = changed(graph, "KSampler", positive=Link("told"))
    as_is = studio.run(graph).pixels
    assert (studio.run(told).pixels == as_is).all()
    other = changed(told, "CLIPTextEncodeSDXL", width=4096, crop_h=512)
    assert np.abs(studio.run(other).pixels.astype(int) - as_is).mean() > 0.5


def test_saved_pictures_hold_what_makes_them_again(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    graph = text_to_image(name, negative="a dog")
    (path,) = studio.run(graph).saved
    kept = read_text(path)
    assert set(kept) == {"prompt", "parameters", "safelight"}
    again, problems = load_api(kept["prompt"])
    assert not problems
    assert again == graph
    record = json.loads(kept["safelight"])
    assert (record["safelight"], record["device"]) == (__version__, "cpu")
    assert record["torch"] == torch.__version__
    assert record["dtype"] == {"unet": "float32", "text": "float32", "vae": "float32"}
    assert "seed" in record["noise"]
    (file,) = record["files"]
    assert (file["folder"], file["name"], len(file["sha256"])) == ("checkpoints", name, 64)
    assert kept["parameters"] == (
        "a picture of a cat\nNegative prompt: a dog\nSteps: 2, Sampler: Euler, Schedule type: Normal, CFG scale: 5.0, "
        f"Seed: 7, Size: 64x64, Model hash: {file['sha256'][:10]}, Model: sd1, Version: Safelight {__version__}"
    )


def test_the_record_names_every_file_that_the_picture_needs_and_no_other(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"), prompt="a cat, (embedding:style:1.2)")
    save_file({"emb_params": torch.zeros(1, 64)}, studio.path("embeddings", "style.safetensors"))
    graph["aside"] = NodeCall("VAELoader", {"vae_name": "not there.safetensors"})
    (path,) = studio.run(graph).saved
    files = json.loads(read_text(path)["safelight"])["files"]
    assert [(file["folder"], file["name"]) for file in files] == [
        ("checkpoints", "sd1.safetensors"),
        ("embeddings", "style.safetensors"),
    ]


def test_a_file_that_has_gone_since_it_was_checked_fails_in_words(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"))
    studio.path("checkpoints", "sd1.safetensors").unlink()
    events: list[Event] = []
    end = studio.session.run("job", graph, events.append).end
    assert isinstance(end, Failed)
    assert "sd1.safetensors" in end.what


def test_a_node_that_is_not_needed_is_not_run(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"))
    graph["aside"] = NodeCall("EmptyLatentImage", {"width": 64, "height": 64, "batch_size": 1})
    assert ran_nodes(studio.run(graph)).count("EmptyLatentImage") == 1


def test_previews_are_small_pictures_of_the_estimate_so_far(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safelight.worker.node_run.PREVIEW_INTERVAL", 0.0)
    studio = Studio(home, previews=True)
    ran = studio.run(text_to_image(studio.checkpoint("sd1"), width=96, steps=3))
    previews = ran.told(Preview)
    assert len(previews) == 3
    for preview in previews:
        assert preview.mime == "image/jpeg"
        with Image.open(io.BytesIO(preview.data)) as shown:
            assert (shown.format, shown.size) == ("JPEG", (12, 8))


def test_previews_are_made_no_more_often_than_can_be_seen(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safelight.worker.node_run.PREVIEW_INTERVAL", 1000.0)
    studio = Studio(home, previews=True)
    assert len(studio.run(text_to_image(studio.checkpoint("sd1"))).told(Preview)) <= 1


def test_no_previews_are_made_where_nobody_looks(studio: Studio) -> None:
    assert not studio.run(text_to_image(studio.checkpoint("sd1"))).told(Preview)


def test_a_run_cancelled_from_another_thread_ends_within_one_step(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"), steps=5000)
    stop, steps, ends = threading.Event(), [], []

    def told(event: Event) -> None:
        if isinstance(event, Progress):
            steps.append(event.value)

    def work() -> None:
        ends.append(studio.session.run("job", graph, told, cancelled=stop.is_set).end)

    worker = threading.Thread(target=work)
    worker.start()
    while len(steps) < 3 and worker.is_alive():
        time.sleep(0.001)
    stop.set()
    done = len(steps)
    worker.join(timeout=60)
    assert ends == [Cancelled("job")]
    assert len(steps) <= done + 1
    assert not studio.leftovers()
    assert studio.run(text_to_image("sd1.safetensors")).pixels.std() > 10  # the session is as good as before


def test_a_run_that_is_cancelled_before_it_begins_runs_nothing(studio: Studio) -> None:
    ran = studio.run(text_to_image(studio.checkpoint("sd1")), cancelled=lambda: True)
    assert isinstance(ran.end, Cancelled)
    assert ran_nodes(ran) == []


def test_a_cancelled_run_does_not_wait_for_the_hash_of_its_files(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = threading.Event()
    monkeypatch.setattr("safelight.worker.recipe.sha256", lambda path, cache: str(never.wait(60)))
    stopped: list[Event] = []

    def told(event: Event) -> None:
        if isinstance(event, NodeStarted) and event.class_type == "SaveImage":
            stopped.append(event)

    graph = text_to_image(studio.checkpoint("sd1"))
    end = studio.session.run("job", graph, told, cancelled=lambda: bool(stopped)).end
    never.set()
    assert end == Cancelled("job")
    assert not studio.leftovers()


@pytest.mark.parametrize("call", ["fsync", "link"])
def test_a_full_disk_leaves_no_file_and_is_told_in_words(
    call: str, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    ran = studio.run(text_to_image(studio.checkpoint("sd1")))
    assert isinstance(ran.end, Failed)
    assert "could not be saved" in ran.end.what
    assert "No space left on device" in ran.end.what
    assert "Free some space" in ran.end.mend
    assert "Save" in ran.end.where
    assert not studio.leftovers()


def test_a_picture_of_nan_is_saved_as_black_with_a_warning(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    path = studio.path("checkpoints", name)
    weights = load_file(path)
    weights["model.diffusion_model.out.2.bias"] *= float("nan")
    save_file(weights, path)
    ran = studio.run(text_to_image(name))
    assert not ran.pixels.any()
    assert "not numbers" in next(event.text for event in ran.told(Output) if event.kind == "warning")
