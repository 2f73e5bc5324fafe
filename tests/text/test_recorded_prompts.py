"""What ComfyUI 0.3.64 made of prompts, with a CLIP of Stable Diffusion 1.5's size and random weights."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from safelight.prompts.embedding_files import find_in
from safelight.prompts.syntax import parse_emphasis
from safelight.prompts.tokenizer import Chunk, Token, tokenize
from safelight.text.embeddings import read_embedding
from safelight.text.encode import EncodeOptions, encode_prompt
from tests.shared import shared_file
from tests.text.conftest import RandomClipL

TEXT = json.loads(shared_file("oracle/text.json").read_text())
PROMPTS = TEXT["prompts"]
BOUND = 1e-4  # relative to the largest value, as the recordings ask


@pytest.mark.parametrize("recorded", PROMPTS.values(), ids=PROMPTS)
def test_pieces_and_weights_are_those_recorded(recorded: dict[str, Any]) -> None:
    """Source: oracle/text.json, exact. It shows escaped parentheses as control characters."""
    expected = [(text.replace("\0\1", ")").replace("\0\2", "("), weight) for text, weight in recorded["weights"]]
    [pieces] = parse_emphasis(recorded["text"])
    assert repr([tuple(piece) for piece in pieces]) == repr(expected)  # repr, so that nan equals nan


def shown(token: Token) -> Any:
    """A token as the recordings show it, with the vector by its first three numbers."""
    value = token.value
    return [value[:3].tolist() if isinstance(value, Tensor) else value, token.weight, token.word]


def assert_chunks(chunks: tuple[Chunk, ...], recorded: list[dict[str, Any]]) -> None:
    assert len(chunks) == len(recorded)
    for chunk, expected in zip(chunks, recorded, strict=True):
        rows = [[row[0]["first"] if isinstance(row[0], dict) else row[0], *row[1:]] for row in expected["rows"]]
        rows += [rows[-1]] * (expected["length"] - len(rows))
        assert repr([shown(token) for token in chunk]) == repr(rows)


@pytest.mark.parametrize("recorded", PROMPTS.values(), ids=PROMPTS)
def test_chunks_are_those_recorded(recorded: dict[str, Any], foo_folder: Path) -> None:
    """Source: oracle/text.json; exact in ids, weights and word ids."""

    def look_up(name: str) -> Tensor | None:
        path = find_in([foo_folder])(name)
        return read_embedding(path, "l") if path else None

    chunks = tokenize(parse_emphasis(recorded["text"]), pad_token=49407, look_up=look_up).chunks
    assert_chunks(chunks, recorded["tokens"])


@pytest.mark.parametrize(("tower", "pad_token"), [("l", 49407), ("g", 0)])
@pytest.mark.parametrize("number", TEXT["sdxl_tokens"])
def test_chunks_of_both_sdxl_towers_are_those_recorded(number: str, tower: str, pad_token: int) -> None:
    """Source: oracle/text.json, sdxl_tokens; exact."""
    sections = parse_emphasis(PROMPTS[number]["text"])
    chunks = tokenize(sections, pad_token=pad_token, look_up=lambda name: None).chunks
    assert_chunks(chunks, TEXT["sdxl_tokens"][number][tower])


def assert_numbers(actual: Tensor, expected: Sequence[float] | np.ndarray[Any, Any], largest: float) -> None:
    reference = torch.as_tensor(expected, dtype=torch.float32).reshape(actual.shape)
    torch.testing.assert_close(actual, reference, rtol=0, atol=BOUND * largest, equal_nan=True)


@pytest.mark.parametrize(("key", "skip"), [("conditioning", 1), ("conditioning_clip_skip_2", 2)])
@pytest.mark.parametrize("number", PROMPTS)
def test_conditioning_is_that_recorded(
    number: str, key: str, skip: int, random_clip_l: RandomClipL, foo_folder: Path
) -> None:
    """Source: oracle/text.json; 1e-4 of the largest value (measured: 2e-6)."""
    recorded = PROMPTS[number][key]
    options = EncodeOptions(skip=skip, find_embedding=find_in([foo_folder]))
    encoded = encode_prompt(PROMPTS[number]["text"], [random_clip_l], options)
    assert list(encoded.context.shape) == recorded["shape"]
    assert encoded.pooled is not None
    largest = float(encoded.context.nan_to_num().abs().max())
    assert_numbers(encoded.context.flatten()[:64], recorded["first64"], largest)
    assert_numbers(encoded.pooled[0, :64], recorded["pooled_first64"], largest)
    for name, actual in (
        ("mean", encoded.context.mean()),
        ("std", encoded.context.std(correction=0)),
        ("row_means", encoded.context[0].mean(-1)),
        ("row_first4", encoded.context[0, :, :4]),
    ):
        if name in recorded:
            assert_numbers(actual, recorded[name], largest)


@pytest.mark.parametrize("number", ["0", "9"])
def test_every_number_of_a_conditioning_is_that_recorded(number: str, random_clip_l: RandomClipL) -> None:
    """Source: oracle/text_full_conditioning.npz; 1e-4 of the largest value."""
    recorded = np.load(shared_file("oracle/text_full_conditioning.npz"))[number]
    context = encode_prompt(PROMPTS[number]["text"], [random_clip_l]).context
    assert_numbers(context, recorded, float(np.abs(recorded).max()))
