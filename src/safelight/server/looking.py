"""Looks at every picture in the background, and finds pictures by words and by pictures."""

import asyncio
import base64
import contextlib
import logging
import math
import subprocess
import sys
import uuid
from array import array
from collections import Counter, OrderedDict
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from safelight.engine.interface import EngineLost
from safelight.engine.looker import Looker
from safelight.errors import BadInput, SafelightError
from safelight.files.folders import Folders
from safelight.files.hashes import sha256
from safelight.protocol.looking import Judged
from safelight.settings import Settings
from safelight.store import vectors
from safelight.store.assets import Asset, AssetFilter
from safelight.store.database import Database
from safelight.store.state import ONLY_USER
from safelight.store.vectors import Counts, Look, looks_of

if TYPE_CHECKING:
    from safelight.store.nearest import Near, Nearest

log = logging.getLogger(__name__)

TOGETHER = 16  # pictures of one question
OFTEN = 2.0  # seconds between looks for new pictures
AGAIN = 5.0  # seconds until the next try, where the process ended or the database is held
SETTLED = 60.0  # seconds after the start, when files are looked at for changes
DEATHS = 2  # processes that may end over a picture before it counts as one that cannot be looked at
REMEMBERED = 64  # texts whose vectors are kept
HASHES = "cache/hashes"
HANDED_IN = "cache/looking"
"""Where pictures lie that are searched with, while they are looked at."""
LONGEST_ASK = 600.0  # seconds

T = TypeVar("T")


class LookerLost(SafelightError):  # noqa: N818 (says what it is where it is raised)
    """What looks at pictures has ended; the same again later may go through."""


@dataclass(frozen=True)
class State:
    """How far looking at pictures is.

    Attributes:
        model: The CLIP's file.
        counts: Of somebody's pictures.
        problem: Why it does not go on; empty where it does.
    """

    model: str
    counts: Counts
    problem: str


@dataclass(frozen=True)
class Laid:
    """Pictures on a plane, so that those that show alike things lie together.

    Attributes:
        points: Id of a picture -> where it is, about the middle of all.
        explained: Share of all differences that lies along each of both axes; zeros where the map is no projection.
        counts: Of all pictures that were meant.
    """

    points: dict[str, tuple[float, float]]
    explained: tuple[float, float]
    counts: Counts


class Looking:
    """Keeps the vectors of all pictures, and searches in them.

    `run` is for the event loop; all else is for other threads.

    Args:
        settings: Whether pictures are looked at, and by which CLIP.
        folders: Those of the home folder.
        database: Where vectors are kept.
        looker: Looks at pictures.
    """

    def __init__(self, settings: Settings, folders: Folders, database: Database, looker: Looker) -> None:
        self._settings = settings
        self._folders = folders
        self._database = database
        self._looker = looker
        self._loop = asyncio.get_running_loop()
        self._nearest: Nearest | None = None
        self._problem = ""
        self._texts: OrderedDict[str, bytes] = OrderedDict()
        self._singly = 0  # of so many pictures each is looked at alone, as one of them may have ended the process
        self._deaths: Counter[str] = Counter()

    async def run(self) -> None:
        """Look at what is new, for as long as the server lives."""
        if not self._settings.find_pictures:
            return
        known, begun, has_compared = -1, self._loop.time(), False
        while True:
            wait = OFTEN
            try:
                if self._database.writes != known:
                    known = self._database.writes
                    await self._catch_up()
                if not has_compared and self._loop.time() - begun > SETTLED:
                    has_compared = True
                    await asyncio.to_thread(self.forget_changed)
            except EngineLost as error:
                log.warning("the process that looks at pictures %s", error.why)
                known, wait = -1, AGAIN
            except BadInput as error:  # the model cannot be loaded, which is so until the settings change
                self._problem = str(error)
                log.warning("pictures are not looked at: %s", error)
                return
            except SafelightError as error:
                log.warning("pictures wait to be looked at: %s", error)
                known, wait = -1, AGAIN
            if self._nearest is not None:
                self._nearest.rest()
            await asyncio.sleep(wait)

    def find(self, vector: bytes, wanted: AssetFilter, most: int) -> "list[Near]":
        """The pictures nearest to a vector, the nearest first; arguments as of `Nearest.find`.

        Raises:
            BadInput: The vector is none of the CLIP in use; or pictures are not looked at.
        """
        self._check_on()
        with self._database.read() as connection:
            model = vectors.model_of(connection, self._hash())
            if model is None:
                return []
            dims = vectors.dims_of(connection, model)
        if len(vector) != 4 * dims:
            raise BadInput(
                f"This search has {len(vector) // 4} numbers, and {self._settings.clip_model} has {dims}.",
                mend="Search again: another CLIP is in use since.",
            )
        if self._nearest is None:
            from safelight.store.nearest import Nearest  # noqa: PLC0415 (numpy, 15 MiB, for those who search)

            self._nearest = Nearest(self._database)
        return self._nearest.find(model, vector, wanted, most)

    def lay_out(self, wanted: AssetFilter, among: Sequence[str] | None, most: int, method: str = "pca") -> Laid:
        """Pictures on a plane, by their vectors.

        Args:
            wanted: Which; of more than `most` the newest.
            among: Ids of the only ones that count, where there are some.
            most: How many at most.
            method: A name of `safelight.maps.MAPS`.

        Raises:
            BadInput: Pictures are not looked at; or there are too few for UMAP, or it is not installed.
            LookerLost: UMAP has ended before it was done.
        """
        self._check_on()
        with self._database.read() as connection:
            model = vectors.model_of(connection, self._hash())
            counts = vectors.count_seen(connection, model, wanted)
            if model is None:
                seen = {}
            elif among is None:
                seen = vectors.newest_vectors(connection, model, wanted, most)
            else:
                seen = vectors.vectors_of(connection, model, among[:most])
        if not seen:
            return Laid({}, (0.0, 0.0), counts)
        points, explained = _on_a_plane(list(seen.values()), method)
        return Laid(dict(zip(seen, points, strict=True)), explained, counts)

    def vector_of_text(self, text: str) -> bytes:
        """What CLIP makes of a text.

        Raises:
            BadInput: Pictures are not looked at, or the CLIP of the settings cannot be loaded.
            LookerLost: The process that reads it has ended.
        """
        kept = self._texts.get(text)
        if kept is None:
            kept = self._asked(self._looker.read([text])).vectors
            self._texts[text] = kept
            while len(self._texts) > REMEMBERED:
                with contextlib.suppress(KeyError):  # another thread was first
                    self._texts.popitem(last=False)
        return kept

    def vector_of_asset(self, asset: Asset, path: Path) -> bytes:
        """What CLIP sees in a stored picture; errors as of `vector_of_picture`."""
        with self._database.read() as connection:
            model = vectors.model_of(connection, self._hash())
            kept = None if model is None else vectors.vector_of(connection, model, asset.id)
        return kept or self._vector_of(path, asset.path)

    def vector_of_picture(self, content: bytes) -> bytes:
        """What CLIP sees in a picture that is not kept.

        Raises:
            BadInput: It is none that can be read.
            LookerLost: As of `vector_of_text`.
        """
        with self._put_down(content) as path:
            return self._vector_of(path, "the picture")

    def judge(self, how: str, pictures: Sequence[Path], texts: Sequence[str], template: str = "") -> Judged:
        """Say how well pictures and texts fit; arguments as of `Looker.judge`, errors as of `vector_of_picture`."""
        return self._asked(self._looker.judge(how, pictures, texts, template))

    def state(self, user: str | None) -> State:
        """How far looking at somebody's pictures is; everybody's, where there is None."""
        problem = self._problem
        try:
            sha = self._hash()
        except BadInput as error:
            sha, problem = "", str(error)
        with self._database.read() as connection:
            counts = vectors.count_looks(connection, vectors.model_of(connection, sha), user)
        return State(self._settings.clip_model, counts, problem)

    def forget_changed(self) -> None:
        """Have pictures looked at anew whose files others have changed."""
        with self._database.read() as connection:
            model = vectors.model_of(connection, self._hash())
            if model is None:
                return
            stale = [
                place.asset
                for place in vectors.places(connection, model)
                if (changed := _changed(self._place(place.user, place.folder, place.path))) is not None
                and changed != place.changed
            ]
        if stale:
            with self._database.write() as connection:
                vectors.forget_looks(connection, stale)

    async def _catch_up(self) -> None:
        """Look at everything that nobody has looked at."""
        sha = await asyncio.to_thread(self._hash)
        while assets := await asyncio.to_thread(self._unseen, sha):
            ready = await self._looker.ready()
            looks = await self._looked_at(assets)
            await asyncio.to_thread(self._keep, ready.sha256, ready.dims, looks)
        await asyncio.to_thread(self._forget_others, sha)

    def _unseen(self, sha: str) -> list[Asset]:
        limit = 1 if self._singly else TOGETHER
        with self._database.read() as connection:
            model = vectors.model_of(connection, sha)
            return vectors.unseen(connection, -1 if model is None else model, limit)

    def _keep(self, sha: str, dims: int, looks: Sequence[Look]) -> None:
        with self._database.write() as connection:
            model = vectors.put_model(connection, sha, self._settings.clip_model, dims)
            vectors.put_looks(connection, model, looks)

    def _forget_others(self, sha: str) -> None:
        with self._database.read() as connection:
            model = vectors.model_of(connection, sha)
            if model is None or not vectors.has_others(connection, model):
                return
        with self._database.write() as connection:
            vectors.forget_other_models(connection, model)

    async def _looked_at(self, assets: Sequence[Asset]) -> list[Look]:
        there: dict[Asset, Path] = {}
        looks = []
        for asset in assets:
            path = self._place(asset.user, asset.folder, asset.path)
            if _changed(path) is None:
                looks.append(Look(asset, 0.0, problem=f"The file {asset.path} is gone."))
            elif self._deaths[asset.id] >= DEATHS:
                looks.append(Look(asset, _changed(path) or 0.0, problem="What looked at it ended over it."))
            else:
                there[asset] = path
        changed = [_changed(path) or 0.0 for path in there.values()]
        try:
            seen = await self._looker.look_at(list(there.values()), background=True)
        except EngineLost:
            if len(there) == 1:
                self._deaths.update(asset.id for asset in there)
            self._singly = max(self._singly, len(there))
            raise
        self._singly = max(0, self._singly - 1)
        looks += looks_of(list(there), changed, seen.vectors, seen.problems)
        return looks

    def _vector_of(self, path: Path, name: str) -> bytes:
        seen = self._asked(self._looker.look_at([path]))
        if seen.problems[0]:
            raise BadInput(seen.problems[0].replace(path.name, name), mend="Choose another picture.")
        return seen.vectors

    def _asked(self, question: Coroutine[Any, Any, T]) -> T:
        try:
            self._check_on()
        except BadInput:
            question.close()
            raise
        try:
            return asyncio.run_coroutine_threadsafe(question, self._loop).result(LONGEST_ASK)
        except EngineLost as error:
            raise LookerLost(f"The process that looks at pictures {error.why}.", mend="Try again.") from error
        except TimeoutError as error:
            raise LookerLost("The process that looks at pictures does not answer.", mend="Try again.") from error

    def _check_on(self) -> None:
        if not self._settings.find_pictures:
            raise BadInput("Pictures are not looked at here.", mend="Turn `find_pictures` on in the settings.")

    def _hash(self) -> str:
        path = self._folders.resolve("clip_vision", self._settings.clip_model)
        return sha256(path, self._settings.home / HASHES)

    def _place(self, user: str, folder: str, path: str) -> Path:
        folders = self._folders if user == ONLY_USER else self._folders.of_user(user)
        return folders.directories[folder][0] / path

    @contextlib.contextmanager
    def _put_down(self, content: bytes) -> Iterator[Path]:
        folder = self._settings.home / HANDED_IN
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / uuid.uuid4().hex
        try:
            path.write_bytes(content)
            yield path
        finally:
            path.unlink(missing_ok=True)


def _on_a_plane(seen: Sequence[bytes], method: str) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """Where vectors lie on a map, and the shares of all differences that both axes have."""
    import numpy as np  # noqa: PLC0415 (15 MiB, for those who look at a map)

    from safelight.maps import TOLD, pca  # noqa: PLC0415 (the same)

    if method == "pca":
        plane = pca(np.frombuffer(b"".join(seen), "<f4").reshape(len(seen), -1))
        points, (along, across) = plane.points, plane.explained.round(4).tolist()
    else:
        program = [sys.executable, "-m", "safelight.maps", method, str(len(seen[0]) // 4)]
        done = subprocess.run(program, input=b"".join(seen), capture_output=True, check=False)
        if done.returncode == TOLD:
            *_, what, mend = done.stderr.decode(errors="replace").splitlines()
            raise BadInput(what, mend=mend)
        if done.returncode != 0:
            log.warning("a map by %s: %s", method, done.stderr.decode(errors="replace"))
            raise LookerLost("What draws the map has ended before it was done.", mend="Choose PCA, or try again.")
        points, along, across = np.frombuffer(done.stdout, "<f4").reshape(-1, 2), 0.0, 0.0
    return [(x, y) for x, y in points.round(4).tolist()], (along, across)


def packed(vector: bytes) -> str:
    """A vector as a short word for an address: each number in a byte, the largest as 127."""
    numbers = array("f", vector)
    largest = max(map(abs, numbers))
    return (
        base64.urlsafe_b64encode(array("b", [round(number / largest * 127) for number in numbers])).decode().rstrip("=")
    )


def unpacked(word: str) -> bytes:
    """The vector that `packed` wrote, of length one.

    Raises:
        BadInput: It is none.
    """
    try:
        numbers = array("b", base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)))
        length = math.hypot(*numbers)
        return array("f", [number / length for number in numbers]).tobytes()
    except (ValueError, ZeroDivisionError) as error:
        raise BadInput("The search is cut off.", mend="Drop the picture again.") from error


def _changed(path: Path) -> float | None:
    """When a file was changed last; None where it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None
