import pytest

from safelight.prompts.a1111 import parse_a1111


@pytest.mark.parametrize(
    ("prompt", "pieces"),
    [
        ("", []),
        ("a cat", [("a cat", 1.0)]),
        ("(cat) dog", [("cat", 1.1), (" dog", 1.0)]),
        ("[cat]", [("cat", 1 / 1.1)]),
        ("(a (b:2) c:1.5)", [("a ", 1.5), ("b", 3.0), (" c", 1.5)]),
        ("(a:.5)(b : -1.0 )", [("a", 0.5), ("b ", -1.0)]),
        ("(unfinished business", [("unfinished business", 1.1)]),
        ("a) b]", [("a) b]", 1.0)]),
        ("time 10:30) now", [("time 10:30) now", 1.0)]),
        (r"\(a\) \[b\] c\\ d\e", [(r"(a) [b] c\ d\e", 1.0)]),
        ("[a:1.3)]", [("a:1.3)", 1 / 1.1)]),
        ("((a))b", [("a", 1.1 * 1.1), ("b", 1.0)]),
    ],
)
def test_a1111_emphasis_of(prompt: str, pieces: list[tuple[str, float]]) -> None:
    [section] = parse_a1111(prompt)
    assert [text for text, _ in section] == [text for text, _ in pieces]
    assert [weight for _, weight in section] == pytest.approx([weight for _, weight in pieces])


def test_break_ends_a_section_and_weights_reach_across_it() -> None:
    assert parse_a1111("a BREAK (b BREAK c:2)") == [[("a ", 1.0)], [(" ", 1.0), ("b ", 2.0)], [(" c", 2.0)]]


def test_break_is_a_word_of_its_own_in_capitals() -> None:
    assert parse_a1111("BREAKFAST break") == [[("BREAKFAST break", 1.0)]]


def test_depth_is_not_limited_by_the_interpreter() -> None:
    depth = 20_000
    assert parse_a1111("[" * depth + "(" * depth + "a" + ")" * depth + "]" * depth)[0][0].text == "a"
