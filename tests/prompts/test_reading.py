"""Prompts as CLIP sees them."""

from safelight.prompts.bpe import token_ids, token_text
from safelight.prompts.reading import read_prompt


def test_tokens_spell_the_prompt() -> None:
    for text in ("a picture of a cat", "naïve café", "antidisestablishmentarianism"):
        assert "".join(map(token_text, token_ids(text))).strip() == text
    pieces = [token_text(token) for token in token_ids("unphotographable cat")]
    assert pieces == ["un", "photogra", "pha", "ble ", "cat "]


def test_places_weights_and_chunk_borders_are_told() -> None:
    read = read_prompt("a (cat:1.5)", "comfyui", [])
    assert [(token.place, token.text, token.weight) for token in read.tokens] == [(1, "a ", 1.0), (2, "cat ", 1.5)]
    assert (read.chunks, read.ends) == (1, (3,))
    long = read_prompt("cat " * 80, "comfyui", [])
    assert long.chunks == 2
    assert long.tokens[75].place == 78
    assert long.tokens[75].chunk == 1


def test_an_embedding_that_is_not_there_is_named() -> None:
    assert read_prompt("a embedding:nowhere cat", "comfyui", []).missing == ("nowhere",)
