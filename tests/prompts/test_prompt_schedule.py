import pytest

from safelight.prompts.prompt_schedule import ScheduledText, SubPrompt, prompt_schedule, split_sub_prompts


def told(prompt: str, steps: int = 10) -> list[tuple[str, int]]:
    """Each text and the last step that it is used at."""
    return [(part.text, round(part.end * steps)) for part in prompt_schedule(prompt, steps)]


@pytest.mark.parametrize(
    ("prompt", "schedule"),
    [
        ("a cat", [("a cat", 10)]),
        ("a [cat:dog:0.5]", [("a cat", 5), ("a dog", 10)]),
        ("a [cat:dog:3]", [("a cat", 3), ("a dog", 10)]),
        ("a [dog:.25] b", [("a  b", 2), ("a dog b", 10)]),
        ("a [dog::4] b", [("a dog b", 4), ("a  b", 10)]),
        ("[a:b:1]", [("a", 1), ("b", 10)]),
        ("[a:b:1.0]", [("a", 10)]),
        ("[a:b:0]", [("b", 10)]),
        ("[a:b:99]", [("a", 10)]),
        (f"[a:b:{'9' * 400}]", [("a", 10)]),
        ("[a:[b:c:6]:2]", [("a", 2), ("b", 6), ("c", 10)]),
        ("[a:b:2][c:d:4]", [("ac", 2), ("bc", 4), ("bd", 10)]),
        ("[(a:1.5):(b:0.5):5]", [("(a:1.5)", 5), ("(b:0.5)", 10)]),
        ("([a:b:5]:1.2)", [("(a:1.2)", 5), ("(b:1.2)", 10)]),
        ("[a[b]:2]", [("", 2), ("a[b]", 10)]),
        ("[weak] [x:y]", [("[weak] [x:y]", 10)]),
        ("[a:b:c:3]", [("[a:b:c:3]", 10)]),
        (r"\[a:b:3\]", [(r"\[a:b:3\]", 10)]),
        ("a] [b:c", [("a] [b:c", 10)]),
        ("[open [a:b:3]", [("[open a", 3), ("[open b", 10)]),
        ("time 10:30 a|b", [("time 10:30 a|b", 10)]),
    ],
)
def test_schedule_of(prompt: str, schedule: list[tuple[str, int]]) -> None:
    assert told(prompt) == schedule


def test_alternatives_take_turns() -> None:
    assert told("[cow|horse|] in a field", steps=4) == [
        ("cow in a field", 1),
        ("horse in a field", 2),
        (" in a field", 3),
        ("cow in a field", 4),
    ]


def test_alternatives_may_hold_edits() -> None:
    assert told("[a|[b:c:2]]", steps=4) == [("a", 1), ("b", 2), ("a", 3), ("c", 4)]


def test_times_cover_all_steps_without_gaps() -> None:
    assert prompt_schedule("[a:b:0.25]", 4) == [ScheduledText("a", 0.0, 0.25), ScheduledText("b", 0.25, 1.0)]


def test_depth_is_not_limited_by_the_interpreter() -> None:
    depth = 5_000
    assert told("[" * depth + "a" + "]" * depth, steps=1) == [("[" * depth + "a" + "]" * depth, 1)]


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        ("a cat", [("a cat", 1.0)]),
        ("a cat :1.2", [("a cat :1.2", 1.0)]),
        ("a cat AND a dog :1.2", [("a cat ", 1.0), (" a dog ", 1.2)]),
        ("a:0.5 AND b:-.5", [("a", 0.5), (" b", -0.5)]),
        ("(a:1.3) AND b", [("(a:1.3) ", 1.0), (" b", 1.0)]),
        ("cat and dog BRAND", [("cat and dog BRAND", 1.0)]),
    ],
)
def test_sub_prompts_of(prompt: str, prompts: list[tuple[str, float]]) -> None:
    assert split_sub_prompts(prompt) == [SubPrompt(*expected) for expected in prompts]
