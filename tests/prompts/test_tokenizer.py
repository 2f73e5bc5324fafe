import pytest
import torch

from safelight.prompts.syntax import parse_emphasis
from safelight.prompts.tokenizer import Chunk, Tokenized, tokenize

VECTORS = {"foo": torch.ones(3, 4), "foo,": torch.ones(2, 4), "bar": torch.ones(1, 4), "long": torch.ones(100, 4)}


def tokenized(prompt: str) -> Tokenized:
    return tokenize(parse_emphasis(prompt), pad_token=49407, look_up=VECTORS.get)


def plain(chunk: Chunk) -> str:
    """Ids between the marks, `e` for a vector."""
    inside = chunk[1 : next(index for index, token in enumerate(chunk) if index and token.word == 0)]
    return " ".join(str(token.value) if isinstance(token.value, int) else "e" for token in inside)


def test_an_unknown_embedding_is_left_out_and_the_text_behind_it_stays() -> None:
    result = tokenized("a embedding:baz, cat")
    assert result.missing == ("baz",)
    assert plain(result.chunks[0]) == "320 267 2368"


def test_a_name_is_tried_with_its_comma_first() -> None:
    assert plain(tokenized("embedding:foo, cat").chunks[0]) == "e e 2368"


def test_a_name_without_a_file_is_tried_without_commas() -> None:
    assert plain(tokenized("embedding:bar, cat").chunks[0]) == "e 267 2368"


def test_an_embedding_without_a_name_is_missing() -> None:
    result = tokenized("embedding:")
    assert result.missing == ("",)
    assert plain(result.chunks[0]) == ""


def test_a_long_embedding_is_cut_at_the_border_of_a_chunk() -> None:
    chunks = tokenized("a embedding:long").chunks
    assert [plain(chunk).count("e") for chunk in chunks] == [74, 26]


@pytest.mark.parametrize(("tokens", "in_first"), [(7, 70), (8, 75)])
def test_seven_tokens_move_to_the_next_chunk_and_eight_are_cut(tokens: int, in_first: int) -> None:
    chunks = tokenized("cat " * 70 + f"({'cat ' * tokens})").chunks
    assert [len(plain(chunk).split()) for chunk in chunks] == [in_first, 70 + tokens - in_first]


def test_each_section_begins_a_chunk_and_words_count_on() -> None:
    sections = [*parse_emphasis("(a) b"), *parse_emphasis(""), *parse_emphasis("c")]
    chunks = tokenize(sections, pad_token=0, look_up=lambda name: None).chunks
    assert [plain(chunk) for chunk in chunks] == ["320 321", "", "322"]
    assert chunks[2][1].word == 3
    assert {len(chunk) for chunk in chunks} == {77}
