from collections import Counter
from pathlib import Path

import pytest

from safelight.errors import BadInput
from safelight.graph.wildcards import resolve


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "style").mkdir()
    (tmp_path / "colour.txt").write_text("# warm\nred\n\n  orange  \n")
    (tmp_path / "style" / "old.txt").write_text("{oil|ink} in __colour__\n")
    (tmp_path / "circle.txt").write_text("a __circle__\n")
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "heavy.txt").write_text("0::never\n1::always\n")
    (tmp_path / "été.txt").write_text("chaud\n", encoding="utf-8")
    return tmp_path


def drawn(prompt: str, folder: Path, times: int = 200) -> Counter[str]:
    return Counter(resolve(prompt, seed, folder) for seed in range(times))


@pytest.mark.parametrize(
    ("prompt", "texts"),
    [
        ("a {cat|dog}!", {"a cat!", "a dog!"}),
        ("{very |}cat", {"very cat", "cat"}),
        ("{a|{b|c} d}", {"a", "b d", "c d"}),
        ("{only}", {"only"}),
        ("{0::a|b}", {"b"}),
        ("{2$$a|b|c}", {"a, b", "a, c", "b, a", "b, c", "c, a", "c, b"}),
        ("{2$$ and $$ a | b }", {"a and b", "b and a"}),
        ("{0-1$$a|b}", {"", "a", "b"}),
        ("__colour__", {"red", "orange"}),
        ("__style/old__", {"oil in red", "oil in orange", "ink in red", "ink in orange"}),
        ("{__colour__|blue}", {"red", "orange", "blue"}),
        ("__heavy__", {"always"}),
        ("__été__", {"chaud"}),
    ],
)
def test_draws_of(prompt: str, texts: set[str], folder: Path) -> None:
    assert set(drawn(prompt, folder)) == texts


@pytest.mark.parametrize(
    "prompt",
    ["", "a cat", "(cat:1.2) [a|b] [c:d:0.5]", r"\(cat\)", "a { b", "a } b | c", "snake_case", "a __ b", "_____", "}{"],
)
def test_a_prompt_without_choices_is_left_as_it_is(prompt: str, folder: Path) -> None:
    assert resolve(prompt, 1, folder) == prompt


def test_a_backslash_makes_braces_bars_and_underscores_plain(folder: Path) -> None:
    assert resolve(r"\{a\|b\} \__colour__", 1, folder) == "{a|b} __colour__"


def test_an_unclosed_brace_hides_no_choice_inside(folder: Path) -> None:
    assert resolve("{ {a}", 1, folder) == "{ a"


def test_a_seed_gives_the_same_text_on_every_machine(folder: Path) -> None:
    """Computed from Mersenne Twister's first doubles for seed 42: 0.639, 0.025, 0.275, 0.223."""
    assert resolve("{a|b|c} {a|b|c} {a|b|c} {a|b|c|d|e}", 42, folder) == "b a a b"


def test_weights_are_chances(folder: Path) -> None:
    counts = drawn("{3::a|b}", folder, times=2000)
    assert counts["a"] / 2000 == pytest.approx(0.75, abs=0.04)  # four standard deviations


def test_a_missing_wildcard_is_named_with_the_nearest_one(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"__color__ has no file color\.txt.*Did you mean __colour__\?"):
        resolve("__color__", 1, folder)


def test_a_missing_folder_is_told_like_a_missing_file(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"Add the file"):
        resolve("__colour__", 1, folder / "absent")


@pytest.mark.parametrize("name", ["../colour", "/etc/passwd", "x" * 5000])
def test_a_wildcard_leads_out_of_no_folder(name: str, folder: Path) -> None:
    with pytest.raises(BadInput, match="has no file"):
        resolve(f"__{name}__", 1, folder / "style")


def test_asking_for_more_than_there_is_says_so(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"\{3\$\$a\|0::b\|c\} is asked for 3 and has 2"):
        resolve("{3$$a|0::b|c}", 1, folder)
    with pytest.raises(BadInput, match="__empty__ is asked for 1 and has 0"):
        resolve("__empty__", 1, folder)


def test_wildcards_that_go_in_circles_come_to_an_end(folder: Path) -> None:
    with pytest.raises(BadInput, match="in a circle"):
        resolve("__circle__", 1, folder)


def test_depth_is_not_limited_by_the_interpreter(folder: Path) -> None:
    assert resolve("{" * 9_000 + "a" + "}" * 9_000, 1, folder) == "a"
