"""What packs import as `folder_paths`: names and places of files, over our own folders."""

import os
from collections.abc import Iterable
from datetime import datetime
from mimetypes import guess_type
from pathlib import Path

from safelight.errors import BadInput
from safelight.files.folders import FILE_FOLDERS, MODEL_FOLDERS, OLD_NAMES, annotated
from safelight.files.naming import filled_in, next_counter
from safelight.plugins.comfy.host import Host
from safelight.plugins.comfy.inputs import FileNames


class FolderPaths:
    """Its public names are those of the module.

    Folders that we know are listed and searched by our own rules; packs may add directories to them, and kinds of
    their own, in `folder_names_and_paths`.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        folders = host.home_folders
        self.base_path = str(folders.home)
        self.models_dir = str(folders.home / "models")
        self.supported_pt_extensions = {".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"}
        self.folder_names_and_paths = host.known_files
        self.folder_names_and_paths |= {
            name: ([str(path) for path in folders.directories[name]], set(kind.endings or ()))
            for name, kind in MODEL_FOLDERS.items()
        }
        self.folder_names_and_paths["custom_nodes"] = ([str(folders.home / "plugins")], set())
        self.output_directory = self.get_output_directory()
        self.input_directory = self.get_input_directory()
        self.temp_directory = self.get_temp_directory()

    def get_output_directory(self) -> str:
        """Where pictures are saved."""
        return self._directory("output")

    def get_input_directory(self) -> str:
        """Where pictures to work on are."""
        return self._directory("input")

    def get_temp_directory(self) -> str:
        """Where previews are put, which are thrown away soon."""
        return self._directory("temp")

    def get_user_directory(self) -> str:
        """Where packs may keep settings."""
        return str(self._host.home_folders.home / "user")

    def get_directory_by_type(self, type_name: str) -> str | None:
        """The directory of `output`, `input` or `temp`; None for another name."""
        return self._directory(type_name) if type_name in FILE_FOLDERS else None

    def map_legacy(self, folder_name: str) -> str:
        """The present name of a kind of files."""
        return OLD_NAMES.get(folder_name, folder_name)

    def add_model_folder_path(self, folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
        """Add a directory to a kind of files, in front of the others if it is the default."""
        name = self.map_legacy(folder_name)
        paths, _ = self.folder_names_and_paths.setdefault(name, ([], set()))
        if full_folder_path not in paths:
            paths.insert(0 if is_default else len(paths), full_folder_path)

    def get_folder_paths(self, folder_name: str) -> list[str]:
        """The directories of a kind of files; a `KeyError` where there is none of the name."""
        return list(self.folder_names_and_paths[self.map_legacy(folder_name)][0])

    def get_filename_list(self, folder_name: str) -> list[str]:
        """Names of the files of a kind, with sub-folders as `folder/file`."""
        name = self.map_legacy(folder_name)
        paths, endings = self.folder_names_and_paths[name]
        ours = self._host.folders.list(name) if name in MODEL_FOLDERS else ()
        more = {found for path in self._added(name, paths) for found in _walk(Path(path), endings)}
        if more <= set(ours):
            return FileNames(name, ours)
        return sorted(more.union(ours))

    def get_full_path(self, folder_name: str, filename: str) -> str | None:
        """Where a file is; None where there is none of the name."""
        name = self.map_legacy(folder_name)
        paths, _ = self.folder_names_and_paths.get(name, ([], set()))
        for directory in self._added(name, paths):
            top = Path(directory).resolve()
            path = (top / filename).resolve()
            if path.is_file() and path.is_relative_to(top):
                return str(path)
        try:
            return str(self._host.folders.resolve(name, filename))
        except BadInput:
            return None

    def get_full_path_or_raise(self, folder_name: str, filename: str) -> str:
        """Where a file is; a `FileNotFoundError` where there is none of the name."""
        if (path := self.get_full_path(folder_name, filename)) is None:
            raise FileNotFoundError(f"There is no {filename} in the folder {folder_name}.")
        return path

    def annotated_filepath(self, name: str) -> tuple[str, str | None]:
        """A name without the folder behind it (`cat.png [output]`), and that folder's directory."""
        folder, plain = annotated("input", name)
        return plain, self.get_directory_by_type(folder) if plain != name else None

    def get_annotated_filepath(self, name: str, default_dir: str | None = None) -> str:
        """Where a file of the input folder is, or of the folder that stands behind its name."""
        plain, directory = self.annotated_filepath(name)
        return str(_inside(Path(directory or default_dir or self.get_input_directory()), plain))

    def exists_annotated_filepath(self, name: str) -> bool:
        """Whether there is such a file."""
        try:
            return Path(self.get_annotated_filepath(name)).exists()
        except BadInput:
            return False

    def get_save_image_path(
        self, filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
    ) -> tuple[str, str, int, str, str]:
        """Where the next picture goes: directory, name without number, number, sub-folder, and the whole prefix."""
        now = datetime.now().astimezone()
        prefix = filled_in(filename_prefix, width=image_width, height=image_height, now=now)
        top = Path(output_dir)
        path = _inside(top, prefix)
        path.parent.mkdir(parents=True, exist_ok=True)
        subfolder = path.parent.relative_to(top.resolve()).as_posix()
        counter = next_counter(path.parent, path.name)
        return str(path.parent), path.name, counter, "" if subfolder == "." else subfolder, prefix

    def recursive_search(
        self, directory: str, excluded_dir_names: list[str] | None = None
    ) -> tuple[list[str], dict[str, float]]:
        """Names of all files below a directory, and the time of change of each directory."""
        excluded = set(excluded_dir_names or ())
        top = Path(directory)
        times = {str(top): top.stat().st_mtime} if top.is_dir() else {}
        names = [name for name in _walk(top, ()) if not excluded.intersection(Path(name).parts)]
        return names, times

    def filter_files_extensions(self, files: Iterable[str], extensions: Iterable[str]) -> list[str]:
        """The files with one of the endings, in alphabetical order; all of them where no ending is given."""
        endings = set(extensions)
        return sorted(file for file in files if not endings or Path(file).suffix.lower() in endings)

    def filter_files_content_types(self, files: Iterable[str], content_types: Iterable[str]) -> list[str]:
        """The files whose ending is that of an `image`, a `video`, `audio`, …"""
        kinds = tuple(f"{kind}/" for kind in content_types)
        return [file for file in files if (guess_type(file)[0] or "").startswith(kinds)]

    def _directory(self, folder: str) -> str:
        return str(self._host.folders.directories[folder][0].resolve())

    def _added(self, name: str, paths: Iterable[str]) -> list[str]:
        """The directories that packs have added to those that we have."""
        ours = {str(path) for path in self._host.folders.directories.get(name, ())}
        return [path for path in paths if path not in ours]


def _walk(top: Path, endings: Iterable[str]) -> Iterable[str]:
    wanted = set(endings)
    for place, inner, files in os.walk(top):
        inner[:] = [name for name in inner if not name.startswith(".")]
        for name in files:
            if not wanted or Path(name).suffix.lower() in wanted:
                yield Path(place, name).relative_to(top).as_posix()


def _inside(directory: Path, name: str) -> Path:
    """A path below a directory.

    Raises:
        BadInput: The name leads out of it.
    """
    path = (directory / name).resolve()
    if not path.is_relative_to(directory.resolve()):
        raise BadInput(f"{name!r} is not a name inside the folder.", mend="Give the name as it is listed.")
    return path
