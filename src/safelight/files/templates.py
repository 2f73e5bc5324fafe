"""The workflows that ship with Safelight, as starting points."""

import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from safelight.errors import BadInput

FOLDER = Path(__file__).resolve().parent.parent / "templates"
INDEX = FOLDER / "index.json"


@dataclass(frozen=True)
class Template:
    """One of them.

    Attributes:
        name: What it is asked for by.
        about: What it makes, in a sentence.
        editor: The workflow as graph editors save it.
        api: The same as programs send it.
        picture: What it makes, as a WebP; None where the models that it needs do not ship.
    """

    name: str
    about: str
    editor: Path
    api: Path
    picture: Path | None


@cache
def templates() -> dict[str, Template]:
    """All of them by name, the easiest first."""
    index: dict[str, str] = json.loads(INDEX.read_text(encoding="utf-8"))
    return {
        name: Template(name, about, FOLDER / f"{name}.json", FOLDER / f"{name}.api.json", _picture(name))
        for name, about in index.items()
    }


def _picture(name: str) -> Path | None:
    path = FOLDER / f"{name}.webp"
    return path if path.is_file() else None


def find_template(name: str) -> Template:
    """The template that `name` means.

    Raises:
        BadInput: There is none of that name.
    """
    known = templates()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    listed = "; ".join(f"{each.name} ({each.about.rstrip('.')})" for each in known.values())
    raise BadInput(
        f"There is no template called {name}.", mend=f"Did you mean {near[0]}?" if near else f"There are: {listed}."
    )
