"""Whole runs where memory is short, or made to look so, give what they give where it is not."""

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from safelight.diffusion.conditioning import Cond
from safelight.diffusion.latent import Latent
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import sigmas_for
from safelight.models.guider import Guider, run_sampler
from safelight.models.loader import Checkpoint, load_checkpoint
from safelight.models.memory import pieces
from safelight.models.memory.measures import ORDER, Measure
from safelight.models.placement import Placement, Vram
from safelight.models.precision import Precision
from safelight.models.weight_patches import UNPATCHED, WeightPatches
from safelight.text.encode import encode_prompt
from tests.models.memory.elsewhere import Elsewhere, elsewhere
from tests.models.starter import STARTER
from tests.studio import cond_for, tiny_file

SIGMAS = torch.tensor([10.0, 3.0, 0.0])
X = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)) * 3
START = torch.zeros(1, 4, 8, 8)
SCORES = 1000


def picture(checkpoint: Checkpoint) -> Tensor:
    """Two steps at 128 x 128 pixels, guided."""
    clip, vae, model = checkpoint.clip, checkpoint.vae, checkpoint.model
    assert clip is not None
    assert vae is not None
    prompts = [encode_prompt(text, clip.towers) for text in ("a picture of a cat", "blurry")]
    positive, negative = ((Cond(prompt.context, prompt.pooled),) for prompt in prompts)
    latent, _ = run_sampler(
        Guider(model, positive, negative, 5.0),
        SAMPLERS["euler"],
        sigmas_for("normal", model.schedule, 2),
        Latent(torch.zeros(1, vae.latent_channels, 16, 16)),
        seed=1,
        on_step=lambda step: None,
    )
    return vae.decode(latent.samples)


@pytest.mark.weights
def test_a_picture_is_the_same_to_the_bit_however_little_stays_on_the_device(
    monkeypatch: pytest.MonkeyPatch, placement: Placement, fp32: Precision
) -> None:
    expected = picture(load_checkpoint(STARTER, placement, fp32))
    modes: Sequence[Vram] = get_args(Vram)
    for vram in modes:
        device = elsewhere(monkeypatch, vram)
        checkpoint = load_checkpoint(STARTER, device.placement, fp32)
        assert torch.equal(picture(checkpoint), expected), vram
        assert not device.told
        assert bool(device.placement._placed) == (vram != "low")
        assert device.placement.could_come_by_layer(checkpoint.model.network) == (vram != "low")


@pytest.mark.parametrize("vram", get_args(Vram))
def test_changed_weights_count_however_little_stays_on_the_device(
    vram: Vram, monkeypatch: pytest.MonkeyPatch, placement: Placement, fp32: Precision
) -> None:
    device = elsewhere(monkeypatch, vram)
    there, here = (load_checkpoint(tiny_file("sd1"), where, fp32).model for where in (device.placement, placement))
    names = [name for name, _ in here.network.named_parameters() if name.endswith("to_q.weight")]
    changed = WeightPatches({name: (lambda weight: weight.mul_(1.5),) for name in names})
    for weights in (changed, UNPATCHED, changed):
        found, expected = (
            replace(model, weights=weights).predict(X, SIGMAS[1], cond_for("sd1").context) for model in (there, here)
        )
        # copies begin at rounder addresses than tensors in a file, for which sums are taken in another order
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def cramped(device: Elsewhere, network: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a denoiser run out of memory unless it works alone, for one prompt, in pieces and by layers."""
    attend = F.scaled_dot_product_attention

    def limited(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if q[..., 0].numel() * k.shape[2] > SCORES:
            raise torch.OutOfMemoryError
        return attend(q, k, v)

    def enter(_: nn.Module, given: tuple[Tensor]) -> None:
        placement = device.placement
        if placement.has_beside(network) or len(given[0]) > 1 or placement.could_come_by_layer(network):
            raise torch.OutOfMemoryError

    monkeypatch.setattr(pieces, "SCORES", SCORES)
    monkeypatch.setattr(F, "scaled_dot_product_attention", limited)
    network.get_submodule("conv_norm_out").register_forward_pre_hook(enter)


def test_every_measure_is_taken_before_a_denoiser_fails_and_none_changes_the_result(
    monkeypatch: pytest.MonkeyPatch, fp32: Precision
) -> None:
    device = elsewhere(monkeypatch, "high")
    model = load_checkpoint(tiny_file("sd1"), device.placement, fp32).model
    prompts = (cond_for("sd1", 1),), (cond_for("sd1", 2),), 4.0
    device.placement.bring(beside := nn.Linear(2, 2))
    with torch.no_grad():
        expected = Guider(model, *prompts).denoiser(START, None, SIGMAS)(X, SIGMAS[1])
        cramped(device, model.network, monkeypatch)
        denoiser = Guider(model, *prompts).denoiser(START, None, SIGMAS)
        result = denoiser(X, SIGMAS[1])
        measures: list[Measure] = ["alone", "singly", "split", "layers"]
        assert device.told == [f"Memory is short: {ORDER[measure]}." for measure in measures]
        assert beside not in device.there()
        again = denoiser(X, SIGMAS[1])
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))
    assert torch.equal(again, result)
    assert len(device.told) == len(measures)


def test_text_is_encoded_alone_where_there_is_no_room_beside(
    monkeypatch: pytest.MonkeyPatch, placement: Placement, fp32: Precision
) -> None:
    device = elsewhere(monkeypatch)
    there, here = (load_checkpoint(tiny_file("sd1"), where, fp32) for where in (device.placement, placement))
    assert there.clip is not None
    assert here.clip is not None
    network = there.clip.towers[0].network

    def enter(*_: object) -> None:
        if device.placement.has_beside(network):
            raise torch.OutOfMemoryError

    network.final_layer_norm.register_forward_pre_hook(enter)
    found, expected = (encode_prompt("a cat", clip.towers) for clip in (there.clip, here.clip))
    torch.testing.assert_close(found.context, expected.context, rtol=1e-5, atol=1e-5)
    assert device.told == [f"Memory is short: {ORDER['alone']}."]
