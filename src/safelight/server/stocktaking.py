"""Takes pictures into the books that nobody told of: those that commands made, and that people put among the others.

They are found by looking into everybody's output folder, again and again, which costs next to nothing while nothing
has come. A picture is taken when it is whole; what cannot be read is told once, and tried again when it has changed.
"""

import asyncio
import logging
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from safelight.errors import BadInput, SafelightError
from safelight.files.embedded import embedded
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.files.lying import Lying, can_be_listed, is_as_before, is_fresh, lying_in
from safelight.files.picture_files import DAMAGE, PARAMETERS, frames, opened
from safelight.files.recipes import named
from safelight.graph.a1111_text import parse_parameters
from safelight.graph.formats import parse_api
from safelight.graph.summary import summary
from safelight.graph.told import document_in
from safelight.graph.wish_of import shown_by, sound
from safelight.jobs.harvest import LONGEST_PROMPT
from safelight.store.accounts import users
from safelight.store.assets import NewAsset, paths_in, put_found
from safelight.store.database import Database
from safelight.store.state import ONLY_USER

log = logging.getLogger(__name__)

FOLDER = "output"
TOGETHER = 16  # pictures of one transaction
OFTEN = 2.0  # seconds between looks
SELDOM = 50  # times as long as a look has taken, until the next
AGAIN = 10.0  # seconds until the next try, where the database is held
LONGEST_CHECKPOINT = 255  # characters, as the books have room for

Mark = tuple[int, int]
"""By which a file is known that has not changed: when it was, in nanoseconds since 1970, and its size."""


class Stocktaking:
    """Looks for pictures that are not in the books.

    Attributes:
        must_wait: Whether the last time passed over a picture that may not be whole yet.

    Args:
        folders: Those of the home folder.
        database: The books.
    """

    def __init__(self, folders: Folders, database: Database) -> None:
        self.must_wait = False
        self._folders = folders
        self._database = database
        self._people: list[str] = []
        self._writes = -1
        self._lying: dict[str, Lying] = {}
        self._unreadable: dict[Path, Mark] = {}
        self._spent = 0.0  # seconds that the last look took

    async def run(self) -> None:
        """Look again and again, for as long as the server lives."""
        while True:
            wait = OFTEN
            try:
                await self._look()
            except (SafelightError, OSError) as error:
                log.warning("pictures wait to be taken into the books: %s", error)
                wait = AGAIN
            await asyncio.sleep(max(wait, SELDOM * self._spent))

    def take(self) -> Generator[int]:
        """Take what is new into the books; how many pictures after each few of them.

        Raises:
            DatabaseBusy: Somebody else holds the database; the next time goes on from there.
        """
        begun = time.perf_counter()
        new = {user: lying for user in self._everybody() if (lying := self._new(user))}
        self._spent = time.perf_counter() - begun
        checkpoints = self._folders.list("checkpoints") if any(lying.names for lying in new.values()) else ()
        self.must_wait = False
        for user, lying in new.items():
            for first in range(0, len(lying.names), TOGETHER):
                yield self._take(user, lying.names[first : first + TOGETHER], checkpoints)
            if not self.must_wait:
                self._lying[user] = replace(lying, names=())

    async def _look(self) -> None:
        taking, count = self.take(), 0
        while True:
            begun = time.perf_counter()
            taken = await asyncio.to_thread(next, taking, None)
            if taken is None:
                break
            count += taken
            await asyncio.sleep(time.perf_counter() - begun)  # whoever waits for a processor goes first
        if count:
            log.info("%s pictures were found and taken into the books", count)

    def _everybody(self) -> list[str]:
        writes = self._database.writes
        if writes != self._writes:
            with self._database.read() as connection:
                self._people = [user.id for user in users(connection)]
            self._writes = writes
        return self._people

    def _new(self, user: str) -> Lying | None:
        """The pictures of a person that are not in the books; None where nothing has come since they were taken."""
        top = self._top(user)
        before = self._lying.get(user)
        if before is not None and is_as_before(before) and not self._is_mended():
            return None
        models = [place for kind in MODEL_FOLDERS for place in self._folders.directories[kind]]
        lying = lying_in(top, models)  # a picture beside a model shows what that makes
        if lying.names:
            with self._database.read() as connection:
                known = paths_in(connection, user, FOLDER)
            new = (name for name in lying.names if name not in known and can_be_listed(name))
            lying = replace(lying, names=tuple(new))
        return lying

    def _take(self, user: str, names: Sequence[str], checkpoints: Sequence[str]) -> int:
        top = self._top(user)
        found = [(top / name, one) for name in names if (one := self._looked_at(user, top / name, name, checkpoints))]
        if not found:
            return 0
        with self._database.write() as connection:
            return put_found(connection, [one for path, one in found if path.is_file()])

    def _looked_at(self, user: str, path: Path, name: str, checkpoints: Sequence[str]) -> tuple[NewAsset, float] | None:
        """A picture as it goes into the books, and when it was made; None where it must wait."""
        try:
            status = path.stat()
        except OSError:
            return None
        mark = (status.st_mtime_ns, status.st_size)
        if is_fresh(status.st_ctime):
            self.must_wait = True
            return None
        if self._unreadable.get(path) == mark:
            return None
        try:
            asset = found_asset(user, path, name, status.st_size, checkpoints)
        except BadInput as error:
            self._unreadable[path] = mark
            log.warning("%s is not taken among the pictures: %s", path, error)
            return None
        self._unreadable.pop(path, None)
        return asset, min(status.st_mtime, time.time())

    def _is_mended(self) -> bool:
        """Whether a file that could not be read has changed since."""
        return any(_mark(path) != mark for path, mark in self._unreadable.items())

    def _top(self, user: str) -> Path:
        folders = self._folders if user == ONLY_USER else self._folders.of_user(user)
        return folders.directories[FOLDER][0]


def found_asset(user: str, path: Path, name: str, size: int, checkpoints: Sequence[str]) -> NewAsset:
    """A picture that lies in an output folder, as it goes into the books.

    Args:
        user: Whose folder it is.
        path: The file.
        name: What it is called in the folder.
        size: Of the file, in bytes.
        checkpoints: As they are listed.

    Raises:
        BadInput: It is none that can be read, or not all of it is there.
    """
    with opened(path) as file:
        mime = Image.MIME.get(file.format or "", "application/octet-stream")
        picture = next(frames(file, path))
    try:
        prompt, checkpoint = _made_with(embedded(path), checkpoints)
    except (BadInput, *DAMAGE):  # what other programs wrote about it makes no sense, and it is a picture all the same
        prompt, checkpoint = "", ""
    return NewAsset(
        user=user,
        folder=FOLDER,
        path=name,
        kind="images",
        mime=mime,
        size=size,
        width=picture.width,
        height=picture.height,
        prompt=_storable(prompt)[:LONGEST_PROMPT],
        checkpoint=_storable(checkpoint) if len(checkpoint) <= LONGEST_CHECKPOINT else "",
    )


def _made_with(texts: Mapping[str, str], checkpoints: Sequence[str]) -> tuple[str, str]:
    """Prompt and checkpoint by what a picture tells; empty where it does not."""
    document = document_in(texts.get("prompt", ""))
    if document is not None:
        workflow = sound(parse_api(document)[0])
        shown = shown_by(workflow)
        made = summary(workflow, shown) if shown else None
        return (made.prompt, made.model) if made else ("", "")
    said = parse_parameters(texts.get(PARAMETERS, ""))
    if said is None:
        return "", ""
    return said.prompt, named(checkpoints, said.settings.get("Model", "")) or ""


def _storable(text: str) -> str:
    """A text without what databases refuse: a zero, and halves of characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _mark(path: Path) -> Mark | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
