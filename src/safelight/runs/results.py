"""Where the files of runs are put for whoever uses them."""

import filecmp
import shutil
from pathlib import Path

from safelight.errors import BadInput, SafelightError
from safelight.files.atomic import whole
from safelight.files.folders import Folders
from safelight.runs.folder import RunFolder
from safelight.runs.settings import Kind, TrainingSettings

RESULTS: dict[Kind, str] = {
    "lora": "loras",
    "inversion": "embeddings",
    "full": "checkpoints",
    "controlnet": "controlnet",
    "denoiser": "checkpoints",
    "vae": "vae",
    "clip": "clip_vision",
}
"""The folder that the file of a run is put into."""


def final_of(settings: TrainingSettings, folders: Folders) -> Path:
    """Where the file of a run is put when it is done.

    Raises:
        BadInput: The name is none for a file.
    """
    return folders.writable(RESULTS[settings.kind], f"{settings.name}.safetensors")


def publish_step(folder: RunFolder, step: int, folders: Folders) -> str:
    """Put a result of the way beside the file of its run, as NAME-STEP; it stays when the run is removed.

    Where the disk can, both are one file with two names, which takes no room.

    Args:
        folder: Of the run.
        step: After which the result was kept.
        folders: Of the person whose run it is.

    Returns:
        The file, as FOLDER/NAME.

    Raises:
        BadInput: No result was kept after that step, or there is another file of its name.
        SafelightError: It cannot be written.
    """
    settings, made = folder.read_settings(), folder.result(step)
    if not made.is_file():
        raise BadInput(
            f"{settings.name} has kept no result of step {step}.",
            mend="Take one that its list has; the oldest go first, and run.keep says how many stay.",
        )
    final = final_of(settings, folders)
    path = final.with_name(f"{final.stem}-{made.name}")
    try:
        path.hardlink_to(made)
    except FileExistsError as error:
        if not path.samefile(made) and not filecmp.cmp(path, made, shallow=False):
            raise BadInput(f"There is another file {path}.", mend="Rename or remove it first.") from error
    except OSError:  # another disk, or one without hard links
        _copy(made, path)
    return f"{RESULTS[settings.kind]}/{path.name}"


def _copy(made: Path, path: Path) -> None:
    try:
        with whole(path) as file, made.open("rb") as source:
            shutil.copyfileobj(source, file)
    except OSError as error:
        raise SafelightError(
            f"{path.name} could not be saved in {path.parent}: {error.strerror or error}.",
            mend="Free some space, or choose a folder that can be written to.",
        ) from error
