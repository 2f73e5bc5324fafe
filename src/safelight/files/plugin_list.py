"""Which plugins the person has enabled: a list in the home folder that people can read and write too.

Nothing of a plugin is run here; `plugins/` loads those that are enabled, in the processes that need nodes.
"""

import ast
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from safelight.errors import BadInput
from safelight.files.atomic import write_whole

FILE_NAME = "plugins.txt"
FOLDER = "plugins"
"""In the home folder, where a person may put plugins; being there enables nothing."""
ENTRY_POINTS = "safelight.plugins"
CLASSES = "NODE_CLASS_MAPPINGS"
"""Where a pack that is written for ComfyUI has its nodes."""
HEAD = """\
# Plugins that are loaded: code that runs with your rights. One a line: the name of an installed package's plugin, or
# the path of a folder or .py file (from this folder, where it does not begin with a slash).
"""


@dataclass(frozen=True)
class Place:
    """Where an enabled plugin is.

    Attributes:
        line: As the list has it.
        entry: Of an installed package; None for a path, and where no package has one of the name any more.
        path: Of a folder or file; None for an installed package's.
    """

    line: str
    entry: EntryPoint | None = None
    path: Path | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        if self.path is None:
            return self.line
        return self.path.stem if self.path.suffix == ".py" else self.path.name

    @property
    def title(self) -> str:
        """What the place of it is called, which tells a file from a folder of the same name."""
        return self.line if self.path is None else self.path.name

    @property
    def is_pack(self) -> bool:
        """Whether it is written for ComfyUI, by the names in its files; nothing of it is run."""
        if self.path is None or not self.path.exists():
            return False
        files = self.path.rglob("*.py") if self.path.is_dir() else [self.path]
        return any(CLASSES.encode() in file.read_bytes() for file in files)


@dataclass(frozen=True)
class About:
    """What a plugin says of itself; empty where it says nothing."""

    version: str = ""
    summary: str = ""


def about(place: Place) -> About:
    """What a plugin says of itself: its package, its `pyproject.toml`, or the first line of its first file."""
    if place.entry is not None and place.entry.dist is not None:
        summaries = place.entry.dist.metadata.get_all("Summary") or []
        return About(place.entry.dist.version, next(iter(summaries), ""))
    if place.path is None:
        return About()
    project = _project(place.path / "pyproject.toml") if place.path.is_dir() else {}
    said = About(str(project.get("version") or ""), str(project.get("description") or ""))
    return said if said.summary else About(said.version, _first_line(place.path))


def enabled(home: Path) -> list[Place]:
    """The plugins on the list, in its order."""
    return [_place(home, line) for line in _lines(home) if line and not line.startswith("#")]


def available(home: Path) -> list[str]:
    """Names that could be enabled and are not: of installed packages, and in the home folder's `plugins`."""
    return [place.title for place in disabled(home)]


def disabled(home: Path) -> list[Place]:
    """The plugins that could be enabled and are not, by name."""
    on_the_list = {place.line for place in enabled(home)}
    found = {entry.name: entry.name for entry in entry_points(group=ENTRY_POINTS)}
    found |= {path.name: f"{FOLDER}/{path.name}" for path in _own(home)}
    return [_place(home, line) for _, line in sorted(found.items()) if line not in on_the_list]


def enable(home: Path, name: str) -> Place:
    """Put a plugin on the list.

    Args:
        home: The home folder.
        name: Of an installed package's plugin, of one in the home folder's `plugins`, or a path.

    Raises:
        BadInput: There is none.
    """
    line = _line(home, name)
    if line not in _lines(home):
        _write(home, [*_lines(home), line])
    return _place(home, line)


def disable(home: Path, name: str) -> Place:
    """Take a plugin off the list.

    Args:
        home: The home folder.
        name: As for `enable`, or as the list has it.

    Raises:
        BadInput: It is not on the list.
    """
    places = enabled(home)
    path = Path(name).expanduser().resolve()
    found = [place for place in places if name in (place.line, place.name, place.title) or path == place.path]
    if len(found) != 1:
        what = f"{name} means several plugins" if found else f"{name} is not enabled"
        names = ", ".join(place.line for place in found or places)
        raise BadInput(f"{what}.", mend=f"Enabled are: {names}." if names else "No plugin is.")
    _write(home, [line for line in _lines(home) if line != found[0].line])
    return found[0]


def _line(home: Path, name: str) -> str:
    entries = {entry.name for entry in entry_points(group=ENTRY_POINTS)}
    if name in entries:
        return name
    own = {path.name: path for path in _own(home)}
    if name in own:
        return f"{FOLDER}/{name}"
    path = Path(name).expanduser().resolve()
    if not path.exists():
        near = get_close_matches(name, [*entries, *own], n=1)
        mend = f"Did you mean {near[0]}?" if near else f"Install a package that has it, or put it into {home / FOLDER}."
        raise BadInput(f"There is no plugin {name}.", mend=mend)
    if not _is_plugin(path):
        raise BadInput(f"{path} is no plugin.", mend="Give a .py file, or a folder with an __init__.py in it.")
    return str(path)


def _project(file: Path) -> Mapping[str, object]:
    """The table of a project's own facts."""
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project")
    except (OSError, ValueError):
        return {}
    return project if isinstance(project, dict) else {}


def _first_line(path: Path) -> str:
    """Of the text that a module begins with."""
    file = path / "__init__.py" if path.is_dir() else path
    try:
        text = ast.get_docstring(ast.parse(file.read_bytes()))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return (text or "").partition("\n")[0]


def _own(home: Path) -> list[Path]:
    folder = home / FOLDER
    return sorted(filter(_is_plugin, folder.iterdir())) if folder.is_dir() else []


def _is_plugin(path: Path) -> bool:
    return path.suffix == ".py" if path.is_file() else (path / "__init__.py").is_file()


def _place(home: Path, line: str) -> Place:
    if "/" in line or "\\" in line:
        return Place(line, path=(home / Path(line).expanduser()).resolve())
    return Place(line, next(iter(entry_points(group=ENTRY_POINTS, name=line)), None))


def _lines(home: Path) -> list[str]:
    try:
        return [line.strip() for line in (home / FILE_NAME).read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return HEAD.splitlines()
    except (OSError, UnicodeError) as error:
        raise BadInput(f"{home / FILE_NAME} cannot be read: {error}.", mend="Mend the file, or remove it.") from error


def _write(home: Path, lines: list[str]) -> None:
    write_whole(home / FILE_NAME, "".join(f"{line}\n" for line in lines).encode())
