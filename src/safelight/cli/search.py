"""`safelight search`: finds pictures by words or by a picture, among the studio's own or in any folder."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from safelight.cli.index import check_folder, look_through, show_progress
from safelight.cli.report import note
from safelight.cli.working import model_folders
from safelight.errors import BadInput
from safelight.files.lying import SETTLED
from safelight.settings import Settings, read_settings

if TYPE_CHECKING:
    from torch import Tensor

    from safelight.clip.looking import Eye
    from safelight.server.stocktaking import Stocktaking
    from safelight.store.assets import Asset
    from safelight.store.database import Database
    from safelight.store.vectors import Look

TOGETHER = 16  # pictures that are written down at once


def search(
    words: Annotated[str | None, typer.Argument(help="What is to be seen, as “a cat on a red background”.")] = None,
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of pictures; without one, all that the studio has.")
    ] = None,
    like: Annotated[Path | None, typer.Option(help="A picture that they should be like, in place of words.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many are wanted.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find pictures by what is in them; the most alike come first.

    What is new in the output folder, and what has not been looked at yet, is looked at first. A server may run
    meanwhile.
    """
    if like is not None and words is not None and folder is None:
        folder, words = Path(words), None
    if (words is None) == (like is None):
        raise BadInput("A search is by words or by a picture.", mend='For example: safelight search "a cat"')
    if folder is not None:
        check_folder(folder)
    from safelight.clip.looking import open_eye  # noqa: PLC0415 (torch takes a second to import)

    settings = read_settings()
    eye = open_eye(settings)
    sought = _sought(eye, words, like)
    if folder is None:
        found = _own(settings, eye, sought, count)
    else:
        nearest = look_through(settings.home, folder, eye).nearest(sought, count)
        found = [(str(one.path), one.likeness) for one in nearest]
    if as_json:
        typer.echo(json.dumps([{"picture": path, "score": round(score, 6)} for path, score in found]))
        return
    if not found:
        note("There is no picture in that folder." if folder else "There is no picture yet.")
    for path, score in found:
        typer.echo(f"{score:6.3f}  {path}")


def _sought(eye: "Eye", words: str | None, like: Path | None) -> "Tensor":
    """The vector to search with [P]."""
    if like is None:
        for sentence in eye.model.cut([words or ""]):
            note(f"Note: {sentence}")
        return eye.read([words or ""])[0]
    vectors, problems = eye.look_at([like])
    if problems[0]:
        raise BadInput(problems[0], mend="Give another picture.")
    return vectors[0]


def _own(settings: Settings, eye: "Eye", sought: "Tensor", count: int) -> list[tuple[str, float]]:
    """Paths and likeness of the studio's own pictures."""
    from safelight.clip.looking import as_bytes  # noqa: PLC0415 (as above)
    from safelight.server.stocktaking import Stocktaking  # noqa: PLC0415 (other commands need no database)
    from safelight.store import state, vectors  # noqa: PLC0415 (as above)
    from safelight.store.assets import AssetFilter, assets_by_id  # noqa: PLC0415
    from safelight.store.database import Database, database_url  # noqa: PLC0415
    from safelight.store.nearest import Nearest  # noqa: PLC0415

    database = Database(database_url(settings.database, settings.home))
    try:
        with database.write() as connection:
            state.ensure_only_user(connection)
            model = vectors.put_model(connection, eye.sha256, eye.name, eye.model.dims)
        _take_stock(Stocktaking(model_folders(settings), database))
        show_progress(_looking(database, model, eye, settings))
        near = Nearest(database).find(model, as_bytes(sought), AssetFilter(kind="images"), count)
        with database.read() as connection:
            assets = assets_by_id(connection, [one.asset for one in near])
    finally:
        database.close()
    likeness = {one.asset: one.likeness for one in near}
    paths = _paths(settings, assets)
    return [(str(path), likeness[asset.id]) for asset, path in zip(assets, paths, strict=True)]


def _take_stock(stock: "Stocktaking") -> None:
    """Take what is new in the output folders into the books, what was only just written included."""
    sum(stock.take())
    if stock.must_wait:
        time.sleep(SETTLED)
        sum(stock.take())


def _looking(database: "Database", model: int, eye: "Eye", settings: Settings) -> Iterator[tuple[int, int]]:
    """Look at what nobody has looked at; how many pictures are done, and how many there are, as it goes."""
    from safelight.store import vectors  # noqa: PLC0415 (as above)

    while True:
        with database.read() as connection:
            counts = vectors.count_looks(connection, model, None)
            assets = vectors.unseen(connection, model, TOGETHER)
        yield counts.total - counts.waiting, counts.total
        if not assets:
            return
        looks = _looked_at(eye, assets, _paths(settings, assets))
        with database.write() as connection:
            vectors.put_looks(connection, model, looks)


def _looked_at(eye: "Eye", assets: "Sequence[Asset]", paths: Sequence[Path]) -> "list[Look]":
    from safelight.clip.looking import as_bytes  # noqa: PLC0415 (as above)
    from safelight.store.vectors import looks_of  # noqa: PLC0415

    changed = [path.stat().st_mtime if path.is_file() else 0.0 for path in paths]
    found, problems = eye.look_at(paths)
    return looks_of(assets, changed, as_bytes(found), problems)


def _paths(settings: Settings, assets: "Sequence[Asset]") -> list[Path]:
    """Where the files of assets are."""
    from safelight.store.state import ONLY_USER  # noqa: PLC0415 (as above)

    folders = model_folders(settings)
    people = {user: folders.of_user("" if user == ONLY_USER else user) for user in {asset.user for asset in assets}}
    return [people[asset.user].directories[asset.folder][0] / asset.path for asset in assets]
