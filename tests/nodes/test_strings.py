import pytest

from safelight.errors import BadInput
from safelight.nodes.strings import (
    case_converter,
    regex_extract,
    regex_match,
    regex_replace,
    string_compare,
    string_concatenate,
    string_contains,
    string_length,
    string_replace,
    string_substring,
    string_trim,
)

TEXT = "Red cat, red dog\nblue fish"


def test_texts_are_joined_with_what_is_put_between() -> None:
    assert string_concatenate(string_a="a", string_b="b", delimiter=", ") == "a, b"


@pytest.mark.parametrize(("start", "end", "wanted"), [(4, 7, "cat"), (-4, 99, "fish"), (5, 2, "")])
def test_a_part_is_counted_from_either_end(start: int, end: int, wanted: str) -> None:
    assert string_substring(string=TEXT, start=start, end=end) == wanted


def test_length_counts_characters() -> None:
    assert string_length(string="né 🦊") == 4


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [("UPPERCASE", "RED CAT"), ("lowercase", "red cat"), ("Capitalize", "Red cat"), ("Title Case", "Red Cat")],
)
def test_letters_change_case(mode: str, wanted: str) -> None:
    assert case_converter(string="rEd cat", mode=mode) == wanted


@pytest.mark.parametrize(("mode", "wanted"), [("Both", "a"), ("Left", "a \n"), ("Right", " \ta")])
def test_blanks_are_taken_off(mode: str, wanted: str) -> None:
    assert string_trim(string=" \ta \n", mode=mode) == wanted


def test_every_occurrence_is_replaced() -> None:
    assert string_replace(string="a.a.b", find="a.", replace="$") == "$$b"


def test_case_matters_only_where_it_should() -> None:
    assert not string_contains(string=TEXT, substring="DOG")
    assert string_contains(string=TEXT, substring="DOG", case_sensitive=False)
    assert not string_compare(string_a=TEXT, string_b="red", mode="Starts With")
    assert string_compare(string_a=TEXT, string_b="red", mode="Starts With", case_sensitive=False)


@pytest.mark.parametrize(
    ("mode", "other", "wanted"), [("Ends With", "fish", True), ("Equal", "fish", False), ("Equal", TEXT, True)]
)
def test_texts_are_compared_as_asked(mode: str, other: str, wanted: bool) -> None:
    assert string_compare(string_a=TEXT, string_b=other, mode=mode) is wanted


def test_a_pattern_is_found_by_its_flags() -> None:
    assert regex_match(string=TEXT, regex_pattern="RED (cat|dog)")
    assert not regex_match(string=TEXT, regex_pattern="RED", case_insensitive=False)
    assert not regex_match(string=TEXT, regex_pattern="^blue")
    assert regex_match(string=TEXT, regex_pattern="^blue", multiline=True)
    assert regex_match(string=TEXT, regex_pattern="dog.blue", dotall=True)


@pytest.mark.parametrize(
    ("mode", "pattern", "group", "wanted"),
    [
        ("First Match", r"red \w+", 1, "Red cat"),
        ("First Match", "green", 1, ""),
        ("All Matches", r"red \w+", 1, "Red cat\nred dog"),
        ("All Matches", r"red (\w+)", 1, "cat\ndog"),
        ("First Group", r"(red) (\w+)", 2, "cat"),
        ("First Group", r"(red)", 2, ""),
        ("All Groups", r"(red) (\w+)", 2, "cat\ndog"),
        ("All Groups", r"red(x)?", 1, "\n"),
        ("All Groups", r"red", 0, "Red\nred"),
    ],
)
def test_what_a_pattern_finds_is_given_one_a_line(mode: str, pattern: str, group: int, wanted: str) -> None:
    assert regex_extract(string=TEXT, regex_pattern=pattern, mode=mode, group_index=group) == wanted


def test_groups_are_put_into_the_replacement() -> None:
    replaced = regex_replace(string=TEXT, regex_pattern=r"red (\w+)", replace=r"\1 in red", count=1)
    assert replaced == "cat in red, red dog\nblue fish"


@pytest.mark.parametrize("pattern", ["(", "[a", "*"])
def test_a_faulty_pattern_is_shown_with_its_fault(pattern: str) -> None:
    with pytest.raises(BadInput, match="not a regular expression") as caught:
        regex_match(string=TEXT, regex_pattern=pattern)
    assert repr(pattern) in caught.value.what


def test_a_replacement_that_names_no_group_is_refused() -> None:
    with pytest.raises(BadInput, match="replacement"):
        regex_replace(string=TEXT, regex_pattern="red", replace=r"\2")
