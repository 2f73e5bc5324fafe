"""The documentation tells the truth: links lead somewhere, names exist, and the worked examples work."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from pydantic import BaseModel

from safelight.cli.app import app_of
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import SCHEDULERS
from safelight.files.folders import Folders
from safelight.files.picture_files import read_text
from safelight.graph.formats import load_api
from safelight.graph.validate import validate
from safelight.nodes.registry import BUILTIN
from safelight.runs.settings import TrainingSettings, checked, parse_settings
from safelight.settings import Settings
from tests.shared import SHARED

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
HOW_TO = [DOCS / f"add-a-{what}.md" for what in ("node", "sampler", "model-family")]
PICTURES = sorted((DOCS / "pictures").glob("*.png"))

PAGE_LINES = 110
PICTURE_BYTES = 300_000


def without_code(text: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchor(heading: str) -> str:
    """What a link calls a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def section(page: Path, heading: str) -> str:
    """The text below a heading, as far as the next one."""
    _, _, rest = page.read_text().partition(f"\n## {heading}")
    assert rest, f"{page.name} has no heading {heading}"
    return rest.partition("\n## ")[0]


def first_column(text: str) -> list[str]:
    """What stands in backticks in the first column of the tables in a text."""
    rows = (line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def on_page(pages: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


@on_page(PAGES)
def test_links_lead_to_a_file_or_a_heading(page: Path) -> None:
    text = without_code(page.read_text())
    for link in re.findall(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"", text):
        target, _, place = "".join(link).partition("#")
        if target.startswith("https://"):
            continue
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), target
        if place:
            headings = re.findall(r"^#+ (.*)$", without_code(path.read_text()), re.MULTILINE)
            assert place in map(anchor, headings), f"{target}#{place}"


@on_page(PAGES)
def test_modules_named_are_there(page: Path) -> None:
    examples_make = {example.file for how_to in HOW_TO for example in examples(how_to)}
    for name in re.findall(r"`((?:[\w-]+/)*\w+\.py)`", without_code(page.read_text())):
        places = (ROOT / name, ROOT / "src" / "safelight" / name)
        assert name in examples_make or any(place.exists() for place in places), name


def test_make_has_the_targets_named() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        target
        for page in PAGES
        for target in re.findall(r"(?:^|`)make (?:[A-Z]+=\S+ )?([a-z]+)", page.read_text(), re.MULTILINE)
    }
    assert {"run", "test"} <= named <= targets


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its words, as typer knows it."""
    waiting: list[tuple[str, Any]] = [("safelight", typer.main.get_command(app_of(())))]
    while waiting:
        words, command = waiting.pop()
        inner = getattr(command, "commands", {})
        waiting += [(f"{words} {name}", below) for name, below in inner.items()]
        if words != "safelight":
            yield words, command


@pytest.mark.parametrize(("words", "command"), list(commands()), ids=[words for words, _ in commands()])
def test_the_options_told_are_those_there_are(words: str, command: Any) -> None:
    arguments = "".join(f" {p.name.upper()}" for p in command.params if not p.opts[0].startswith("-"))
    told = first_column(section(DOCS / "command.md", f"`{words}{arguments}`\n"))
    there = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert {option.partition(" ")[0] for option in told} == there | {"--help"}


def test_no_command_is_told_that_there_is_not() -> None:
    told = re.findall(r"^## `(safelight [a-z ]*[a-z])", (DOCS / "command.md").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(words for words, _ in commands())


def test_the_settings_told_are_those_there_are() -> None:
    told = first_column(section(DOCS / "command.md", "Settings").partition("\nWhere models")[0])
    assert set(told) - {"auto", "~/.safelight"} == set(Settings.model_fields)


def test_the_settings_of_training_told_are_all_with_their_defaults() -> None:
    text = section(DOCS / "training.md", "All settings").partition("```toml\n")[2].partition("```")[0]
    told = parse_settings(text, "docs/training.md")
    least = checked({"name": told.name, "data": {"folder": told.data.folder, "trigger": told.data.trigger}}, "test")
    assert told == least
    keys = {key for table in tomllib.loads(text).values() if isinstance(table, dict) for key in table}
    fields = {
        name
        for field in TrainingSettings.model_fields.values()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        for name in field.annotation.model_fields
    }
    assert keys == fields - {"prior_folder"}


def test_every_sampler_and_scheduler_has_its_row() -> None:
    assert first_column(section(DOCS / "parity.md", "Samplers")) == list(SAMPLERS)
    assert first_column(section(DOCS / "parity.md", "Schedulers")) == list(SCHEDULERS)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: str(picture.name))
def test_a_picture_is_small_and_can_be_made_again(picture: Path, home: Path) -> None:
    assert picture.stat().st_size < PICTURE_BYTES
    kept = read_text(picture)
    assert set(kept) == set(first_column(section(DOCS / "command.md", "What a PNG keeps")))
    workflow, problems = load_api(kept["prompt"])
    assert not problems
    assert not validate(workflow, {name: node.spec for name, node in BUILTIN.items()}, Folders.at(home).list)


class Example(NamedTuple):
    """A block of a how-to page: a file that is new, or a change to one that is there."""

    file: str
    language: str
    text: str


def examples(page: Path) -> list[Example]:
    """The blocks that are headed by the name of their file."""
    block = re.compile(r"`([\w./-]+)`[^`\n]*:\n\n```(python|diff|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [Example(*found) for found in block.findall(page.read_text())]


def apply(example: Example, root: Path) -> None:
    """Do in a copy of the tree what a block says."""
    path = root / example.file
    if example.language != "diff":
        assert not path.exists(), f"{example.file} is there already"
        path.write_text(example.text)
        return
    lines = [(line[:1] or " ", line[1:]) for line in example.text.splitlines()]
    before = "\n".join(line for mark, line in lines if mark in " -")
    after = "\n".join(line for mark, line in lines if mark in " +")
    text = path.read_text()
    assert text.count(before) == 1, f"{example.file} has not, or not once:\n{before}"
    path.write_text(text.replace(before, after))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code and its tests, in which the examples of all how-to pages were followed."""
    root = tmp_path / "copy"
    caches = shutil.ignore_patterns("__pycache__", "*.safetensors")
    for folder in ("src", "tests"):
        shutil.copytree(ROOT / folder, root / folder, ignore=caches)
    for weights in (ROOT / "src").rglob("*.safetensors"):
        (root / weights.relative_to(ROOT)).symlink_to(weights)
    shutil.copy(ROOT / "pyproject.toml", root)
    if SHARED.exists():
        (tmp_path / SHARED.name).symlink_to(SHARED)
    for page in HOW_TO:
        for example in examples(page):
            apply(example, root)
    return root


def run_in(copy: Path, *arguments: str) -> None:
    """Run Python on the copied tree."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


COMMANDS = """
from safelight.cli.app import app_of
app = app_of(())
app(["run", "posterize.json", "--out", "out"], standalone_mode=False)
app(["generate", "a cat", "--sampler", "ralston", "--steps", "2", "--out", "out"], standalone_mode=False)
"""


@pytest.mark.weights
def test_what_the_how_to_pages_add_works(copy: Path, home: Path) -> None:
    tests = [path for page in HOW_TO for path, language, _ in examples(page) if path.startswith("tests/")]
    tests += ["tests/diffusion/test_samplers.py", "tests/models/test_loader.py", "tests/families/test_families.py"]
    names = sorted({path for path in tests if Path(path).name.startswith("test_")})
    chosen = "posterize or ralston or starlight or KSampler"
    run_in(copy, "-m", "pytest", "-p", "no:cacheprovider", *names, "-k", chosen)
    (home / "input").mkdir(parents=True)
    shutil.copy(DOCS / "pictures" / "cat.png", home / "input")
    run_in(copy, "-c", COMMANDS)
    assert sorted(path.name for path in (copy / "out").iterdir()) == ["posterized_00001_.png", "safelight_00001_.png"]


@on_page(HOW_TO)
def test_a_how_to_is_no_longer_than_a_page(page: Path) -> None:
    assert len(page.read_text().splitlines()) < PAGE_LINES
