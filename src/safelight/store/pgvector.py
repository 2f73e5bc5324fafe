"""Lets PostgreSQL compare vectors, by its extension pgvector: one more column of the table `vectors`.

It is no part of the tables that every database has. It comes when a database is opened that has the extension, or may
have it, and is filled from what is there; so the extension may be installed at any time. Only databases that are
PostgreSQL have use for this module: it needs their driver.
"""

import logging
import struct

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

log = logging.getLogger(__name__)

_TOGETHER = 1000  # vectors that are converted at once
_COLUMN = (
    "ALTER TABLE vectors ADD COLUMN embedding vector",
    "ALTER TABLE vectors ALTER COLUMN embedding SET STORAGE EXTERNAL",
    "CREATE INDEX ix_vectors_to_embed ON vectors (id) WHERE embedding IS NULL AND vector IS NOT NULL",
)
_HAS_COLUMN = (
    "SELECT EXISTS (SELECT FROM pg_attribute"
    " WHERE attrelid = to_regclass('vectors') AND attname = 'embedding' AND NOT attisdropped)"
)
_TO_EMBED = "SELECT id, vector FROM vectors WHERE embedding IS NULL AND vector IS NOT NULL LIMIT :most"
_EMBED = "UPDATE vectors SET embedding = %s WHERE id = %s"


def prepare(connection: Connection) -> bool:
    """Make and fill the column where the extension is to be had; whether SQL compares vectors now."""
    if not _has_column(connection) and not _make_column(connection):
        return False
    embed(connection)
    return True


def embed(connection: Connection) -> None:
    """Fill the column of pgvector for vectors that are new; where there is no such column, there is nothing to do."""
    if not _has_column(connection):
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor:
        cursor.adapters.register_dumper(_Vector, _AsItIs)
        while rows := connection.execute(text(_TO_EMBED), {"most": _TOGETHER}).all():
            cursor.executemany(_EMBED, [(_Vector(_binary(row.vector)), row.id) for row in rows])


class _Vector(bytes):
    """As pgvector sends and receives it; as text, it would take five times as long."""


class _AsItIs(Dumper):
    """Leaves it to the server which type the bytes are of."""

    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        """The bytes."""
        return bytes(obj)


def _binary(vector: bytes) -> bytes:
    count = len(vector) // 4
    return struct.pack(f">hh{count}f", count, 0, *struct.unpack(f"<{count}f", vector))


def _has_column(connection: Connection) -> bool:
    return bool(connection.execute(text(_HAS_COLUMN)).scalar())


def _make_column(connection: Connection) -> bool:
    """Make the column, and the extension too if that is allowed; whether it is there now."""
    known = connection.execute(text("SELECT installed_version FROM pg_available_extensions WHERE name = 'vector'"))
    found = known.one_or_none()
    if found is None:
        log.info("PostgreSQL has no pgvector, so pictures are compared in memory.")
        return False
    missing = () if found.installed_version else ("CREATE EXTENSION vector",)
    try:
        with connection.begin_nested():
            for statement in (*missing, *_COLUMN):
                connection.execute(text(statement))
    except DBAPIError as error:
        log.warning(
            "pgvector cannot be set up here, so pictures are compared in memory: %s. Have an administrator run "
            "CREATE EXTENSION vector in the database; it is used from the next start on.",
            str(error.orig).splitlines()[0].rstrip("."),
        )
        return False
    return True
