"""The IP-Adapter nodes, with the starter's denoiser and CLIP, and an adapter of random weights that fits them."""

from typing import Any

import pytest
import torch
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.errors import BadInput
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.clip_vision import clip_vision_loader
from safelight.nodes.ip_adapter import (
    ip_adapter,
    ip_adapter_advanced,
    ip_adapter_model_loader,
    ip_adapter_unified_loader,
)
from safelight.nodes.registry import BUILTIN
from tests.models.image_prompts.test_ip_adapter import adapter_file, adapter_tensors
from tests.nodes.running import RecordedRun
from tests.studio import cond_for, loaded
from tests.tiny import KINDS

CPU = torch.device("cpu")
SEEN = 256  # of the starter's CLIP
PICTURE = torch.rand(1, 40, 60, 3, generator=torch.Generator().manual_seed(0))

pytestmark = pytest.mark.weights


@pytest.fixture
def adapting(run: RecordedRun) -> RecordedRun:
    run.models = ModelStore(Placement(CPU), precision("fp32", CPU), 10**9)
    tensors = adapter_tensors(KINDS["sd1"].unet)
    tensors["image_proj"]["proj.weight"] = torch.randn(256, SEEN, generator=torch.Generator().manual_seed(1)) / 16
    adapter_file(run.folders.directories["ipadapter"][0] / "a.safetensors", tensors)
    return run


def inputs(run: RecordedRun, **changes: Any) -> dict[str, Any]:
    return {
        "model": loaded("sd1").model,
        "ipadapter": ip_adapter_model_loader(ipadapter_file="a.safetensors", run=run),
        "image": PICTURE,
        "weight_type": "linear",
        "combine_embeds": "concat",
        "embeds_scaling": "V only",
        "clip_vision": clip_vision_loader(clip_name="clip.safetensors", run=run),
        **changes,
    }


def sampled(model: Any, run: RecordedRun) -> Tensor:
    latent = BUILTIN["KSampler"](
        model=model,
        seed=1,
        steps=2,
        cfg=3.0,
        sampler_name="euler",
        scheduler="normal",
        positive=(cond_for("sd1", 0),),
        negative=(cond_for("sd1", 1),),
        latent_image=Latent(torch.zeros(1, 4, 8, 8)),
        denoise=1.0,
        run=run,
    )
    samples: Tensor = latent.samples
    return samples


def test_a_picture_changes_the_result_and_at_weight_0_does_not(adapting: RecordedRun) -> None:
    plain = sampled(loaded("sd1").model, adapting)
    assert torch.equal(sampled(ip_adapter_advanced(**inputs(adapting, weight=0.0)), adapting), plain)
    assert not torch.allclose(sampled(ip_adapter_advanced(**inputs(adapting)), adapting), plain, atol=1e-2)


def test_a_negative_picture_takes_the_place_of_none(adapting: RecordedRun) -> None:
    without = sampled(ip_adapter_advanced(**inputs(adapting)), adapting)
    against = sampled(ip_adapter_advanced(**inputs(adapting, image_negative=1 - PICTURE)), adapting)
    assert not torch.allclose(without, against, atol=1e-3)


def test_an_empty_mask_leaves_everything_as_it_was(adapting: RecordedRun) -> None:
    masked = ip_adapter_advanced(**inputs(adapting, attn_mask=torch.zeros(1, 64, 64)))
    torch.testing.assert_close(sampled(masked, adapting), sampled(loaded("sd1").model, adapting))


def test_the_unified_loader_finds_adapter_and_clip_by_what_they_hold(adapting: RecordedRun) -> None:
    folder = adapting.folders.directories["ipadapter"][0]
    adapter_file(folder / "0-another-family.safetensors", adapter_tensors(KINDS["sd2"].unet, "plus"))
    (folder / "1-broken.safetensors").write_bytes(b"no weights")
    model, found = ip_adapter_unified_loader(
        model=loaded("sd1").model, preset="STANDARD (medium strength)", run=adapting
    )
    assert model is loaded("sd1").model
    assert (found.name, found.clip is not None) == ("a.safetensors", True)
    prompted = ip_adapter(model=model, ipadapter=found, image=PICTURE)
    by_hand = ip_adapter_advanced(**inputs(adapting))
    assert torch.equal(sampled(prompted, adapting), sampled(by_hand, adapting))


@pytest.mark.parametrize("preset", ["PLUS (high strength)", "LIGHT - SD1.5 only (low strength)"])
def test_a_preset_that_no_file_fits_is_refused(preset: str, adapting: RecordedRun) -> None:
    with pytest.raises(BadInput, match="There is no IP-Adapter"):
        ip_adapter_unified_loader(model=loaded("sd1").model, preset=preset, run=adapting)


def test_without_a_clip_vision_model_it_is_said_what_to_link(adapting: RecordedRun) -> None:
    with pytest.raises(BadInput, match=r"a\.safetensors needs a CLIP vision model") as refusal:
        ip_adapter(model=loaded("sd1").model, ipadapter=inputs(adapting)["ipadapter"], image=PICTURE)
    assert "CLIPVisionLoader" in refusal.value.mend
