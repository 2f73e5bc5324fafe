"""Pictures that lie beside model files and show what those make."""

from pathlib import Path, PurePosixPath

from safelight.errors import BadInput
from safelight.files.atomic import write_whole
from safelight.files.folders import PICTURES, Folders
from safelight.files.rewriting import Rewritten

ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
"""What a preview may be, and how its name ends."""


def preview_of(folders: Folders, folder: str, name: str) -> Path | None:
    """The picture with a model's name in one of the places where such models are; None where there is none.

    Args:
        folders: Where models are.
        folder: Such as `checkpoints`.
        name: Of the model, as its folder lists it.

    Raises:
        BadInput: There is no such model.
    """
    folders.resolve(folder, name)
    for directory in folders.directories[folder]:
        for ending in sorted(PICTURES):
            picture = (directory / name).with_suffix(ending).resolve()
            if picture.is_file() and picture.is_relative_to(directory.resolve()):
                return picture
    return None


def set_preview(folders: Folders, folder: str, name: str, picture: Rewritten) -> None:
    """Put a picture beside a model, or where it would lie among one's own, in place of one that is there.

    Args:
        folders, folder, name: As for `preview_of`.
        picture: In one of the formats of `ENDINGS`.

    Raises:
        BadInput: There is no such model, or the picture is of another format.
    """
    folders.resolve(folder, name)
    if picture.mime not in ENDINGS:
        raise BadInput("The picture is neither PNG, JPEG nor WebP.", mend="Save it as one of these.")
    places = {ending: folders.writable(folder, str(PurePosixPath(name).with_suffix(ending))) for ending in PICTURES}
    chosen = places[ENDINGS[picture.mime]]
    write_whole(chosen, picture.content)
    for other in set(places.values()) - {chosen}:
        other.unlink(missing_ok=True)
