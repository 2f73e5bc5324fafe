"""Packages of npm's registry: fetched by npm, and taken only if they are the ones that the recipe means."""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from safelight.errors import BadInput
from safelight.training.recipe.told import Package

SECONDS = 600
LARGEST = 500_000_000  # bytes of a file in an archive
ROOT = "package"
"""The folder that every archive has its files in."""


def fetch(package: Package, folder: Path) -> Path:
    """The archive of a package in a folder, which is fetched where it is not there.

    Raises:
        BadInput: npm is not there or cannot fetch it, or it is not what the recipe means.
    """
    path = folder / package.file
    if not path.is_file():
        _pack(package, folder)
    found = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if f"sha512-{found}" != package.integrity:
        raise BadInput(
            f"{path.name} is not the file that the recipe means: its SHA-512 is another.",
            where=str(folder),
            mend="Remove it, so that it is fetched anew.",
        )
    return path


def read_json(archive: Path, name: str) -> Any:
    """A JSON file of an archive.

    Raises:
        BadInput: It is not there, or cannot be read.
    """
    try:
        with tarfile.open(archive) as packed:
            member = packed.getmember(f"{ROOT}/{name}")
            content = packed.extractfile(member) if member.size <= LARGEST else None
            if content is None:
                raise KeyError(name)
            return json.load(content)
    except (KeyError, OSError, tarfile.TarError, ValueError) as error:
        raise BadInput(
            f"{archive.name} has no {name} that can be read.", mend="Remove it, so that it is fetched anew."
        ) from error


def _pack(package: Package, folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise BadInput(
            "npm is not there, which fetches the drawings of a recipe.",
            mend="Install Node.js 20 or newer, or give a folder with SVG files, or with what `npm pack` has fetched, "
            "by --sources.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    wanted = f"{package.package}@{package.version}"
    command = [npm, "pack", wanted, "--ignore-scripts", "--pack-destination", str(folder)]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise _unfetched(wanted, f"it took longer than {SECONDS} seconds") from error
    if done.returncode or not (folder / package.file).is_file():
        said = [line for line in done.stderr.splitlines() if line.lower().startswith(("npm error", "npm err!"))]
        raise _unfetched(wanted, (said or done.stderr.splitlines() or ["it does not say why"])[0])


def _unfetched(wanted: str, why: str) -> BadInput:
    return BadInput(
        f"npm cannot fetch {wanted}: {why}.",
        mend="See that npm's registry can be reached, or put what `npm pack` fetches elsewhere into a folder, and give "
        "that by --sources.",
    )
