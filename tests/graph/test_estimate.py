from dataclasses import replace

import pytest

from safelight.families.cost import DECODING_NUMBERS, DENOISING_NUMBERS
from safelight.files.folders import Folders
from safelight.files.picture_size import sizes_in
from safelight.graph.check import check
from safelight.graph.document import Link, Workflow
from safelight.graph.estimate import Estimate, Machine
from safelight.graph.speeds import Speed
from safelight.models.placement import bytes_of
from tests.graph.families import CATALOG, put
from tests.studio import Graph, changed, loaded, node_of, text_to_image
from tests.tiny import SD1_UNET, VAE

FULL = Machine("a device", {"unet": 4, "vae": 4, "text": 4})
HALF = Machine("a device", {"unet": 2, "vae": 4, "text": 2})


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    folders = Folders.at(tmp_path_factory.mktemp("home"))
    folders.make()
    put(folders, "sd1", "tiny.safetensors")
    return folders


def estimated(workflow: Workflow, folders: Folders, machine: Machine = FULL) -> Estimate:
    verdict = check(workflow, CATALOG, folders, machine, sizes_in(folders))
    assert verdict.estimate is not None, verdict.problems
    return verdict.estimate


def test_weights_are_those_that_are_loaded(folders: Folders) -> None:
    checkpoint = loaded("sd1")
    assert checkpoint.clip is not None
    assert checkpoint.vae is not None
    networks = [checkpoint.model.network, checkpoint.vae.network, *(tower.network for tower in checkpoint.clip.towers)]
    assert estimated(text_to_image("tiny.safetensors"), folders).weights == sum(map(bytes_of, networks))


def test_half_the_precision_is_half_the_weights_of_what_runs_in_it(folders: Folders) -> None:
    graph = text_to_image("tiny.safetensors")
    full, half = estimated(graph, folders).weights, estimated(graph, folders, HALF).weights
    kept = bytes_of(loaded("sd1").vae.network)  # type: ignore[union-attr]
    assert 2 * (half - kept) == full - kept


def test_the_peak_is_the_weights_and_the_largest_call(folders: Folders) -> None:
    found = estimated(text_to_image("tiny.safetensors", width=512, height=256, batch=2), folders)
    pixels = 512 * 256 * 2
    decoding = pixels * VAE.block_channels[0] * DECODING_NUMBERS * 4
    denoising = 2 * pixels // 64 * SD1_UNET.block_channels[0] * DENOISING_NUMBERS * 4
    assert found.peak == found.weights + max(decoding, denoising)


def test_a_vae_in_tiles_holds_one_tile(folders: Folders) -> None:
    graph = text_to_image("tiny.safetensors", width=2048, height=2048)
    call = graph[node_of(graph, "VAEDecode")]
    tiles = {"tile_size": 512, "overlap": 64, "temporal_size": 64, "temporal_overlap": 8}
    graph[node_of(graph, "VAEDecode")] = call._replace(class_type="VAEDecodeTiled", inputs={**call.inputs, **tiles})
    found = estimated(graph, folders)
    denoising = 2 * 256 * 256 * SD1_UNET.block_channels[0] * DENOISING_NUMBERS * 4
    assert found.peak == found.weights + denoising


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        ({"steps": 20}, 40),
        ({"steps": 20, "cfg": 1.0}, 20),
        ({"steps": 20, "sampler": "heun"}, 78),
        ({"steps": 20, "denoise": 1.0, "batch": 4}, 40),
    ],
    ids=str,
)
def test_model_calls_are_steps_times_prompts(changes: dict[str, object], calls: int, folders: Folders) -> None:
    assert estimated(text_to_image("tiny.safetensors", **changes), folders).model_calls == calls


def test_time_is_unknown_until_something_was_sampled_and_says_so(folders: Folders) -> None:
    found = estimated(text_to_image("tiny.safetensors"), folders)
    assert found.seconds is None
    assert found.unknown == ("how fast a device samples: nothing was sampled on it yet",)


def test_time_grows_with_calls_and_pixels(folders: Folders) -> None:
    graph = text_to_image("tiny.safetensors", steps=10, width=128, height=128)
    parameters = sum(parameter.numel() for parameter in loaded("sd1").model.network.parameters())
    measured = Speed("a device", "sd1", parameters, 256, 0.25)
    machine = replace(FULL, speeds=(measured, replace(measured, device="another", seconds=9.0)))
    assert estimated(graph, folders, machine).seconds == pytest.approx(20 * 0.25)
    wider = changed(graph, "EmptyLatentImage", width=256)
    assert estimated(wider, folders, machine).seconds == pytest.approx(20 * 0.25 * 2)


def test_a_sampler_of_its_own_number_of_calls_has_no_time(folders: Folders) -> None:
    found = estimated(text_to_image("tiny.safetensors", sampler="dpm_adaptive"), folders)
    assert (found.model_calls, found.seconds) == (None, None)
    assert found.unknown[0].startswith("how many model calls the sampler of node")


def test_a_workflow_without_models_takes_nothing(folders: Folders) -> None:
    graph = Graph()
    picture = graph.add("EmptyImage", width=64, height=64, batch_size=1, color=0)
    graph.add("SaveImage", images=Link(picture), filename_prefix="x")
    found = estimated(graph, folders)
    assert (found.weights, found.peak, found.model_calls, found.seconds) == (0, 0, 0, 0)


def test_nothing_is_estimated_where_something_is_wrong(folders: Folders) -> None:
    graph = changed(text_to_image("tiny.safetensors"), "KSampler", steps=0)
    verdict = check(graph, CATALOG, folders, FULL, sizes_in(folders))
    assert verdict.estimate is None
    assert [problem.kind for problem in verdict.problems] == ["value_smaller_than_min"]
