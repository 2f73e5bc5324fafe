"""Folders of pictures that people train on: which they may name, and the pictures in them."""

from pathlib import Path

from safelight.errors import BadInput
from safelight.files.folders import is_plain
from safelight.runs.data.folder import picture_endings
from safelight.server.access import NotAllowed, Person
from safelight.server.api.answers import NotThere
from safelight.server.studio import Studio


def data_folder(studio: Studio, me: Person, given: str) -> Path:
    """A folder of pictures: one in the person's input folder; an admin may name any folder of the machine by its path.

    Raises:
        BadInput: There is no such folder, or the name leads out of the input folder.
        NotAllowed: It is another folder, and the person no admin.
    """
    folders = studio.folders_of(me.id)
    top = folders.directories["input"][0].resolve()
    name = given.rstrip("/\\")
    if Path(name).is_absolute() and "\0" not in name:
        path = Path(name).resolve()
        if not me.admin and not path.is_relative_to(top):
            raise NotAllowed(
                "Only an admin may name folders outside of your input folder.",
                mend="Upload the pictures, and give the name of the folder that they are in.",
            )
    else:
        path = folders.place("input", name)
    if not path.is_dir():
        raise BadInput(f"There is no folder {given[:200]}.", mend="Upload pictures into it, or give another folder.")
    return path


def shown_name(studio: Studio, me: Person, folder: Path) -> str:
    """What a folder is called in answers: as short as `data_folder` takes it."""
    top = studio.folders_of(me.id).directories["input"][0].resolve()
    return folder.relative_to(top).as_posix() if folder.is_relative_to(top) and folder != top else str(folder)


def picture_in(folder: Path, me: Person, name: str) -> Path:
    """A picture of a folder.

    Raises:
        NotThere: There is none of that name.
    """
    path = folder / name
    is_inside = is_plain(name) and (me.admin or path.resolve().is_relative_to(folder))
    if not is_inside or path.suffix.lower() not in picture_endings() or not path.is_file():
        raise NotThere(f"There is no picture {name[:200]}.", mend="Look at the list of the folder.")
    return path
