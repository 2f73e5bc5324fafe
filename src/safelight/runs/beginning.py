"""Beginning a run: its folder is made, once nothing stands in its way."""

from pathlib import Path

from safelight.errors import BadInput
from safelight.files.folders import TRAINING, TRAINING_SETTINGS, USERS, Folders
from safelight.runs.folder import RunFolder
from safelight.runs.results import final_of
from safelight.runs.settings import Kind, TrainingSettings

FROM_SCRATCH: frozenset[Kind] = frozenset({"denoiser", "vae", "clip"})
"""Kinds that begin with weights of chance, not with a checkpoint."""


def needed(settings: TrainingSettings, folders: Folders) -> tuple[Path, ...]:
    """The model files that a run begins with.

    Raises:
        BadInput: One is not there.
    """
    match settings.kind:
        case "clip":
            return ()
        case "vae":
            return (folders.resolve("clip_vision", settings.vae.clip),) if settings.vae.perceptual else ()
        case "denoiser":
            told = settings.denoiser
            return (
                _in_any(folders, ("vae", "checkpoints"), told.vae),
                _in_any(folders, ("text_encoders", "clip_vision", "checkpoints"), told.clip),
            )
    return (folders.resolve("checkpoints", settings.checkpoint),)


def begin(settings: TrainingSettings, folders: Folders) -> RunFolder:
    """Make the folder of a new run.

    Args:
        settings: What it is told.
        folders: Of the person whose it is.

    Raises:
        BadInput: There is a run or a model of its name, or no such checkpoint; or it is no name for a word.
    """
    name = settings.name
    if settings.kind == "inversion" and " " in name:
        raise BadInput(
            f"Prompts could not name the word: embedding:{name} is read only as far as the space.",
            mend="Take a name without spaces.",
        )
    folder = RunFolder(folders.place(TRAINING, name))
    if folder.is_there:
        raise BadInput(f"There is a run called {name}.", mend="Go on with it, or take another name.")
    if _is_begun_by_another(name, folders):
        raise BadInput(
            f"Somebody else has a run called {name}, whose file is called so too.", mend="Take another name."
        )
    if (final := final_of(settings, folders)).exists():
        raise BadInput(f"There is a file {final}, which the run would write.", mend="Take another name for the run.")
    needed(settings, folders)
    folder.write_settings(settings)
    return folder


def _is_begun_by_another(name: str, folders: Folders) -> bool:
    """Whether a run of this name is anybody's: runs are each one's own, and their files everybody's."""
    places = (folders.home / TRAINING, *(folders.home / USERS).glob(f"*/{TRAINING}"))
    return any((place / name / TRAINING_SETTINGS).is_file() for place in places)


def _in_any(folders: Folders, among: tuple[str, ...], name: str) -> Path:
    """A file that may be in one of several folders; the first counts."""
    return folders.resolve(next((folder for folder in among if name in folders.list(folder)), among[0]), name)
