"""What the server is set to."""

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from safelight.errors import BadInput
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.server.access import Admin, Me, Person
from safelight.server.api.answers import TEXT, refusals
from safelight.server.studio import Studio, TheStudio
from safelight.settings import coming_settings, write_settings

router = APIRouter(prefix="/settings", tags=["settings"])

SECRET = frozenset({"database"})  # its URL may hold a password
PLACES = frozenset({"home", "model_roots"})

Count = Annotated[int, Field(ge=0, le=2**53)]
Word = Annotated[str, Field(max_length=40, pattern=TEXT)]
Folder = Annotated[str, Field(min_length=1, max_length=4000, pattern=TEXT)]


class PlaceView(BaseModel):
    """Where a kind of models is looked for; new files go into the first of the folders."""

    folder: str
    paths: list[str]


class SettingsView(BaseModel):
    """What the server is set to.

    `restart` names what takes effect after a restart, and `coming` has the values then. `environment` names what the
    environment or the command line has set, so that the file does not count. `problem` is what is wrong with the file.
    Where folders are is told to admins only.
    """

    settings: dict[str, Any]
    restart: list[str]
    coming: dict[str, Any]
    environment: list[str]
    problem: str
    folders: list[PlaceView]


class SettingsChange(BaseModel):
    """Settings to be changed: what is left out stays, and null is what is usual.

    Who may enter, and where the server listens, is changed in the file alone.
    """

    model_config = ConfigDict(extra="forbid")

    model_roots: Annotated[list[Folder], Field(max_length=100)] | None = None
    device: Word | None = None
    dtype: Word | None = None
    vram: Word | None = None
    cache_bytes: Count | None = None
    disk_cache_bytes: Count | None = None
    fetch_urls: bool | None = None
    job_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    most_queued: Count | None = None
    most_nodes: Count | None = None
    most_pixels: Count | None = None
    body_bytes: Count | None = None
    upload_bytes: Count | None = None
    spare_bytes: Count | None = None
    find_pictures: bool | None = None
    clip_model: Annotated[str, Field(min_length=1, max_length=1000, pattern=TEXT)] | None = None


@router.get("", responses=refusals())
def show_settings(studio: TheStudio, me: Me) -> SettingsView:
    """What the server is set to."""
    return _view(studio, me)


@router.patch("", responses=refusals(400, 403))
def change_settings(change: SettingsChange, studio: TheStudio, me: Admin) -> SettingsView:
    """Change what stands in `settings.toml` of the home folder; it counts after a restart."""
    values = change.model_dump(exclude_unset=True)
    for root in map(Path, values.get("model_roots") or ()):
        _check_root(studio, root.expanduser())
    write_settings(studio.settings, values)
    return _view(studio, me)


def _check_root(studio: Studio, root: Path) -> None:
    """See that the server could start with another program's folder.

    Raises:
        BadInput: It could not, or would not find anything there.
    """
    if not root.is_absolute() or not root.is_dir():
        raise BadInput(f"There is no folder {root}.", mend="Give the whole path of a folder on the server's machine.")
    Folders.at(studio.settings.home, [root])


def _view(studio: Studio, me: Person) -> SettingsView:
    hidden = set(SECRET if me.admin else SECRET | PLACES)
    now = studio.settings.model_dump(mode="json", exclude=hidden)
    problem, coming = "", now
    try:
        coming = coming_settings(studio.settings).model_dump(mode="json", exclude=hidden)
    except BadInput as error:
        problem = error.what
    changed = {name: value for name, value in coming.items() if value != now[name]}
    directories = studio.folders.directories
    places = [PlaceView(folder=name, paths=[str(path) for path in directories[name]]) for name in MODEL_FOLDERS]
    return SettingsView(
        settings=now,
        restart=sorted(changed),
        coming=changed,
        environment=sorted(studio.settings.before_the_file - hidden),
        problem=problem if me.admin else "",
        folders=places if me.admin else [],
    )
