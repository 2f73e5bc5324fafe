"""The modules that packs import: each does with our own what its name says."""

import importlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from safelight.diffusion.noise import initial_noise
from safelight.diffusion.samplers import SAMPLERS
from safelight.errors import BadInput, Cancelled
from safelight.plugins.comfy.host import Host
from safelight.plugins.comfy.live import living
from tests.nodes.running import RecordedRun
from tests.plugins.conftest import written


def module(name: str) -> Any:
    return importlib.import_module(name)


class CountedRun(RecordedRun):
    """Remembers its steps, and is stopped after two of them."""

    steps: list[tuple[int, int]]

    def step(self, value: int, total: int, preview: object = None) -> None:
        self.steps = [*getattr(self, "steps", []), (value, total)]

    def check(self) -> None:
        if len(getattr(self, "steps", [])) == 2:
            raise Cancelled


@pytest.fixture
def paths(host: Host) -> Any:
    return module("folder_paths")


def test_files_are_listed_and_found_as_our_own_folders_do(paths: Any, host: Host) -> None:
    name = "starter-128.safetensors"
    assert name in paths.get_filename_list("checkpoints")
    assert paths.get_full_path("checkpoints", name) == str(host.folders.resolve("checkpoints", name))
    assert paths.get_full_path("checkpoints", "../../secret") is None
    assert paths.get_full_path("no_such_kind", "a") is None
    with pytest.raises(FileNotFoundError):
        paths.get_full_path_or_raise("loras", "absent.safetensors")
    assert paths.get_folder_paths("clip") == paths.get_folder_paths("text_encoders")
    assert paths.get_folder_paths("loras") == [str(path) for path in host.folders.directories["loras"]]


def test_packs_add_directories_and_kinds_of_files(paths: Any, tmp_path: Path) -> None:
    written(tmp_path / "more/sub", "a.safetensors", "")
    written(tmp_path / "more", "b.txt", "")
    paths.add_model_folder_path("loras", str(tmp_path / "more"))
    assert paths.get_filename_list("loras") == ["sub/a.safetensors"]
    assert paths.get_full_path("loras", "sub/a.safetensors") == str(tmp_path / "more/sub/a.safetensors")
    paths.folder_names_and_paths["words"] = ([str(tmp_path / "more")], {".txt"})
    assert paths.get_filename_list("words") == ["b.txt"]
    assert paths.get_full_path("words", "../more/b.txt") == str(tmp_path / "more/b.txt")
    assert paths.get_full_path("words", "../conftest.py") is None


def test_directories_and_names_with_a_folder_behind_them(paths: Any, home: Path) -> None:
    written(home / "output", "cat.png", "")
    assert paths.get_input_directory() == str(home / "input")
    assert paths.get_directory_by_type("temp") == str(home / "temp")
    assert paths.get_directory_by_type("models") is None
    assert paths.get_annotated_filepath("cat.png [output]") == str(home / "output/cat.png")
    assert paths.exists_annotated_filepath("cat.png [output]")
    assert not paths.exists_annotated_filepath("cat.png")
    assert not paths.exists_annotated_filepath("../plugins.txt")
    assert paths.annotated_filepath("cat.png") == ("cat.png", None)
    assert paths.filter_files_content_types(["a.png", "b.mp4", "c"], ["image"]) == ["a.png"]


def test_the_next_picture_has_the_next_number(paths: Any, home: Path) -> None:
    top = paths.get_output_directory()
    written(home / "output/sub", "cat_64_00007_.png", "")
    assert paths.get_save_image_path("sub/cat_%width%", top, 64, 32) == (
        str(home / "output/sub"),
        "cat_64",
        8,
        "sub",
        "sub/cat_64",
    )
    with pytest.raises(BadInput):
        paths.get_save_image_path("../cat", top)


def test_a_progress_bar_tells_the_running_nodes_steps_and_stops_with_the_job(host: Host) -> None:
    bar_of = module("comfy.utils").ProgressBar
    bar_of(3).update(1)  # outside of any node
    run = CountedRun(host.folders)
    with living(run):
        bar = bar_of(3)
        bar.update(1)
        threading.Thread(target=bar_of(9).update, args=(1,)).start()  # a thread of the pack's own
        bar.update_absolute(5)
        with pytest.raises(Cancelled):
            bar.update(1)
    assert run.steps == [(1, 3), (3, 3)]


def test_the_device_and_interruption_are_those_of_the_job(host: Host) -> None:
    management = module("comfy.model_management")
    assert management.get_torch_device() == management.intermediate_device() == torch.device("cpu")
    management.throw_exception_if_processing_interrupted()
    with living(RecordedRun(host.folders, device=torch.device("meta"))):
        assert management.get_torch_device() == torch.device("meta")
        assert not management.processing_interrupted()
        module("nodes").interrupt_processing()
        with pytest.raises(management.InterruptProcessingException):
            module("nodes").before_node_execution()
    assert management.get_free_memory(torch.device("cpu")) > 0


def test_weights_are_read_and_written_without_running_pickles(host: Host, tmp_path: Path) -> None:
    utils = module("comfy.utils")
    utils.save_torch_file({"a": torch.ones(2)}, str(tmp_path / "a.safetensors"), {"k": "v"})
    tensors, metadata = utils.load_torch_file(str(tmp_path / "a.safetensors"), return_metadata=True)
    assert (tensors["a"].tolist(), metadata) == ([1, 1], {"k": "v"})
    torch.save({"a": torch.ones(1), "b": threading.Event}, tmp_path / "b.pt")
    with pytest.raises(BadInput):
        utils.load_torch_file(str(tmp_path / "b.pt"))


def test_pictures_are_scaled_whole_and_in_tiles(host: Host) -> None:
    utils = module("comfy.utils")
    picture = torch.rand(1, 3, 40, 24)
    assert utils.common_upscale(picture, 12, 12, "area", "center").shape == (1, 3, 12, 12)
    bar = utils.ProgressBar(6)
    doubled = utils.tiled_scale(
        picture, lambda tile: tile.repeat_interleave(2, 2).repeat_interleave(2, 3), 16, 16, 4, 2, pbar=bar
    )
    torch.testing.assert_close(doubled, picture.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert bar.current == 6


def test_names_of_samplers_and_noise_are_our_own(host: Host) -> None:
    samplers = module("comfy.samplers")
    assert list(SAMPLERS) == samplers.KSampler.SAMPLERS == samplers.SAMPLER_NAMES
    assert samplers.sampler_object("heun") is SAMPLERS["heun"]
    latent = torch.zeros(2, 4, 8, 8)
    assert torch.equal(module("comfy.sample").prepare_noise(latent, 5), initial_noise(5, latent.shape, None))


def test_a_graph_is_built_with_ids_that_no_other_builder_has(host: Host) -> None:
    builder = module("comfy_execution.graph_utils").GraphBuilder
    first, second = builder(), builder()
    a, b = first.node("A", x=1), second.node("A", x=1)
    assert a.id != b.id
    named = first.node("B", id="named", x=a.out(1), y=2)
    assert first.node("B", id="named") is named
    named.set_input("y", None)
    first.replace_node_output(a.id.removeprefix(first.prefix), 1, 7)
    assert first.finalize() == {
        a.id: {"class_type": "A", "inputs": {"x": 1}},
        named.id: {"class_type": "B", "inputs": {"x": 7}},
    }
    first.remove_node("named")
    assert first.lookup_node("named") is None


def test_what_is_not_there_is_missed_by_name(host: Host) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"comfy\.ldm"):
        module("comfy.ldm")
    assert importlib.util.find_spec("folder_paths") is not None


def test_without_a_pack_none_of_the_names_is_taken() -> None:
    program = (
        "import sys, safelight.plugins.loading; print({'nodes', 'server', 'comfy', 'folder_paths'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
