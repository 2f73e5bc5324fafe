from collections.abc import Callable, Mapping

import pytest
from transformers import CLIPTokenizer

from safelight.errors import BadInput
from safelight.prompts.bpe import token_ids
from tests.shared import shared_file

ODD_TEXTS = [
    "",
    " \t\r\n\u3000 ",
    "A PHOTO of a Cat's whiskers, they'll IT'S don't",
    "naïve café cafe\u0301 東京 こんにちは 안녕 Ελληνικά ΣΑΣ İstanbul ﬁ",
    "🐱👩\u200d👩\u200d👧 ☺️ — “quotes” … ½ ²",
    "&amp; &lt;b&gt; <|endoftext|>x<|startoftext|> <|ENDOFTEXT|>",
    "123456789 3.14159 1,000 ١٢٣ x2y",
    "a\u00adb \ufeff \ufffd \x00 \x07 \u200b",
    "!!'s ?'re --'ll 'd ''m",
    "supercalifragilisticexpialidocious " + "a" * 600,
    "snake_case __wild__ {a|b} [c:d:0.5] (e:1.2)",
]


def test_the_vocabulary_numbers_tokens_as_clip_does() -> None:
    assert token_ids("a picture of a cat") == [320, 1674, 539, 320, 2368]


def test_half_a_character_is_told_as_such() -> None:
    with pytest.raises(BadInput, match=r"half a character, U\+D83D"):
        token_ids("cat \ud83d")


@pytest.fixture(scope="module")
def transformers_tokenizer() -> Callable[..., Mapping[str, list[int]]]:
    tokenizer: Callable[..., Mapping[str, list[int]]]
    tokenizer = CLIPTokenizer.from_pretrained(shared_file("clip_tokenizer/vocab.json").parent)
    return tokenizer


@pytest.mark.parametrize("text", ODD_TEXTS)
def test_ids_are_those_of_transformers(
    text: str, transformers_tokenizer: Callable[..., Mapping[str, list[int]]]
) -> None:
    """Source: transformers' CLIPTokenizer over vocab.json and merges.txt; exact."""
    assert token_ids(text) == transformers_tokenizer(text, add_special_tokens=False)["input_ids"]
