"""The unCLIP nodes, from the checkpoint to a latent."""

import torch
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.clip_vision import clip_vision_encode
from safelight.nodes.registry import BUILTIN
from safelight.nodes.text import clip_text_encode
from safelight.nodes.unclip import unclip_checkpoint_loader, unclip_conditioning
from tests.models.test_unclip import unclip_checkpoint
from tests.nodes.running import RecordedRun

CPU = torch.device("cpu")


def test_a_picture_guides_the_model_and_at_strength_0_does_not(run: RecordedRun) -> None:
    run.models = ModelStore(Placement(CPU), precision("fp32", CPU), 10**9)
    unclip_checkpoint(run.folders.directories["checkpoints"][0] / "u.safetensors")
    model, clip, _, vision = unclip_checkpoint_loader(ckpt_name="u.safetensors", run=run)
    words = clip_text_encode(text="a cat", clip=clip, run=run)
    seen = clip_vision_encode(clip_vision=vision, image=torch.rand(1, 40, 50, 3), crop="center")

    def sampled(strength: float, noise: float = 0.0) -> Tensor:
        positive = unclip_conditioning(
            conditioning=words, clip_vision_output=seen, strength=strength, noise_augmentation=noise
        )
        latent = BUILTIN["KSampler"](
            model=model,
            seed=1,
            steps=2,
            cfg=3.0,
            sampler_name="euler",
            scheduler="normal",
            positive=positive,
            negative=words,
            latent_image=Latent(torch.zeros(1, 4, 8, 8)),
            denoise=1.0,
            run=run,
        )
        samples: Tensor = latent.samples
        return samples

    assert torch.equal(sampled(0.0), sampled(0.0, noise=0.7))
    assert not torch.allclose(sampled(1.0), sampled(0.0), atol=1e-3)
    assert not torch.allclose(sampled(1.0), sampled(1.0, noise=0.5), atol=1e-3)
