"""What is saved is what was there: read back, it is the same model, in the layout that other programs read."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from safelight.families.detect import identify
from safelight.files.folders import Folders
from safelight.files.header import read_header
from safelight.models.loader import Checkpoint
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.loaders import checkpoint_loader, diffusers_loader
from safelight.nodes.merging import clip_merge_simple, model_merge_simple
from safelight.nodes.save_models import checkpoint_save, clip_save, model_save, vae_save
from tests import tiny
from tests.nodes.running import RecordedRun
from tests.studio import tiny_file
from tests.tiny import Kind

CPU = torch.device("cpu")
NOT_KEPT = ("position_ids", "logit_scale", "low_scale_model.betas")  # constants, which nobody needs
KINDS: list[Kind] = ["sd1", "sd1-inpaint", "sd2", "sd2-v", "sd2_x4-v", "sdxl", "sdxl-v-ztsnr", "refiner"]


@pytest.fixture
def run(tmp_path: Path) -> RecordedRun:
    folders = Folders.at(tmp_path)
    folders.make()
    return RecordedRun(folders, models=ModelStore(Placement(CPU), precision("fp32", CPU), budget=2**30))


def whole(run: RecordedRun, kind: Kind, dtype: torch.dtype = torch.float32, seed: int = 0) -> Checkpoint:
    return run.models.checkpoint(tiny_file(kind, dtype=dtype, seed=seed))


def saved(run: RecordedRun, folder: str) -> Path:
    (name,) = [name for name in run.folders.list(folder) if name.startswith("ComfyUI")]
    return run.folders.resolve(folder, name)


def save(run: RecordedRun, checkpoint: Checkpoint) -> Path:
    assert checkpoint.clip is not None
    assert checkpoint.vae is not None
    checkpoint_save(model=checkpoint.model, clip=checkpoint.clip, vae=checkpoint.vae, run=run)
    return saved(run, "checkpoints")


def tensors(path: Path) -> dict[str, torch.Tensor]:
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  the library's own


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_checkpoint_has_every_tensor_of_the_one_it_came_from_to_the_bit(run: RecordedRun, kind: Kind) -> None:
    path = save(run, whole(run, kind))
    before, after = tensors(tiny_file(kind, dtype=torch.float32, seed=0)), tensors(path)
    before = {name: tensor for name, tensor in before.items() if not name.endswith(NOT_KEPT)}
    assert set(after) - {"v_pred"} == set(before) - {"v_pred"}  # the mark that ComfyUI knows, too
    for name, tensor in before.items():
        assert torch.equal(after[name], tensor), name


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_checkpoint_is_known_as_what_it_was(run: RecordedRun, kind: Kind) -> None:
    before = whole(run, kind).contents
    after = identify(read_header(save(run, whole(run, kind))))
    assert after.kind == "checkpoint"
    assert (after.family, after.prediction, after.zero_terminal_snr, after.variant) == (
        before.family,
        before.prediction,
        before.zero_terminal_snr,
        before.variant,
    )


def test_a_saved_checkpoint_goes_on_saying_what_suits_it(run: RecordedRun, tmp_path: Path) -> None:
    says = {"modelspec.resolution": "128x96", "modelspec.usage_hint": "steps 7", "modelspec.title": "Mine"}
    path = tiny.tiny_checkpoint(tmp_path / "told.safetensors", "sd1", metadata=says)
    after = identify(read_header(save(run, run.models.checkpoint(path))))
    assert after.native_size == (128, 96)
    assert after.recommended is not None
    assert after.recommended.steps == 7
    assert after.metadata["modelspec.title"] != "Mine"


def test_a_file_keeps_its_precision(run: RecordedRun) -> None:
    path = save(run, whole(run, "sd1", torch.float16))
    before = tensors(tiny_file("sd1", dtype=torch.float16, seed=0))
    for name, tensor in tensors(path).items():
        assert tensor.dtype == torch.float16
        assert torch.equal(tensor, before[name])


def test_a_merge_is_saved_merged(run: RecordedRun) -> None:
    first, second = whole(run, "sd1"), whole(run, "sd1", seed=1)
    assert first.clip is not None
    assert second.clip is not None
    merged = model_merge_simple(model1=first.model, model2=second.model, ratio=0.25)
    clip = clip_merge_simple(clip1=first.clip, clip2=second.clip, ratio=0.25)
    path = save(run, Checkpoint(first.contents, merged, clip, first.vae))
    one, two = (tensors(tiny_file("sd1", dtype=torch.float32, seed=seed)) for seed in (0, 1))
    for name, tensor in tensors(path).items():
        share = 1.0 if name.startswith("first_stage_model.") else 0.25
        assert torch.allclose(tensor, share * one[name] + (1 - share) * two[name], atol=1e-6), name


def test_a_saved_file_has_the_workflow_in_it(run: RecordedRun) -> None:
    run.workflow = {"1": {"class_type": "CheckpointSave", "inputs": {}}}
    metadata = read_header(save(run, whole(run, "sd1"))).metadata
    assert '"CheckpointSave"' in metadata["prompt"]
    assert metadata["modelspec.architecture"] == "stable-diffusion-v1"


def test_parts_are_saved_alone_and_load_as_such(run: RecordedRun) -> None:
    checkpoint = whole(run, "sd1")
    assert checkpoint.clip is not None
    assert checkpoint.vae is not None
    model_save(model=checkpoint.model, run=run)
    vae_save(vae=checkpoint.vae, run=run)
    clip_save(clip=checkpoint.clip, run=run)
    model = run.models.unet(saved(run, "diffusion_models"))
    vae = run.models.vae(saved(run, "vae"))
    clip = run.models.text(
        [run.folders.resolve("text_encoders", name) for name in run.folders.list("text_encoders") if "clip_" in name]
    )
    pairs = [(model.network, checkpoint.model.network), (vae.network, checkpoint.vae.network)]
    pairs += [(a.network, b.network) for a, b in zip(clip.towers, checkpoint.clip.towers, strict=True)]
    for one, two in pairs:
        for name, parameter in one.named_parameters():
            assert torch.equal(parameter, two.get_parameter(name)), name


def test_each_text_encoder_gets_a_file_of_its_own(run: RecordedRun) -> None:
    clip = whole(run, "sdxl").clip
    assert clip is not None
    clip_save(clip=clip, run=run)
    files = [name for name in run.folders.list("text_encoders") if name.startswith("ComfyUI")]
    assert files == ["ComfyUI_clip_g_00001_.safetensors", "ComfyUI_clip_l_00001_.safetensors"]
    names = tensors(run.folders.resolve("text_encoders", files[0]))
    assert {"text_projection.weight", "text_model.final_layer_norm.bias"} <= set(names)


def test_a_second_file_does_not_replace_the_first(run: RecordedRun) -> None:
    for _ in range(2):
        model_save(model=whole(run, "sd1").model, run=run)
    assert run.folders.list("diffusion_models") == ("ComfyUI_00001_.safetensors", "ComfyUI_00002_.safetensors")


def diffusers_folder(run: RecordedRun, name: str, scheduler: str | None = None, kind: Kind = "sd1") -> None:
    folder = run.folders.directories["diffusers"][0] / name
    for part in ("unet", "vae", "text_encoder", "scheduler"):
        (folder / part).mkdir(parents=True)
    (folder / "model_index.json").write_text("{}")
    ((_, tower),) = tiny.KINDS[kind].towers
    vae, text = folder / "vae" / "diffusion_pytorch_model.safetensors", folder / "text_encoder" / "model.safetensors"
    tiny.tiny_unet(folder / "unet" / "diffusion_pytorch_model.safetensors", kind, layout="diffusers")
    tiny.tiny_vae(vae, layout="diffusers", shape=tiny.KINDS[kind].vae)
    # of real size it is told by its width, and needs no prefix
    tiny.tiny_text(text, tower, prefix=f"clip_{tower.tower}.transformer.text_model.")
    if scheduler:
        (folder / "scheduler" / "scheduler_config.json").write_text(scheduler)


def test_a_diffusers_folder_is_listed_and_loaded(run: RecordedRun) -> None:
    diffusers_folder(run, "author/model")
    assert run.folders.list("diffusers") == ("author/model",)
    model, clip, vae = diffusers_loader(model_path="author/model", run=run)
    assert (model.prediction, clip.family.name, vae.latent_channels) == ("eps", "sd1", 4)


def test_a_diffusers_folder_of_the_upscaler_is_loaded(run: RecordedRun) -> None:
    diffusers_folder(run, "x4", '{"prediction_type": "v_prediction"}', kind="sd2_x4-v")
    model, clip, vae = diffusers_loader(model_path="x4", run=run)
    assert (model.family.name, model.prediction, vae.compression) == ("sd2_x4", "v", 4)
    assert clip.towers[0].shape.width == model.network.config.cross_attention_dim


def test_a_diffusers_folder_tells_of_v(run: RecordedRun) -> None:
    diffusers_folder(run, "model", '{"prediction_type": "v_prediction"}')
    assert diffusers_loader(model_path="model", run=run).model.prediction == "v"


def test_a_config_tells_of_v(run: RecordedRun) -> None:
    tiny.tiny_checkpoint(run.folders.directories["checkpoints"][0] / "a.safetensors", "sd1")
    configs = run.folders.directories["configs"][0]
    (configs / "v1.yaml").write_text("model:\n  params:\n    timesteps: 1000\n")
    (configs / "v2-v.yaml").write_text('model:\n  params:\n    parameterization: "v"\n')
    models: list[Model] = [
        checkpoint_loader(config_name=name, ckpt_name="a.safetensors", run=run).model
        for name in ("v1.yaml", "v2-v.yaml")
    ]
    assert [model.prediction for model in models] == ["eps", "v"]
