"""Removes what nobody needs any more: old temporary files, halves of files, sessions that have run out."""

import asyncio
import contextlib
import logging
import os
import time
from pathlib import Path

from safelight.errors import SafelightError
from safelight.files.folders import USERS
from safelight.files.naming import remove_parts
from safelight.server.studio import Studio
from safelight.store import accounts

log = logging.getLogger(__name__)

OLD = 24 * 3600.0  # seconds since the last change
EVERY = 24 * 3600.0


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
    return removed


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
