"""Whatever the server can say is there in the other language of the interface, and nothing else is."""

import ast
import json
from functools import cache
from pathlib import Path

import pytest

from safelight.nodes.registry import BUILTIN
from tests.sentences import Room, Sources, made_titles

WORDS = Path(__file__).parent.parent / "web" / "src" / "texts" / "zh"


def _words(name: str) -> dict[str, dict[str, str]]:
    words: dict[str, dict[str, str]] = json.loads((WORDS / f"{name}.json").read_text(encoding="utf-8"))
    return words


@cache
def _said() -> dict[str, str]:
    return Sources().sentences()


def _found(code: str) -> set[str]:
    sources = Sources(Path("nowhere"))
    sources.rooms["room.py"] = Room("room.py", ast.parse(code))
    sources.read()
    return set(sources.found)


def test_every_sentence_of_the_server_is_translated() -> None:
    known = _words("sentences")
    lacking = [f"{room}: {sentence}" for sentence, room in _said().items() if sentence not in known]
    assert not lacking, "write these into web/src/texts/zh/sentences.json:\n" + "\n".join(lacking)


def test_nothing_is_translated_that_nobody_says() -> None:
    over = _words("sentences").keys() - _said().keys()
    assert not over, "take these out of web/src/texts/zh/sentences.json:\n" + "\n".join(sorted(over))


def test_every_word_of_the_catalog_is_translated() -> None:
    specs = [node.spec for node in BUILTIN.values()]
    ports = [port for spec in specs for port in spec.inputs]
    outputs = [output for spec in specs for output in spec.outputs]
    said = {
        "titles": {spec.title for spec in specs},
        "categories": {part for spec in specs for part in spec.category.split("/")},
        "names": {port.name for port in ports} | {output.name for output in outputs},
        "texts": {spec.description for spec in specs} | {port.tooltip for port in ports},
    }
    known = _words("catalog")
    lacking = [f"{kind}: {word}" for kind, words in said.items() for word in sorted(words - {""} - known[kind].keys())]
    over = [f"{kind}: {word}" for kind, words in known.items() for word in sorted(words.keys() - said[kind])]
    assert not lacking, "write these into web/src/texts/zh/catalog.json:\n" + "\n".join(lacking)
    assert not over, "take these out of web/src/texts/zh/catalog.json:\n" + "\n".join(over)


def test_titles_in_workflows_of_our_own_are_translated() -> None:
    titles = {spec.title for spec in (node.spec for node in BUILTIN.values())}
    assert _words("made").keys() == made_titles() - titles


@pytest.mark.parametrize(
    ("code", "sentences"),
    [
        ('raise BadInput("No.", mend="Yes.")', {"No.", "Yes."}),
        ('raise BadInput(f"{a} is {b!r}.")', {"{} is {}."}),
        ('raise BadInput("One." if a else f"Two {b}.")', {"One.", "Two {}."}),
        ("raise BadInput(f\"It {'has' if a else 'lacks'} it.\")", {"It has it.", "It lacks it."}),
        ('def f(a):\n    what = f"About {a}."\n    raise BadInput(what)', {"About {}."}),
        ('def f(how):\n    raise BadInput(f"Odd: {how}.")\nf("a bit")', {"Odd: {}.", "a bit"}),
        ('def f():\n    return "Far off."\nraise BadInput(f())', {"Far off."}),
        ('T = {1: "a web page"}\nraise BadInput(f"It is {T[a]}.")', {"It is {}.", "a web page"}),
        ('raise ValueError("For programmers.")', set()),
    ],
)
def test_sentences_are_found_wherever_they_are_put_together(code: str, sentences: set[str]) -> None:
    assert _found(f"class BadInput(SafelightError): ...\n{code}") == sentences
