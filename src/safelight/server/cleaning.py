"""Removes what nobody needs any more: old temporary files, halves of files, what is long in the bin, old sessions."""

import asyncio
import contextlib
import logging
import os
import time
from pathlib import Path

from safelight.errors import SafelightError
from safelight.files.bin import in_bin, put_back
from safelight.files.folders import USERS
from safelight.files.naming import remove_parts
from safelight.server.api.assets import delete_for_good
from safelight.server.studio import Studio
from safelight.store import accounts
from safelight.store.assets import assets_by_id
from safelight.store.bin import deleted_before

log = logging.getLogger(__name__)

OLD = 24 * 3600.0  # seconds since the last change
EVERY = 24 * 3600.0
KEPT_IN_BIN = 7 * 24 * 3600.0


async def clean_daily(studio: Studio) -> None:
    """Clean now, and then once a day."""
    while True:
        try:
            removed = await asyncio.to_thread(clean, studio)
            log.info("%s temporary files were removed", removed)
        except (SafelightError, OSError) as error:
            log.warning("old files could not be removed: %s", error)
        await asyncio.sleep(EVERY)


def clean(studio: Studio) -> int:
    """Remove everybody's temporary files and halves of files that are old; how many files were removed."""
    home = studio.settings.home
    removed = 0
    for person in (home, *(home / USERS).glob("*/")):
        removed += remove_old(person / "temp", OLD)
        for folder in ("input", "output"):
            remove_parts(person / folder, OLD)
    with studio.database.write() as connection:
        accounts.forget_expired(connection)
    empty_bin(studio, KEPT_IN_BIN)
    return removed


def empty_bin(studio: Studio, older_than: float) -> None:
    """Delete for good what was put into the bin so many seconds ago.

    A file whose asset is not in the bin was moved by a server that died before it could write that down, and goes back
    to where it was; one whose asset is no more goes.
    """
    with studio.database.read() as connection:
        old = deleted_before(connection, time.time() - older_than)
    delete_for_good(studio, old)
    files = in_bin(studio.settings.home)
    with studio.database.write() as connection:  # nothing is put into the bin meanwhile
        known = {asset.id: asset for asset in assets_by_id(connection, list(files))}
        for name, path in files.items():
            asset = known.get(name)
            if asset is None:
                path.unlink(missing_ok=True)
            elif asset.deleted is None:
                put_back(studio.folders_of(asset.user), asset.folder, asset.path, name, lambda _: False)


def remove_old(directory: Path, older_than: float) -> int:
    """Remove files below a directory that have not changed for so many seconds, and folders that are empty then.

    Links are removed, and not followed.
    """
    removed = 0
    before = time.time() - older_than
    for place, folders, files in os.walk(directory, topdown=False):
        for name in files:
            path = Path(place, name)
            with contextlib.suppress(OSError):
                if path.lstat().st_mtime < before:
                    path.unlink()
                    removed += 1
        for name in folders:
            with contextlib.suppress(OSError):  # not empty, or a link
                Path(place, name).rmdir()
    return removed
