"""Words become the conditioning that each family takes; tiny random text encoders."""

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from safelight.diffusion.conditioning import Cond, SizeConditioning
from safelight.errors import BadInput
from safelight.models.text_encoder import Clip
from safelight.nodes.registry import BUILTIN
from tests.nodes.running import RecordedRun
from tests.studio import loaded
from tests.tiny import Kind


def clip_of(kind: Kind) -> Clip:
    clip = loaded(kind).clip
    assert clip is not None
    return clip


CLIP = clip_of("sd1")


def conds(node: str, run: RecordedRun, **inputs: object) -> tuple[Cond, ...]:
    result = BUILTIN[node](**{"clip": CLIP, **inputs}, run=run)
    assert isinstance(result, tuple)
    return result


def encode(text: str, run: RecordedRun, clip: Clip = CLIP) -> Cond:
    (cond,) = conds("CLIPTextEncode", run, text=text, clip=clip)
    return cond


@pytest.mark.parametrize(
    ("kind", "width", "pooled"), [("sd1", 64, 64), ("sd2", 64, 64), ("sdxl", 192, 128), ("refiner", 128, 128)]
)
def test_a_prompt_has_the_width_of_its_towers_side_by_side(
    kind: Kind, width: int, pooled: int, run: RecordedRun
) -> None:
    cond = encode("a picture of a cat", run, clip_of(kind))
    assert cond.context.shape == (1, 77, width)
    assert cond.pooled is not None
    assert cond.pooled.shape == (1, pooled)


@pytest.mark.parametrize(("words", "chunks"), [(0, 1), (75, 1), (76, 2), (151, 3)])
def test_long_prompts_are_read_in_chunks_of_75(words: int, chunks: int, run: RecordedRun) -> None:
    assert encode("cat " * words, run).context.shape[1] == 77 * chunks


def test_a_weight_moves_its_word_away_from_the_empty_prompt(run: RecordedRun) -> None:
    plain, heavy, empty = (encode(text, run).context for text in ("a cat", "a (cat:1.5)", ""))
    expected = plain.clone()
    expected[:, 2] = empty[:, 2] + 1.5 * (plain[:, 2] - empty[:, 2])  # begin, a, cat
    torch.testing.assert_close(heavy, expected)


def test_brackets_are_plain_text_in_the_compatible_node(run: RecordedRun) -> None:
    assert not torch.equal(encode("[cat]", run).context, encode("cat", run).context)
    (kept,) = conds("PromptEncode", run, text="[cat|dog] AND bird", syntax="comfyui", weighting="comfyui")
    assert torch.equal(kept.context, encode("[cat|dog] AND bird", run).context)


def test_a_textual_inversion_puts_its_vectors_in_place_of_its_name(run: RecordedRun) -> None:
    table = CLIP.towers[0].network.embeddings.token_embedding.weight
    ids = [2368, 1929]  # cat, dog
    place = run.folders.directories["embeddings"][0] / "pets.safetensors"
    save_file({"emb_params": table[ids].detach().clone()}, place)
    named = encode("a photo of embedding:pets today", run)
    assert torch.equal(named.context, encode("a photo of cat dog today", run).context)
    assert not run.warnings


def test_an_embedding_that_is_not_there_is_told_of_and_left_out(run: RecordedRun) -> None:
    cond = encode("a embedding:absent cat", run)
    assert torch.equal(cond.context, encode("a cat", run).context)
    assert run.warnings == ["There is no embedding named 'absent'; the prompt was read without it."]


def test_an_embedding_for_another_family_is_refused_in_words(run: RecordedRun) -> None:
    place = run.folders.directories["embeddings"][0] / "wide.safetensors"
    save_file({"emb_params": torch.zeros(1, 768)}, place)
    with pytest.raises(BadInput, match=r"wide has vectors of 768 numbers, and .* takes 64"):
        encode("embedding:wide", run)


def test_clip_skip_takes_the_hidden_state_of_an_earlier_layer(run: RecordedRun) -> None:
    def skipped(layer: int, clip: Clip = CLIP) -> Tensor:
        other = BUILTIN["CLIPSetLastLayer"](clip=clip, stop_at_clip_layer=layer)
        assert isinstance(other, Clip)
        return encode("a cat", run, other).context

    usual = encode("a cat", run).context
    assert torch.equal(skipped(-1), usual)
    assert not torch.allclose(skipped(-2), usual, atol=0.01)
    assert torch.equal(encode("a cat", run).context, usual)  # the clip that was given is left alone
    sdxl = clip_of("sdxl")
    assert torch.equal(skipped(-2, sdxl), encode("a cat", run, sdxl).context)  # trained on the last but one


def test_a_prompt_that_changes_has_one_cond_for_each_part_of_the_steps(run: RecordedRun) -> None:
    first, second = conds("PromptEncode", run, text="a [cat:dog:0.25]", steps=20)
    assert (first.steps, second.steps) == ((0.0, 0.25), (0.25, 1.0))
    assert torch.equal(first.context, encode("a cat", run).context)
    assert torch.equal(second.context, encode("a dog", run).context)


def test_alternatives_take_turns_step_by_step(run: RecordedRun) -> None:
    turns = conds("PromptEncode", run, text="[cat|dog]", steps=4)
    assert [cond.steps for cond in turns] == [(0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0)]
    assert torch.equal(turns[0].context, turns[2].context)
    assert torch.equal(turns[1].context, encode("dog", run).context)


def test_parts_joined_by_and_keep_their_weights(run: RecordedRun) -> None:
    first, second = conds("PromptEncode", run, text="a cat AND a dog :0.5")
    assert (first.part, first.part_weight) == (0, 1.0)
    assert (second.part, second.part_weight) == (1, 0.5)


def test_a1111_weights_keep_the_mean_of_the_prompt(run: RecordedRun) -> None:
    (heavy,) = conds("PromptEncode", run, text="a (cat:1.5)", weighting="a1111")
    plain = encode("a cat", run).context
    assert float(heavy.context.mean()) == pytest.approx(float(plain.mean()), rel=1e-4)
    assert not torch.allclose(heavy.context, plain)


def test_sdxl_takes_two_texts_and_its_sizes(run: RecordedRun) -> None:
    clip = clip_of("sdxl")
    sizes = {"width": 800, "height": 600, "crop_w": 10, "crop_h": 20, "target_width": 1024, "target_height": 768}
    (cond,) = conds("CLIPTextEncodeSDXL", run, clip=clip, **sizes, text_g="a dog", text_l="a cat")
    assert cond.size == SizeConditioning(600, 800, 20, 10, 768, 1024)
    cat, dog = encode("a cat", run, clip), encode("a dog", run, clip)
    assert torch.equal(cond.context, torch.cat([cat.context[..., :64], dog.context[..., 64:]], dim=-1))
    assert cond.pooled is not None
    assert dog.pooled is not None
    assert torch.equal(cond.pooled, dog.pooled)


def test_two_texts_of_different_lengths_are_made_equally_long(run: RecordedRun) -> None:
    sizes = {"width": 8, "height": 8, "crop_w": 0, "crop_h": 0, "target_width": 8, "target_height": 8}
    (cond,) = conds("CLIPTextEncodeSDXL", run, clip=clip_of("sdxl"), **sizes, text_g="cat " * 100, text_l="cat")
    assert cond.context.shape == (1, 154, 192)


def test_the_refiner_takes_a_score_and_the_size(run: RecordedRun) -> None:
    clip = clip_of("refiner")
    (cond,) = conds("CLIPTextEncodeSDXLRefiner", run, clip=clip, ascore=7.5, width=640, height=480, text="a cat")
    assert cond.size == SizeConditioning(480, 640, aesthetic_score=7.5)
    assert torch.equal(cond.context, encode("a cat", run, clip).context)
