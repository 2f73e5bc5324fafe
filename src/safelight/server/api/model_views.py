"""Model files as they are answered."""

import contextlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from safelight.errors import BadInput
from safelight.families.additions import Addition
from safelight.families.contents import look_into
from safelight.families.describe import describe
from safelight.families.shapes import FileContents
from safelight.files.duplicates import twins
from safelight.files.folders import Folders
from safelight.files.hashes import known_sha256
from safelight.files.previews import preview_of
from safelight.server.access import Person
from safelight.server.studio import Studio
from safelight.store import model_books as books

HASHES = "cache/hashes"
"""In the home folder: the hashes that are known."""


class RecommendedView(BaseModel):
    """Settings that suit a checkpoint."""

    steps: int
    cfg: float
    sampler: str
    scheduler: str
    width: int
    height: int


class ModelView(BaseModel):
    """A model file; `families` are those that it goes with, `about` is what it is, in words.

    `used` counts the jobs that are done and named it: yours, or for an admin everybody's. `sha256` is null until it is
    worked out. `path` is told to admins only. `duplicates` are other files with the same content, as `folder/name`.
    """

    folder: str
    name: str
    bytes: int
    modified: float
    kind: str
    families: list[str]
    about: str
    recommended: RecommendedView | None
    preview: str | None
    notes: str
    tags: list[str]
    used: int
    last_used: float | None
    sha256: str | None
    path: str
    duplicates: list[str]


def views_of(studio: Studio, me: Person, folder: str, names: Sequence[str]) -> list[ModelView]:
    """Models of a folder, without those that have gone meanwhile."""
    folders = studio.folders_of(me.id)
    paths = {}
    for name in names:
        with contextlib.suppress(BadInput):
            paths[name] = folders.resolve(folder, name)
    with studio.database.read() as connection:
        notes = books.notes_of(connection, me.id, folder)
        uses = books.uses_of(connection, me.sees, [str(path) for path in paths.values()])
    cache = studio.settings.home / HASHES
    groups = twins(folders, cache) if paths else []
    others = {
        file.path: [other.title for other in group.files if other is not file]
        for group in groups
        for file in group.files
    }
    found = []
    for name, path in paths.items():
        with contextlib.suppress(BadInput, OSError):
            noted = notes.get(name, books.ModelNotes())
            use = uses.get(str(path))
            facts = path.stat()
            view = ModelView(
                folder=folder,
                name=name,
                bytes=facts.st_size,
                modified=facts.st_mtime,
                **_contents(folders, folder, name),
                preview=_preview(folders, folder, name),
                notes=noted.notes,
                tags=list(noted.tags),
                used=use.jobs if use else 0,
                last_used=use.last if use else None,
                sha256=known_sha256(path, cache),
                path=str(path) if me.admin else "",
                duplicates=others.get(path, []),
            )
            found.append(view)
    return found


def _contents(folders: Folders, folder: str, name: str) -> dict[str, Any]:
    """What its header says."""
    look = look_into(folders)(folder, name)
    contents = look.contents if look else None
    recommended = None
    if isinstance(contents, FileContents) and contents.recommended and contents.native_size:
        width, height = contents.native_size
        recommended = RecommendedView(**vars(contents.recommended), width=width, height=height)
    return {
        "kind": contents.kind if contents else "unknown",
        "families": sorted(look.families) if look else [],
        "about": "" if contents is None else str(contents) if isinstance(contents, Addition) else describe(contents),
        "recommended": recommended,
    }


def _preview(folders: Folders, folder: str, name: str) -> str | None:
    """Where its picture is, where it has one."""
    return f"/api/v1/models/{folder}/preview?name={quote(name)}" if preview_of(folders, folder, name) else None
