"""What editors do to prompts when a workflow is run."""

from pathlib import Path

import pytest

from safelight.errors import BadInput
from safelight.graph.document import NodeCall
from safelight.graph.drawn_prompts import draw_prompts
from tests.studio import CATALOG


def drawn(text: str, class_type: str = "CLIPTextEncode", name: str = "text", seed: int = 1) -> tuple[object, list[str]]:
    workflow = {"4": NodeCall(class_type, {name: text}, "Prompt")}
    after, notes = draw_prompts(workflow, CATALOG, Path("nowhere"), seed)
    assert workflow["4"].inputs[name] == text
    return after["4"].inputs[name], notes


def test_comments_go_and_one_of_each_choice_stays() -> None:
    assert drawn("a /* big\nred */cat // or a dog\non a mat") == ("a cat \non a mat", [])
    text, notes = drawn("a {cat|dog}")
    assert text in ("a cat", "a dog")
    assert notes == [f"Prompt (node 4) reads: {text}"]
    assert {drawn("{a|b|c|d}", seed=seed)[0] for seed in range(20)} == {"a", "b", "c", "d"}


def test_only_prompts_are_drawn_from() -> None:
    assert drawn("a {b|c}", "SaveImage", "filename_prefix") == ("a {b|c}", [])
    assert drawn("a {b|c}", "NobodyKnows") == ("a {b|c}", [])


def test_a_choice_that_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(BadInput, match="nothing"):
        drawn("{__nothing__|__nothing__}")
