"""Which folders models, pictures and other files are in, and the one place that decides what may be read or written.

Names of folders are those of the ComfyUI world, so that workflows and clients find theirs.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from safelight.errors import BadInput

WEIGHTS = frozenset((".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"))
STARTER = Path(__file__).resolve().parent.parent / "starter"
STARTER_CHECKPOINT = "starter-128.safetensors"
STARTER_CLIP = "clip.safetensors"


@dataclass(frozen=True)
class FolderKind:
    """One kind of folder.

    Attributes:
        under: Where it is inside a home folder; files are written to the first.
        endings: File endings that are listed, in lower case; None for any.
        starter: Files of the starter that are listed as well.
        marked_by: Where whole folders are listed rather than files, the file that such a folder has.
        sets: Whether the folders that such files are in are listed, at any depth, rather than the files.
        hidden: Whether what begins with a dot may be read and written, though it is not listed.
    """

    under: tuple[str, ...]
    endings: frozenset[str] | None = WEIGHTS
    starter: tuple[str, ...] = ()
    marked_by: str = ""
    sets: bool = False
    hidden: bool = False


MODEL_FOLDERS: dict[str, FolderKind] = {
    "checkpoints": FolderKind(
        ("models/checkpoints", "output/checkpoints"),
        starter=(STARTER_CHECKPOINT, "chalk-128.safetensors", "sketch-256.safetensors"),
    ),
    "configs": FolderKind(("models/configs",), frozenset((".yaml",))),
    "loras": FolderKind(("models/loras", "output/loras")),
    "vae": FolderKind(("models/vae", "output/vae")),
    "text_encoders": FolderKind(("models/text_encoders", "models/clip", "output/clip"), starter=(STARTER_CLIP,)),
    "diffusion_models": FolderKind(("models/diffusion_models", "models/unet", "output/diffusion_models")),
    "clip_vision": FolderKind(("models/clip_vision",), starter=(STARTER_CLIP,)),
    "style_models": FolderKind(("models/style_models",)),
    "embeddings": FolderKind(("models/embeddings",)),
    "diffusers": FolderKind(("models/diffusers",), frozenset(), marked_by="model_index.json"),
    "vae_approx": FolderKind(("models/vae_approx",)),
    "controlnet": FolderKind(("models/controlnet", "models/t2i_adapter")),
    "annotators": FolderKind(("models/annotators",)),
    "gligen": FolderKind(("models/gligen",)),
    "ipadapter": FolderKind(("models/ipadapter",)),
    "upscale_models": FolderKind(("models/upscale_models",)),
    "hypernetworks": FolderKind(("models/hypernetworks",)),
    "photomaker": FolderKind(("models/photomaker",)),
    "classifiers": FolderKind(("models/classifiers",), None),
    "model_patches": FolderKind(("models/model_patches",)),
    "audio_encoders": FolderKind(("models/audio_encoders",)),
}
RECORDINGS = "recordings"
FILE_FOLDERS: dict[str, FolderKind] = {
    "input": FolderKind(("input",), None, starter=("example.png", "example-mask.png")),
    "output": FolderKind(("output",), None),
    "temp": FolderKind(("temp",), None),
    RECORDINGS: FolderKind(("recordings",), frozenset((".safetensors",))),
}
PICTURES = frozenset((".png", ".jpg", ".jpeg", ".webp"))
SET_FOLDERS: dict[str, FolderKind] = {"image_sets": FolderKind(("input",), PICTURES, sets=True)}
USERDATA = "userdata"
TRAINING = "training"
TRAINING_SETTINGS = "settings.toml"
"""What the folder of a training run has in it."""
DATA_FOLDERS: dict[str, FolderKind] = {
    USERDATA: FolderKind(("user/default",), None, hidden=True),
    TRAINING: FolderKind(("training",), frozenset(), marked_by=TRAINING_SETTINGS),
}
"""What graph editors keep for a person: workflows, notes of their own; and a person's training runs."""
USERS = "users"
"""Below the home folder: the pictures of each person, where there are several."""
LONGEST_PART = 255  # bytes; of a file's name, on every common file system
LONGEST_NAME = 1000
_SHOWN_BY_BROWSERS = "htm html xht xhtml shtml mht mhtml svg svgz xml xsl xslt js mjs cjs css wasm swf"
_RUN_BY_SERVERS = "php phtml asp aspx jsp cgi"
_RUN_BY_SYSTEMS = (
    "exe com bat cmd ps1 psm1 vbs vbe jse ws wsf wsh hta scr pif cpl msi msc dll sys lnk url scf reg jar "
    "sh bash zsh fish csh command desktop app so dylib py pyw pyc pyd pl rb"
)
RUN_OR_SHOWN = frozenset(
    f".{ending}" for endings in (_SHOWN_BY_BROWSERS, _RUN_BY_SERVERS, _RUN_BY_SYSTEMS) for ending in endings.split()
)
"""Endings that no file written here has, whoever chose its name."""
_SEPARATOR = re.compile(r"[/\\]")
_TRICKS = re.compile(r"[\0-\x1f\x7f:]|[. ](?=[/\\]|$)")
"""Control characters; Windows' drives and streams, and endings that it drops."""
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?")
_ANNOTATED = re.compile(rf"(.*\S)\s*\[({'|'.join(FILE_FOLDERS)})\]")
OLD_NAMES = {"unet": "diffusion_models", "clip": "text_encoders"}

OTHER_PROGRAMS: tuple[tuple[str, str], ...] = (
    # AUTOMATIC1111 and its kin
    ("models/Stable-diffusion", "checkpoints"),
    ("models/VAE", "vae"),
    ("models/Lora", "loras"),
    ("models/LyCORIS", "loras"),
    ("models/ESRGAN", "upscale_models"),
    ("models/RealESRGAN", "upscale_models"),
    ("models/SwinIR", "upscale_models"),
    ("models/ControlNet", "controlnet"),
    ("extensions/sd-webui-controlnet/models", "controlnet"),
    ("models/VAE-approx", "vae_approx"),
    ("models/text_encoder", "text_encoders"),
    ("models/hypernetworks", "hypernetworks"),
    ("embeddings", "embeddings"),
    # ComfyUI's folder itself, or its models folder
    *((under, name) for name, kind in MODEL_FOLDERS.items() for under in kind.under),
    *(
        (under.removeprefix("models/"), name)
        for name, kind in MODEL_FOLDERS.items()
        for under in kind.under
        if under.startswith("models/")
    ),
)
"""Where other programs keep what, below the folder that was added in the settings."""


@dataclass(frozen=True)
class Folders:
    """The folders in use.

    Attributes:
        home: Where all of a person's data is.
        directories: By kind, the directories that are searched, in this order; new files go into the first.
    """

    home: Path
    directories: Mapping[str, tuple[Path, ...]]

    @classmethod
    def at(cls, home: Path, roots: Iterable[Path] = ()) -> "Folders":
        """The folders in `home`, and those that other programs have in `roots` (which are only read).

        Raises:
            BadInput: One of `roots` is no folder, or has none of the folders that models are kept in.
        """
        home = home.resolve()
        directories = {name: [home / under for under in kind.under] for name, kind in _KINDS.items()}
        for root in roots:
            for name, directory in _folders_of_other_program(root.expanduser()):
                if directory not in directories[name]:
                    directories[name].append(directory)
        return cls(home, {name: tuple(paths) for name, paths in directories.items()})

    def of_user(self, user: str) -> "Folders":
        """The folders as a person sees them: models are everybody's, pictures each one's own.

        Args:
            user: Id of the person; empty where there is one only, whose pictures are right in the home folder.
        """
        if not user:
            return self
        own = {name: (self.home / USERS / user / name,) for name in (*FILE_FOLDERS, TRAINING)}
        data = self.home / "user" / user
        return replace(self, directories={**self.directories, **own, "image_sets": own["input"], USERDATA: (data,)})

    def make(self) -> None:
        """Create the folders that a person puts files into, and those that the program does."""
        for name in _KINDS:
            self.directories[name][0].mkdir(parents=True, exist_ok=True)
        self.wildcards.mkdir(exist_ok=True)

    @property
    def wildcards(self) -> Path:
        """Where files of words for `__name__` in prompts are."""
        return self.home / "wildcards"

    def list(self, folder: str) -> tuple[str, ...]:
        """Names of the files in a folder, with sub-folders as `folder/file`, in alphabetical order.

        Args:
            folder: A key of `MODEL_FOLDERS` or `FILE_FOLDERS`, or an old name of one.
        """
        kind = _KINDS[_known(folder)]
        names = {name for directory in self.directories[_known(folder)] for name in _walk(directory, kind)}
        names.update(name for name in kind.starter if (STARTER / name).is_file())
        if kind.sets:
            names = {parent.as_posix() for name in names for parent in PurePosixPath(name).parents} - {"."}
        return tuple(sorted(names, key=lambda name: (name.casefold(), name)))

    def meant(self, folder: str, name: str) -> str | None:
        """The file's name as `list` gives it, where `name` may lack the ending or the sub-folder; None if unclear."""
        names = self.list(folder)
        if name in names:
            return name
        meant = [
            listed for listed in names if name in (listed.rpartition(".")[0], Path(listed).name, Path(listed).stem)
        ]
        return meant[0] if len(meant) == 1 else None

    def resolve(self, folder: str, name: str) -> Path:
        """The file that `name` means, if it may be read: nothing else decides that. Of a folder, the one marking it.

        Args:
            folder: As for `list`.
            name: As `list` gives it; a backslash separates sub-folders too.

        Raises:
            BadInput: The name leads out of the folder, by itself or by a link, or is hidden; or there is no such file.
        """
        folder, name = annotated(_known(folder), name)
        kind = _KINDS[folder]
        relative = _inside(name, kind)
        if kind.marked_by:
            relative /= kind.marked_by
        if kind.marked_by or kind.sets or kind.endings is None or relative.suffix.lower() in kind.endings:
            for directory in self.directories[folder]:
                path = _followed(directory / relative)
                if (path.is_dir() if kind.sets else path.is_file()) and path.is_relative_to(directory.resolve()):
                    return path
            if relative.as_posix() in kind.starter:
                return STARTER / relative
        near = get_close_matches(name, self.list(folder), n=1)
        raise BadInput(
            f"There is no {name} in the folder {folder}.",
            mend=f"Did you mean {near[0]}?" if near else f"Put it into {self.directories[folder][0]}.",
        )

    def writable(self, folder: str, name: str) -> Path:
        """Where a file called `name` may be written; its folder is created, the file is not.

        Args:
            folder: As for `list`.
            name: With sub-folders, if any, as `folder/file`.

        Raises:
            BadInput: The name leads out of the folder, by itself or by a link; it is hidden, or ends as a program does.
        """
        path = self.place(folder, name)
        suffix = PurePosixPath(name).suffix
        if suffix.lower() in RUN_OR_SHOWN:
            raise BadInput(
                f"{name!r} is a name for a program or a page, and such files are not written.",
                mend=f"Take a name that does not end in {suffix}.",
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def place(self, folder: str, name: str) -> Path:
        """Where a file or folder called `name` is to be looked for or made, in the folder for new files; it need not be
        there.

        Raises:
            BadInput: The name leads out of the folder, by itself or by a link; or it is hidden.
        """
        folder = _known(folder)
        directory = self.directories[folder][0].resolve()
        path = _followed(directory / _inside(name, _KINDS[folder]))
        if not path.is_relative_to(directory):
            raise _outside(name)
        return path


_KINDS = MODEL_FOLDERS | FILE_FOLDERS | SET_FOLDERS | DATA_FOLDERS


def annotated(folder: str, name: str) -> tuple[str, str]:
    """Folder and name of a file; clients may name another folder behind the name, as `cat.png [output]`.

    Models are never looked for in another folder.
    """
    match = _ANNOTATED.fullmatch(name) if folder in FILE_FOLDERS else None
    return (match[2], match[1]) if match else (folder, name)


def _known(folder: str) -> str:
    name = OLD_NAMES.get(folder, folder)
    if name not in _KINDS:
        raise BadInput(f"There is no folder called {folder}.", mend=f"Folders are: {', '.join(_KINDS)}.")
    return name


def _inside(name: str, kind: FolderKind) -> Path:
    """`name` as a relative path that cannot climb."""
    if not is_plain(name) or (not kind.hidden and any(part.startswith(".") for part in _SEPARATOR.split(name))):
        raise _outside(name)
    return Path(*_SEPARATOR.split(name))


def _followed(path: Path) -> Path:
    """Where links lead to.

    Raises:
        BadInput: Round in circles.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise _outside(path.name) from error


def is_plain(name: str) -> bool:
    """Whether a name is a relative path without tricks; Windows' ways to leave a folder are refused everywhere."""
    parts = _SEPARATOR.split(name)
    try:
        longest = max(len(part.encode()) for part in parts)
    except UnicodeEncodeError:
        return False
    is_tricky = "" in parts or _TRICKS.search(name) or any(_DEVICE.fullmatch(part) for part in parts)
    return not is_tricky and longest <= LONGEST_PART and len(name) <= LONGEST_NAME


def _outside(name: str) -> BadInput:
    return BadInput(
        f"{name[:200]!r} is not a name inside the folder.",
        mend="Give the name as it is listed; a folder elsewhere can be added in the settings.",
    )


def _walk(directory: Path, kind: FolderKind) -> Iterator[str]:
    """Names below a directory that `resolve` would take; what begins with a dot is hidden."""
    top = directory.resolve()
    for place, inner, files in os.walk(top):
        inner[:] = [name for name in inner if not name.startswith(".")]
        if kind.marked_by:
            listed = Path(place).relative_to(top).as_posix()
            if kind.marked_by in files and is_plain(listed):
                yield listed
            continue
        for name in files:
            path = Path(place, name)
            fits = kind.endings is None or path.suffix.lower() in kind.endings
            listed = path.relative_to(top).as_posix()
            if not fits or name.startswith(".") or "\\" in listed or not is_plain(listed):
                continue
            if not path.is_symlink() or (path.is_file() and path.resolve().is_relative_to(top)):
                yield listed


def _folders_of_other_program(root: Path) -> list[tuple[str, Path]]:
    found = {(name, (root / under).resolve()) for under, name in OTHER_PROGRAMS if (root / under).is_dir()}
    if not found:
        raise BadInput(
            f"{root} has no models folder in it.",
            mend="Give the folder of ComfyUI or of AUTOMATIC1111, or one with checkpoints, loras, … in it.",
        )
    return sorted(found)


def recording_name(work: str) -> str:
    """The file of the folder `recordings` that has the run of a sampler, by `graph.work.work_of` of its node."""
    return f"{work}.safetensors"
