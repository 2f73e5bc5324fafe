"""The towers as the text package uses them: from token embeddings, to any layer."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from safelight.models.loader import load_checkpoint
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.text_encoder import TextEncoder
from safelight.text.encode import EncodeOptions, encode_prompt
from tests import tiny
from tests.models.reference import reference_tower
from tests.models.starter import STARTER

TOKENS = torch.tensor([[49406, 320, 1125, 539, 320, 2368, 49407, *[49407] * 70]])


def tower(path: Path, placement: Placement, precision: Precision) -> TextEncoder:
    clip = load_checkpoint(path, placement, precision).clip
    assert clip is not None
    return clip.towers[0]


def encode(encoder: TextEncoder, tokens: Tensor, skip: int) -> tuple[Tensor, Tensor]:
    return encoder.encode(encoder.embed(tokens), tokens, skip=skip)


@pytest.mark.parametrize("kind", ["sd2", "refiner"])
@pytest.mark.parametrize("skip", [1, 2])
def test_every_layer_is_that_of_transformers_with_the_last_norm_where_the_family_has_it(
    tmp_path: Path, placement: Placement, fp32: Precision, kind: tiny.Kind, skip: int
) -> None:
    path = tiny.tiny_checkpoint(tmp_path / "a.safetensors", kind, vae=False)
    encoder = tower(path, placement, fp32)
    ((prefix, shape),) = tiny.KINDS[kind].towers
    tensors = {name.removeprefix(prefix): tensor for name, tensor in load_file(path).items() if prefix in name}
    reference = reference_tower(shape, tensors)
    expected = reference(TOKENS, output_hidden_states=True).hidden_states[-skip]
    if encoder.tower.final_norm:
        expected = reference.text_model.final_layer_norm(expected)  # type: ignore[union-attr, operator]
    torch.testing.assert_close(encode(encoder, TOKENS, skip)[0], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.weights
def test_more_layers_than_there_are_means_the_last(placement: Placement, fp32: Precision) -> None:
    encoder = tower(STARTER, placement, fp32)
    assert torch.equal(encode(encoder, TOKENS, encoder.shape.layers + 1)[0], encode(encoder, TOKENS, 1)[0])


@pytest.mark.weights
def test_a_tower_stored_without_its_last_layer_counts_from_where_it_was(placement: Placement, fp32: Precision) -> None:
    encoder = tower(STARTER, placement, fp32)
    cut = replace(encoder, shape=replace(encoder.shape, layers_left_out=1))
    assert torch.equal(encode(cut, TOKENS, 2)[0], encode(encoder, TOKENS, 1)[0])


@pytest.mark.weights
def test_the_pooled_vector_is_of_the_first_end_mark(placement: Placement, fp32: Precision) -> None:
    encoder = tower(STARTER, placement, fp32)
    hidden, pooled = encode(encoder, TOKENS, 1)
    assert torch.equal(pooled, hidden[:, 6])  # SD 1.x has no projection


@pytest.mark.weights
def test_a_token_sees_nothing_behind_it(placement: Placement, fp32: Precision) -> None:
    encoder = tower(STARTER, placement, fp32)
    other = TOKENS.clone()
    other[0, 5:] = 400
    before, after = encode(encoder, TOKENS, 1)[0], encode(encoder, other, 1)[0]
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5], after[:, 5])


@pytest.mark.weights
def test_chunks_are_encoded_together_as_alone(placement: Placement, fp32: Precision) -> None:
    encoder = tower(STARTER, placement, fp32)
    other = TOKENS.roll(0).clone()
    other[0, 1:6] = torch.arange(900, 905)
    together = encode(encoder, torch.cat([TOKENS, other]), 1)[0]
    torch.testing.assert_close(
        together, torch.cat([encode(encoder, t, 1)[0] for t in (TOKENS, other)]), atol=1e-5, rtol=1e-4
    )


def test_sdxl_prompts_are_joined_from_both_towers(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    clip = load_checkpoint(tiny.tiny_checkpoint(tmp_path / "a.safetensors", "sdxl", vae=False), placement, fp32).clip
    assert clip is not None
    encoded = encode_prompt("a (cat:1.2) on a table", clip.towers, EncodeOptions(skip=clip.skip))
    assert encoded.context.shape == (1, 77, tiny.CLIP_L.width + tiny.CLIP_G.width)
    assert encoded.pooled is not None
    assert encoded.pooled.shape == (1, tiny.CLIP_G.width)
