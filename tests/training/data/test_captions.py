"""Captions as they are shown."""

import random
from collections import Counter
from pathlib import Path

import pytest

from safelight.training.data.captions import shown, tags_of
from tests.training.data.drawn import data

TAGS = "fox, snow, tree, night"


def many(caption: str | None, times: int = 2000, *, is_prior: bool = False, **values: object) -> list[str]:
    """A caption shown many times."""
    settings = data(Path(), **({"drop_caption": 0.0} | values))
    source = random.Random(0)
    return [shown(caption, settings, source, is_prior=is_prior) for _ in range(times)]


@pytest.mark.parametrize(
    ("caption", "trigger", "expected"),
    [
        ("a fox", "", "a fox"),
        ("a fox", "sks", "sks, a fox"),
        (None, "sks", "sks"),
        ("", "sks", "sks"),
        (None, "", ""),
        ("Sks, a fox", "sks", "Sks, a fox"),
        ("a photo of sks fox", "sks fox", "a photo of sks fox"),
        ("sksy fox", "sks", "sks, sksy fox"),
        ("a fox", "s.s", "s.s, a fox"),
    ],
)
def test_the_trigger_stands_in_front_once(caption: str | None, trigger: str, expected: str) -> None:
    assert many(caption, 1, trigger=trigger) == [expected]


def test_prior_pictures_never_get_the_trigger() -> None:
    assert many("a fox", 1, trigger="sks", is_prior=True) == ["a fox"]
    assert many(None, 1, trigger="sks", is_prior=True) == [""]


def test_what_is_not_to_be_varied_stays_to_the_letter() -> None:
    assert many(" fox,snow ,, tree", 1) == ["fox,snow ,, tree"]


def test_every_order_of_tags_is_as_likely() -> None:
    counts = Counter(many("a, b, c", 6000, shuffle_tags=True))
    assert len(counts) == 6
    assert all(abs(count - 1000) < 5 * (1000 * 5 / 6) ** 0.5 for count in counts.values())


def test_tags_in_front_and_the_trigger_keep_their_places() -> None:
    for text in many(TAGS, 200, trigger="sks", shuffle_tags=True, drop_tags=0.5, keep_tags=2):
        assert tags_of(text)[:3] == ["sks", "fox", "snow"]
        assert set(tags_of(text)[3:]) <= {"tree", "night"}


def test_a_tag_with_the_trigger_in_it_is_never_left_out() -> None:
    assert all("sks fox" in text for text in many("snow, sks fox, tree", 200, trigger="sks", drop_tags=1.0))


def test_each_other_tag_is_left_out_at_its_rate() -> None:
    texts = many(TAGS, 4000, drop_tags=0.25, keep_tags=1)
    counts = Counter(tag for text in texts for tag in tags_of(text))
    assert counts["fox"] == 4000
    for tag in ("snow", "tree", "night"):
        assert abs(counts[tag] - 3000) < 5 * (4000 * 0.25 * 0.75) ** 0.5


def test_captions_are_left_out_as_a_whole_at_their_rate() -> None:
    counts = Counter(many(TAGS, 4000, trigger="sks", drop_caption=0.1))
    assert set(counts) == {"", f"sks, {TAGS}"}
    assert abs(counts[""] - 400) < 5 * (4000 * 0.1 * 0.9) ** 0.5
