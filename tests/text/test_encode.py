from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from safelight.text.encode import WEIGHTINGS, Encoded, EncodeOptions, encode_prompt


@dataclass
class CountingTower:
    """Hidden states are the token ids; pooled, the ids of the chunk. Keeps the shape of each batch it is given."""

    name: str = "l"
    width: int = 4
    pad_token: int = 49407
    has_pooled: bool = True
    batches: tuple[int, ...] = ()

    def embed(self, tokens: Tensor) -> Tensor:
        return tokens[..., None].float().repeat(1, 1, self.width)

    def encode(self, embeddings: Tensor, tokens: Tensor, *, skip: int) -> tuple[Tensor, Tensor | None]:
        self.batches += (len(tokens),)
        return embeddings * skip, tokens.float() if self.has_pooled else None


def test_all_chunks_and_the_empty_prompt_are_one_batch() -> None:
    tower = CountingTower()
    encode_prompt("cat " * 100, [tower])
    encode_prompt("cat " * 100 + "(dog)", [tower])
    assert tower.batches == (2, 3)


def test_weight_moves_a_token_away_from_the_empty_prompt() -> None:
    context = encode_prompt("(cat:3) dog", [CountingTower()]).context
    assert context[0, :4, 0].tolist() == [49406, 49407 + 3 * (2368 - 49407), 1929, 49407]


def test_towers_are_joined_number_by_number_and_the_last_gives_the_pooled_text() -> None:
    towers = [CountingTower("l", 4), CountingTower("g", 6, pad_token=0)]
    encoded = encode_prompt("cat", towers, EncodeOptions(skip=2))
    assert encoded.context.shape == (1, 77, 10)
    assert encoded.context[0, 10].tolist() == [2 * 49407.0] * 4 + [0.0] * 6
    assert encoded.pooled is not None
    assert encoded.pooled.tolist() == [[49406.0, 2368.0, 49407.0] + [0.0] * 74]


def test_a_shorter_text_for_one_tower_is_followed_by_empty_chunks() -> None:
    towers = [CountingTower("l"), CountingTower("g", pad_token=0)]
    encoded = encode_prompt({"l": "cat", "g": "dog " * 160}, towers)
    assert encoded.context.shape == (1, 3 * 77, 8)
    assert encoded.context[0, 77:80, 0].tolist() == [49406, 49407, 49407]


def test_pooled_is_that_of_the_first_chunk() -> None:
    encoded = encode_prompt("cat " * 76, [CountingTower()])
    assert encoded.pooled is not None
    assert encoded.pooled[0, 75] == 2368


def test_a_tower_without_pooled_text_gives_none() -> None:
    assert encode_prompt("cat", [CountingTower(has_pooled=False)]).pooled is None


def test_a_missing_embedding_is_told_once() -> None:
    encoded = encode_prompt("embedding:foo embedding:foo", [CountingTower("l"), CountingTower("g")])
    assert encoded.warnings == ("There is no embedding named 'foo'; the prompt was read without it.",)


def test_brackets_and_capitals_are_plain_text_unless_asked_for() -> None:
    prompt = "[cat] BREAK dog"
    plain, a1111 = (encode_prompt(prompt, [CountingTower()], EncodeOptions(syntax=s)) for s in ("comfyui", "a1111"))
    assert plain.context.shape == (1, 77, 4)
    assert a1111.context.shape == (1, 154, 4)


def encode_weighted(weighting: str) -> Encoded:
    return encode_prompt("(cat:2) dog", [CountingTower()], EncodeOptions(syntax="a1111", weighting=weighting))


def test_a1111_weighting_keeps_the_mean_of_a_chunk() -> None:
    plain = encode_prompt("cat dog", [CountingTower()]).context
    torch.testing.assert_close(encode_weighted("a1111").context.mean(), plain.mean())


def test_a1111_weighting_without_normalisation_multiplies() -> None:
    assert encode_weighted("a1111_no_norm").context[0, :4, 0].tolist() == [49406, 2 * 2368, 1929, 49407]


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_weight_one_changes_nothing(weighting: str) -> None:
    options = EncodeOptions(weighting=weighting)
    weighted = encode_prompt("(cat:1.0) dog", [CountingTower()], replace(options, syntax="a1111"))
    torch.testing.assert_close(weighted.context, encode_prompt("cat dog", [CountingTower()], options).context)
