"""Words of earlier prompts, to complete what somebody types."""

from safelight.prompts.words import LONGEST, words_beginning

PROMPTS = [("a red cat, soft light, masterpiece", 3), ("Soft Light, (catnip:1.2), a red cat", 2), ("concatenation", 9)]


def test_parts_in_which_a_word_begins_so_come_by_how_often_they_were_used() -> None:
    assert words_beginning("cat", PROMPTS, 10) == [("a red cat", 5), ("catnip", 2)]
    assert words_beginning("SOFT l", PROMPTS, 10) == [("soft light", 5)]
    assert words_beginning("cat", PROMPTS, 1) == [("a red cat", 5)]


def test_what_is_typed_is_no_pattern_and_sentences_are_left_out() -> None:
    assert words_beginning("c.t", PROMPTS, 10) == []
    assert words_beginning("word", [("word " * LONGEST, 1)], 10) == []
