"""The notebook runs from top to bottom, and what it tells is so."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs" / "notebook" / "pipeline.ipynb"


def cells(kind: str) -> list[dict[str, Any]]:
    book = json.loads(NOTEBOOK.read_text())
    assert book["nbformat"] == 4
    return [cell for cell in book["cells"] if cell["cell_type"] == kind]


def run(source: str, names: dict[str, Any]) -> object:
    """Run a cell, and give what a notebook would show below it: the value of its last line."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(NOTEBOOK), "exec"), names)
    if last is None:
        return None
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)


def test_nothing_of_an_earlier_run_is_kept_in_it() -> None:
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells("code"))


def test_the_pages_it_links_to_are_there() -> None:
    text = "".join("".join(cell["source"]) for cell in cells("markdown"))
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    assert links
    assert all((NOTEBOOK.parent / link).exists() for link in links)


@pytest.mark.weights
def test_it_goes_from_noise_to_the_picture_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "Agg")
    names: dict[str, Any] = {}
    shown = [run("".join(cell["source"]), names) for cell in cells("code")]
    assert sum(hasattr(each, "savefig") for each in shown) >= 10

    made, by_hand = names["by_library"], names["by_hand"]
    assert made.shape == (128, 128, 3)
    assert float((made - by_hand).abs().max()) < 1e-3
    red, green, blue = made[:8, 4:12].mean(dim=(0, 1)).tolist()
    assert blue > 0.7 > green > red
    # neighbours are alike in a picture; in noise they would differ by as much as any two places
    assert float((made[1:] - made[:-1]).square().mean()) < 0.1 * 2 * float(made.var(dim=(0, 1)).mean())

    best, *_ = names["labels"](names["seen_as"], names["judge"].texts(names["names"]), names["names"], 30.0)[0]
    assert best.label == "a cat"
    assert best.share > 0.9
