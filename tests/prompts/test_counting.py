"""How long prompts are, in the tokens that a text encoder reads."""

import json
from pathlib import Path

import pytest

from safelight.prompts.bpe import token_ids
from safelight.prompts.counting import ROOM, TokenCount, count_tokens


def embedding(folder: Path, name: str, rows: int) -> None:
    """A safetensors file with vectors of four numbers."""
    header = {"clip_l": {"dtype": "F32", "shape": [rows, 4], "data_offsets": [0, rows * 16]}}
    text = json.dumps(header).encode()
    (folder / name).write_bytes(len(text).to_bytes(8, "little") + text + bytes(rows * 16))


def test_marks_and_emphasis_are_not_counted() -> None:
    words = len(token_ids("a red cat"))
    assert count_tokens("a (red:1.3) cat", "comfyui", ()) == TokenCount(words, 1, ROOM - words)
    assert count_tokens("", "comfyui", ()) == TokenCount(0, 1, ROOM)


def test_a_long_prompt_goes_on_in_the_next_chunk() -> None:
    assert count_tokens("cat " * ROOM, "comfyui", ()) == TokenCount(ROOM, 1, 0)
    assert count_tokens("cat " * (ROOM + 1), "comfyui", ()) == TokenCount(ROOM + 1, 2, ROOM - 1)


def test_an_embedding_counts_as_many_tokens_as_it_has_vectors(tmp_path: Path) -> None:
    embedding(tmp_path, "mine.safetensors", 5)
    assert count_tokens("a embedding:mine cat", "comfyui", (tmp_path,)).tokens == 7
    assert count_tokens("a embedding:other cat", "comfyui", (tmp_path,)).tokens == 2
    embedding(tmp_path, "more.safetensors", 9)
    (tmp_path / "bad.safetensors").write_bytes(b"not a model")
    assert count_tokens("embedding:more embedding:bad", "comfyui", (tmp_path,)).tokens == 10


@pytest.mark.parametrize(
    ("text", "tokens", "chunks"), [("a [red:blue:0.5] cat", 3, 1), ("cat BREAK dog", 2, 2), ("cat AND dog", 1, 1)]
)
def test_the_a1111_syntax_is_read_as_before_the_first_step(text: str, tokens: int, chunks: int) -> None:
    found = count_tokens(text, "a1111", ())
    assert (found.tokens, found.chunks) == (tokens, chunks)
