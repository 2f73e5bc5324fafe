"""The nodes that look inside show pictures, tell what they were drawn from, and change nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from safelight.diffusion.latent import Latent
from safelight.errors import BadInput
from safelight.graph.document import Link
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.registry import BUILTIN
from safelight.protocol.events import Done
from safelight.protocol.events import Output as OutputTold
from tests.nodes.running import RecordedRun
from tests.studio import Graph, Studio, cond_for, loaded
from tests.tiny import tiny_checkpoint

CPU = torch.device("cpu")
PICTURE = torch.rand(2, 32, 40, 3, generator=torch.Generator().manual_seed(0))


def call(name: str, run: RecordedRun, **inputs: Any) -> Any:
    return BUILTIN[name](**inputs, run=run)


def told(run: RecordedRun) -> dict[str, Any]:
    """What a node told, as JSON keeps it."""
    (data,) = run.inspections
    found: dict[str, Any] = json.loads(json.dumps(data, allow_nan=False))
    return found


def test_in_a_workflow_pictures_and_data_are_told_and_told_again_from_the_cache(home: Path) -> None:
    studio, graph = Studio(home), Graph()
    loader = graph.add("CheckpointLoaderSimple", ckpt_name=studio.checkpoint("sd1"))
    empty = graph.add("EmptyLatentImage", width=64, height=64, batch_size=1)
    graph.add("NoisePlan", model=Link(loader, 0), sampler_name="euler", scheduler="karras", steps=3, denoise=1.0)
    graph.add("LatentChannels", samples=Link(empty, 0))
    first, second = studio.run(graph), studio.run(graph)
    assert isinstance(first.end, Done), first.end
    kinds = sorted((output.node, output.kind) for output in first.told(OutputTold))
    assert kinds == [("3", "images"), ("3", "inspection"), *[("4", "images")] * 4, ("4", "inspection")]
    assert kinds == sorted((output.node, output.kind) for output in second.told(OutputTold))
    (data,) = (
        json.loads(path.read_text()) for path in first.saved if path.suffix == ".json" and "plan" in path.read_text()
    )
    assert (data["kind"], len(data["calls"])) == ("noise_plan", 3)


def test_each_channel_of_each_latent_is_a_picture(run: RecordedRun) -> None:
    pictures = call("LatentChannels", run, samples=Latent(torch.randn(2, 4, 5, 6)))
    assert pictures.shape == (8, 40, 48, 3)
    assert [pictures.amin(), pictures.amax()] == [0, 1]
    assert len(run.shown) == 8
    assert [len(latent["mean"]) for latent in told(run)["latents"]] == [4, 4]


def test_a_reconstruction_tells_its_figures(run: RecordedRun) -> None:
    found = call("VAEReconstruction", run, pixels=PICTURE, vae=loaded("sd1").vae)
    assert found.reconstruction.shape == found.error.shape == PICTURE.shape
    first, _ = told(run)["pictures"]
    assert found.report.startswith(f"{first['psnr']:.1f} dB")
    assert first["numbers"] == [32 * 40 * 3, 4 * 5 * 4]
    assert run.texts == [found.report]


def test_a_walk_through_latent_space_is_a_batch() -> None:
    first, second = Latent(torch.zeros(1, 4, 4, 4)), Latent(torch.ones(1, 4, 8, 8))
    film = BUILTIN["LatentWalk"](samples1=first, samples2=second, frames=3, method="linear")
    assert film.samples.shape == (3, 4, 4, 4)
    torch.testing.assert_close(film.samples[1], torch.full((4, 4, 4), 0.5))


def test_a_prompt_between_two_is_reached_by_its_share(run: RecordedRun) -> None:
    first, second = cond_for("sd1", 1), cond_for("sd1", 2)
    (whole,) = call("ConditioningInterpolate", run, conditioning_1=(first,), conditioning_2=(second, second), share=1.0)
    torch.testing.assert_close(whole.context, second.context)
    assert len(run.warnings) == 1


def test_the_forward_process_is_four_films_of_one_length(run: RecordedRun) -> None:
    parts = loaded("sd1")
    films = call(
        "ForwardProcess",
        run,
        model=parts.model,
        positive=(cond_for("sd1"),),
        vae=parts.vae,
        pixels=PICTURE,
        levels=3,
        seed=1,
    )
    assert {film.shape for film in films[:4]} == {(3, 32, 40, 3)}
    data = told(run)
    assert len(run.shown) == 3 * len(data["shown"])
    assert len(data["noise_errors"]) == len(films.report.splitlines()) == 3


def test_the_plan_of_a_run_is_drawn_and_told(run: RecordedRun) -> None:
    inputs = {"sampler_name": "heun", "scheduler": "karras", "steps": 4}
    picture = call("NoisePlan", run, model=loaded("sd1").model, **inputs)
    assert picture.shape == (1, 448, 768, 3)
    data = told(run)
    assert (len(data["sigmas"]), len(data["calls"]), data["log_snr"][-1]) == (5, 7, None)
    assert "simple" in data["others"]


def test_pictures_that_are_alike_lie_together_on_the_map(run: RecordedRun) -> None:
    dark, light = torch.rand(3, 16, 24, 3) * 0.1, 0.9 + torch.rand(3, 32, 32, 3) * 0.1
    picture = call("PictureMap", run, images=[dark, light], method=["pca"])
    assert picture.shape == (1, 1024, 1024, 3)
    data = told(run)
    across = [point[0] for point in data["points"]]
    assert max(across[:3]) < 0 < min(across[3:]) or max(across[3:]) < 0 < min(across[:3])
    assert data["explained"][0] > 0.9


def test_a_map_needs_a_latent_for_each_picture(run: RecordedRun) -> None:
    with pytest.raises(BadInput, match="2 pictures and 1 latents"):
        call("PictureMap", run, images=[PICTURE], latents=[Latent(torch.zeros(1, 4, 4, 4))])
    with pytest.raises(BadInput, match="differ in size"):
        call("PictureMap", run, images=[PICTURE], latents=[Latent(torch.zeros(1, 4, side, 4)) for side in (4, 8)])


def test_checkpoints_are_compared_by_name(run: RecordedRun) -> None:
    folder = run.folders.directories["checkpoints"][0]
    for name, seed in (("a", 0), ("b", 1)):
        tiny_checkpoint(folder / f"{name}.safetensors", "sd1", seed=seed)
    found = call("CheckpointCompare", run, ckpt_name1="a.safetensors", ckpt_name2="b.safetensors")
    assert "denoiser: differs by" in found.report
    data = told(run)
    assert data["files"] == ["a.safetensors", "b.safetensors"]
    assert len(data["names"]) == len(data["relative"]) == len(data["same"]) == len(data["layer_blocks"])
    assert set(data["layer_blocks"]) == set(data["blocks"])
    same = call("CheckpointCompare", run, ckpt_name1="a.safetensors", ckpt_name2="a.safetensors")
    assert same.report == "Both files have the same weights."


def test_a_report_of_a_lora_says_what_it_changes_and_what_fits_nothing(run: RecordedRun) -> None:
    run.models = ModelStore(Placement(CPU), precision("fp32", CPU), 10**9)
    modules = ("lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q", "lora_unet_nowhere")
    tensors = {
        f"{module}.{part}.weight": torch.ones(shape)
        for module in modules
        for part, shape in (("lora_up", (64, 2)), ("lora_down", (2, 64)))
    }
    path: Path = run.folders.directories["loras"][0] / "l.safetensors"
    save_file(tensors, path)
    parts = loaded("sd1")
    found = call("LoraReport", run, lora_name="l.safetensors", model=parts.model, clip=parts.clip)
    first, second = found.report.splitlines()
    assert first.startswith("denoiser: 1 weights, rank 2; the change is 128 long, on average ")
    assert second.startswith("2 tensors fit nothing: lora_unet_nowhere")
    assert (told(run)["ranks"], told(run)["blocks"]) == ([2], ["denoiser: mid_block.attentions.0"])
    alone = call("LoraReport", run, lora_name="l.safetensors")
    assert alone.report == "denoiser: 2 weights, rank 2; the change is 181 long"
