"""Opens the database: SQLite in the home folder, or PostgreSQL by URL; brings its tables up to date."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from safelight.errors import SafelightError
from safelight.store.tables import METADATA

FILE_NAME = "safelight.db"
HEAD = "0004"
"""The newest migration; its file is in `migrations/versions/`."""
PATIENCE = 5.0  # seconds that a statement waits for another process that has locked the database
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # what was answered with a yes is still there after a power cut
    "foreign_keys=ON",
    f"busy_timeout={int(PATIENCE * 1000)}",
)


class DatabaseBusy(SafelightError):  # noqa: N818 (says what it is where it is raised)
    """Somebody else holds the database; the same again later may go through."""


class Database:
    """Connections to one database.

    Args:
        url: As SQLAlchemy takes it: `sqlite:///…` or `postgresql+psycopg://…`.

    Attributes:
        has_vectors: Whether SQL compares vectors here, by sqlite-vec or pgvector.
        writes: Transactions of this process; another number says that something may have changed.

    Raises:
        SafelightError: It cannot be opened.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._is_sqlite = make_url(url).get_backend_name() == "sqlite"
            self._readers = _engine(url, writes=False)
            self._writer = _engine(url, writes=True) if self._is_sqlite else self._readers
            self._bring_up_to_date()
            self.has_vectors = takes_extensions() if self._is_sqlite else self._has_pgvector()
        except OperationalError as error:
            raise _told(error) from error
        except (ArgumentError, ImportError) as error:
            raise SafelightError(
                f"The database {_named(url)} cannot be opened: {error}.",
                mend="A URL is sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME; for the latter install "
                "safelight[postgres].",
            ) from error
        self._one_at_a_time = threading.Lock()
        self.writes = 0

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees what was written last.

        Raises:
            DatabaseBusy: Another process holds the database.
        """
        with _explained(), self._readers.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: all of it or nothing. SQLite takes one writer at a time, so they queue up here.

        Raises:
            DatabaseBusy: Another process holds the database.
        """
        one_at_a_time = self._one_at_a_time if self._is_sqlite else contextlib.nullcontext()
        with one_at_a_time, _explained(), self._writer.begin() as connection:
            yield connection
        self.writes += 1

    def close(self) -> None:
        """Let go of all connections."""
        self._readers.dispose()
        self._writer.dispose()

    def _has_pgvector(self) -> bool:
        from safelight.store.pgvector import prepare  # noqa: PLC0415 (an extra brings its driver)

        with self._writer.begin() as connection:
            return prepare(connection)

    def _bring_up_to_date(self) -> None:
        """Make the tables, or bring those of an older release up to this one's."""
        with self._writer.begin() as connection:
            if not inspect(connection).has_table("alembic_version"):
                METADATA.create_all(connection)
                connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
                connection.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})
                return
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if found != HEAD:
            from safelight.store.migrate import upgrade  # noqa: PLC0415 (half a second, needed once per release)

            upgrade(self._writer, found)


def takes_extensions() -> bool:
    """Whether this Python's SQLite can load extensions; some are built without that."""
    return hasattr(sqlite3.Connection, "enable_load_extension")


def database_url(url: str, home: Path) -> str:
    """The database that a setting means; empty for the one in the home folder."""
    return url or f"sqlite:///{home / FILE_NAME}"


def _engine(url: str, *, writes: bool) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=10)
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1 if writes else 8,
        max_overflow=0 if writes else 32,
        connect_args={"check_same_thread": False, "timeout": PATIENCE},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: object, _: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # transactions are begun below, at once
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]
        if takes_extensions():
            connection.enable_load_extension(True)  # type: ignore[attr-defined]
            connection.load_extension(_sqlite_vec())  # type: ignore[attr-defined]
            connection.enable_load_extension(False)  # type: ignore[attr-defined]

    if writes:

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _sqlite_vec() -> str:
    """Where the extension lies; its package is not imported, for it brings numpy (15 MiB of every server)."""
    package = find_spec("sqlite_vec")
    assert package is not None
    assert package.origin is not None
    return str(Path(package.origin).with_name("vec0"))


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise _told(error) from error


def _told(error: SQLAlchemyError) -> SafelightError:
    reason = str(getattr(error, "orig", error))
    if "locked" in reason or "busy" in reason:
        return DatabaseBusy(
            "The database is held by another program.",
            mend="Try again in a moment; close what has the database file open.",
        )
    if "full" in reason:
        return SafelightError("The disk that the database is on is full.", mend="Free some space, and try again.")
    return SafelightError(f"The database cannot be used: {reason}.", mend="Look at the disk, or at the server of it.")


def _named(url: str) -> str:
    """A URL without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "of the settings"
