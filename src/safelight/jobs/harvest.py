"""Takes what a job made into the books of stored files."""

import json
import mimetypes
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from sqlalchemy import Connection

from safelight.files.folders import Folders
from safelight.graph.formats import parse_api
from safelight.graph.summary import summary
from safelight.protocol.events import Output
from safelight.store.assets import NewAsset, put_asset
from safelight.store.jobs import JobRow
from safelight.store.state import ONLY_USER

LONGEST_PROMPT = 10_000  # characters kept for searching


def harvest(row: JobRow, output: Output, home: Path) -> Callable[[Connection], None]:
    """What is to be written where a job has made a file.

    Args:
        row: The job.
        output: The file.
        home: The home folder.
    """

    def write(connection: Connection) -> None:
        folders = Folders.at(home).of_user("" if row.user == ONLY_USER else row.user)
        path = folders.directories[output.folder][0] / output.path
        try:
            size = path.stat().st_size
        except OSError:  # moved away by somebody: history shows what is there
            return
        width, height = _size(path)
        workflow, _ = parse_api(json.loads(row.workflow))
        made = summary(workflow, output.node) if output.node in workflow else None
        asset = NewAsset(
            user=row.user,
            folder=output.folder,
            path=output.path,
            kind=output.kind,
            mime=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
            size=size,
            width=width,
            height=height,
            job=row.id,
            node=output.node,
            prompt=made.prompt[:LONGEST_PROMPT] if made else "",
            checkpoint=made.model if made else "",
        )
        put_asset(connection, asset)

    return write


def _size(path: Path) -> tuple[int | None, int | None]:
    """Width and height of a picture, from its head."""
    try:
        with Image.open(path) as picture:
            return picture.size
    except (OSError, ValueError, Image.DecompressionBombError):
        return None, None
