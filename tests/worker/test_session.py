"""A worker in this process, from a workflow to files on the disk; tiny random checkpoints."""

import errno
import io
import json
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from safelight import __version__
from safelight.files.picture_files import read_text
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
from safelight.settings import Settings
from safelight.worker import disk_cache
from safelight.worker.session import Session
from tests.studio import Graph, Ran, Studio, changed, node_of, text_to_image, tiny_file


@pytest.fixture
def studio(home: Path) -> Studio:
    return Studio(home)


def ran_nodes(ran: Ran) -> list[str]:
    return [event.class_type for event in ran.told(NodeStarted)]


@pytest.fixture
def all_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every result is worth keeping on the disk."""
    monkeypatch.setattr(disk_cache, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(disk_cache, "BYTES_PER_SECOND", 10**12)


def results(home: Path) -> list[Path]:
    return sorted((home / "cache" / "results").rglob("*.safetensors"))


def test_the_same_workflow_makes_the_same_bytes_in_every_session(tmp_path: Path) -> None:
    files = []
    for name in ("one", "two"):
        studio = Studio(tmp_path / name)
        (path,) = studio.run(text_to_image(studio.checkpoint("sd1"), sampler="dpmpp_sde")).saved
        files.append(path.read_bytes())
    assert files[0] == files[1]


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


def test_an_embedding_that_is_put_there_later_is_used(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"), prompt="a embedding:pets cat")
    plain = text_to_image(studio.checkpoint("sd1"), prompt="a cat")
    first, other = studio.run(graph), studio.run(plain)
    vectors = torch.randn(2, 64, generator=torch.Generator().manual_seed(0))
    save_file({"emb_params": vectors}, studio.folders.directories["embeddings"][0] / "pets.safetensors")
    second, same = studio.run(graph), studio.run(plain)
    assert "KSampler" in ran_nodes(second)
    assert first.saved[0].read_bytes() != second.saved[0].read_bytes()
    assert ran_nodes(same) == [], "a prompt that names none is not run again"
    assert other.saved


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


@pytest.mark.usefixtures("all_is_slow")
def test_a_session_that_starts_anew_shows_what_an_earlier_one_made(home: Path) -> None:
    graph = text_to_image(Studio(home).checkpoint("sd1"))
    first, second = Studio(home).run(graph), Studio(home).run(graph)
    assert "KSampler" in ran_nodes(first)
    assert ran_nodes(second) == []
    assert second.saved == first.saved
    assert sorted(node for event in second.told(Cached) for node in event.nodes) == sorted(graph)
    first.saved[0].unlink()
    again = Studio(home).run(graph)
    assert ran_nodes(again) == ["SaveImage"]
    assert again.saved[0].is_file()


@pytest.mark.usefixtures("all_is_slow")
def test_work_goes_on_from_the_disk_as_from_memory_to_the_bit(home: Path, tmp_path: Path) -> None:
    def larger(graph: Graph) -> Graph:
        twice = Graph(graph)
        sampler = node_of(graph, "KSampler")
        twice["up"] = NodeCall(
            "LatentUpscaleBy", {"samples": Link(sampler), "upscale_method": "bilinear", "scale_by": 1.5}
        )
        inputs = {**graph[sampler].inputs, "latent_image": Link("up"), "denoise": 0.6}
        twice["again"] = NodeCall("KSampler", inputs)
        return changed(twice, "VAEDecode", samples=Link("again"))

    graph = changed(text_to_image(Studio(home).checkpoint("sd1")), "EmptyLatentImage", batch_size=2)
    Studio(home).run(graph)
    from_disk = Studio(home).run(larger(graph))
    assert ran_nodes(from_disk).count("KSampler") == 1
    assert "CLIPTextEncode" not in ran_nodes(from_disk)
    other = Studio(tmp_path / "other")
    other.checkpoint("sd1")
    assert np.array_equal(from_disk.pixels, other.run(larger(graph)).pixels)


@pytest.mark.usefixtures("all_is_slow")
def test_results_of_another_precision_or_of_other_plugins_are_not_used(home: Path) -> None:
    studio = Studio(home)
    graph = text_to_image(studio.checkpoint("sd1"))
    studio.run(graph)
    assert "KSampler" in ran_nodes(Studio(home, dtype="bf16").run(graph))
    updated = Studio(home)
    settings = Settings(home=home, device="cpu", dtype="fp32")
    updated.session = Session(settings, updated.folders, code="another")
    assert "KSampler" in ran_nodes(updated.run(graph))


@pytest.mark.usefixtures("all_is_slow")
def test_nothing_is_written_where_the_disk_is_to_be_left_alone(home: Path) -> None:
    studio = Studio(home)
    studio.session = Session(Settings(home=home, device="cpu", disk_cache_bytes=0), studio.folders)
    studio.run(text_to_image(studio.checkpoint("sd1")))
    assert results(home) == []


def test_only_what_took_long_and_what_was_saved_is_kept_on_the_disk(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_cache, "LEAST_SECONDS", 10.0**6)
    studio = Studio(home)
    studio.run(text_to_image(studio.checkpoint("sd1")))
    (kept,) = results(home)
    assert kept.stat().st_size < 2000, "no pixels: what was saved, and where"


@pytest.mark.usefixtures("all_is_slow")
def test_a_disk_that_is_full_for_results_does_not_fail_the_job(
    studio: Studio, home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("safelight.worker.stored.write_safetensors", full)
    ran = studio.run(text_to_image(studio.checkpoint("sd1")))
    assert isinstance(ran.end, Done)
    assert results(home) == []
    assert "cannot be kept on the disk" in caplog.text


def test_a_picture_whose_name_another_one_has_now_is_made_again(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"))
    (path,) = studio.run(graph).saved
    path.write_bytes(b"another picture")
    (again,) = studio.run(graph).saved
    assert again != path
    assert path.read_bytes() == b"another picture"


def test_no_claims_are_left_when_a_job_has_ended(studio: Studio, home: Path) -> None:
    graph = text_to_image(studio.checkpoint("sd1"))
    studio.run(graph)
    studio.run(changed(graph, "KSampler", seed=8), cancelled=lambda: True)
    assert list((home / "cache" / "claims").iterdir()) == []
    assert len(studio.leftovers()) == 1


def test_a_job_for_one_node_runs_what_that_needs_and_no_more(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"))
    events: list[Event] = []
    outcome = studio.session.run("job", graph, events.append, targets=[node_of(graph, "KSampler")])
    assert isinstance(outcome.end, Done)
    assert list(outcome.outputs) == [node_of(graph, "KSampler")]
    assert not studio.leftovers()


@pytest.mark.parametrize("models", [False, True])
def test_freed_memory_is_filled_again_when_it_is_needed(models: bool, studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sd1"))
    first = studio.run(graph).pixels
    studio.session.free(models=models)
    ran = studio.run(changed(graph, "SaveImage", filename_prefix="again"))
    assert "KSampler" in ran_nodes(ran)
    assert np.array_equal(ran.pixels, first)


def test_what_a_killed_process_left_half_written_is_removed_when_a_session_starts(home: Path) -> None:
    parts = [
        home / place / ".0123456789abcdef.part" for place in ("output/a", "temp", "cache/results/x", "users/1/output")
    ]
    for part in parts:
        part.parent.mkdir(parents=True)
        part.touch()
        os.utime(part, (1, 1))
    Studio(home)
    waited = time.monotonic()
    while any(part.exists() for part in parts) and time.monotonic() - waited < 30:
        time.sleep(0.01)
    assert not any(part.exists() for part in parts)
