from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.prompts.syntax import Piece, parse_emphasis


def read_directly(text: str, weight: float = 1.0) -> list[Piece]:
    """The same rule without the bookkeeping: cut at the outermost parentheses, then read each group again.

    No escapes.
    """
    items, item, depth = [], "", 0
    for character in text:
        if character == "(" and depth == 0:
            items.append(item)
            item = ""
        item += character
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == ")" and depth == 0:
            items.append(item)
            item = ""
    pieces = []
    for part in [*items, item]:
        if len(part) > 1 and part[0] == "(" and part[-1] == ")":
            inner, inner_weight = part[1:-1], weight * 1.1
            before, colon, number = inner.rpartition(":")
            if colon and before:
                with suppress(ValueError):
                    inner_weight = float(number)
                    inner = before
            pieces += read_directly(inner, inner_weight)
        elif part:
            pieces.append(Piece(part, weight))
    return pieces


@given(st.text("()a:1. "))
def test_any_mix_of_parentheses_reads_as_the_rule_says(prompt: str) -> None:
    assert parse_emphasis(prompt) == [read_directly(prompt)]


@pytest.mark.parametrize(
    ("prompt", "pieces"),
    [
        ("()", []),
        ("(a)(b)", [("a", 1.1), ("b", 1.1)]),
        ("(a (b:0.5) c:1.3)", [("a ", 1.3), ("b", 0.5), (" c", 1.3)]),
        ("((cat)", [("(cat", 1.1)]),
        ("a) (b:1.2)", [("a) (b:1.2)", 1.0)]),
        ("a) ((b:1.2)", [("a) (", 1.0), ("b", 1.2)]),
        ("(a: -2 )", [("a", -2.0)]),
        (r"\\(a\\)", [(r"\(a\)", 1.0)]),
        ("[a|b] {c|d}", [("[a|b] {c|d}", 1.0)]),
    ],
)
def test_emphasis_of(prompt: str, pieces: list[tuple[str, float]]) -> None:
    assert parse_emphasis(prompt) == [pieces]


def test_depth_is_not_limited_by_the_interpreter() -> None:
    depth = 20_000
    [[piece]] = parse_emphasis("(" * depth + "cat:0.5" + ")" * depth)
    assert piece.text == "cat"
    assert piece.weight == 0.5


def test_half_open_nesting_is_read_in_reasonable_time() -> None:
    depth = 20_000
    [[piece]] = parse_emphasis("(" * 2 * depth + "cat" + ")" * depth)
    assert piece.text == "(" * depth + "cat"
