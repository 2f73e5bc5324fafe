import sqlite3
import threading
import time
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from safelight.errors import SafelightError
from safelight.store import database
from safelight.store.assets import get_asset
from safelight.store.database import HEAD, Database, DatabaseBusy, database_url
from safelight.store.migrate import configuration, upgrade
from safelight.store.model_books import ModelUse, uses_of
from safelight.store.state import is_paused, set_paused
from safelight.store.tables import METADATA


@pytest.fixture
def url(tmp_path: Path) -> str:
    return database_url("", tmp_path)


def test_the_database_is_a_file_in_the_home_folder_unless_a_url_is_given(tmp_path: Path) -> None:
    assert database_url("", tmp_path) == f"sqlite:///{tmp_path}/safelight.db"
    assert database_url("postgresql+psycopg://somewhere", tmp_path) == "postgresql+psycopg://somewhere"


def test_what_was_written_is_there_after_opening_again(url: str) -> None:
    first = Database(url)
    with first.write() as connection:
        set_paused(connection, True)
    first.close()
    second = Database(url)
    with second.read() as connection:
        assert is_paused(connection)
    second.close()


def test_a_transaction_that_fails_leaves_nothing(url: str) -> None:
    opened = Database(url)

    def fail() -> None:
        with opened.write() as connection:
            set_paused(connection, True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with opened.read() as connection:
        assert not is_paused(connection)
    opened.close()


def test_sqlite_writes_ahead_and_to_the_disk(url: str) -> None:
    opened = Database(url)
    with opened.write() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
    opened.close()


def test_readers_do_not_wait_for_a_writer(url: str) -> None:
    opened = Database(url)
    with opened.write() as writer:
        set_paused(writer, True)
        before = time.monotonic()
        with opened.read() as reader:
            assert not is_paused(reader)
        assert time.monotonic() - before < 1
    opened.close()


def test_a_database_that_is_held_says_so_and_works_again_when_it_is_let_go(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_PRAGMAS", (*database._PRAGMAS, "busy_timeout=100"))
    opened = Database(url)
    other = sqlite3.connect(tmp_path / database.FILE_NAME)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseBusy, match="held by another program"), opened.write():
        pass
    other.rollback()
    other.close()
    with opened.write() as connection:
        set_paused(connection, True)
    opened.close()


def test_writers_of_many_threads_go_one_after_another(url: str) -> None:
    opened = Database(url)
    failures: list[Exception] = []

    def write() -> None:
        try:
            for paused in (True, False) * 5:
                with opened.write() as connection:
                    set_paused(connection, paused)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    opened.close()


def test_the_migrations_make_the_tables_of_this_release(url: str) -> None:
    engine = create_engine(url)
    upgrade(engine, None)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert not differences
    engine.dispose()


def test_tables_of_the_first_release_are_brought_up_to_date_with_what_is_in_them(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO users VALUES ('local', 'local', NULL, 1, 0, 1.0, NULL, NULL)"))
        columns = "id, user_id, state, priority, number, client_id, title, outputs, notes, models, created, ended, "
        columns += "device_seconds, crashes, restarts, engine, workflow, extra"
        for job, state, ended in (("a", "done", 5.0), ("b", "done", 7.0), ("c", "failed", 9.0)):
            values = (
                f"'{job}', 'local', '{state}', 0, 1, '', '', '[]', '{{}}', '[\"/x\"]', 1, {ended}, 0, 0, 0, '', '', ''"
            )
            connection.execute(text(f"INSERT INTO jobs ({columns}) VALUES ({values})"))
        columns = "id, user_id, folder, path, kind, mime, bytes, created, node, prompt, checkpoint, favourite"
        values = "'cat', 'local', 'output', 'cat.png', 'images', 'image/png', 1, 1.0, '', '', '', 1"
        connection.execute(text(f"INSERT INTO assets ({columns}) VALUES ({values})"))
    engine.dispose()
    opened = Database(url)
    with opened.read() as connection:
        assert uses_of(connection, None, ["/x"]) == {"/x": ModelUse(2, 7.0)}
        cat = get_asset(connection, "cat")
        assert cat is not None
        assert (cat.favourite, cat.deleted, cat.tags) == (True, None, ())
    opened.close()


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == HEAD


def test_a_new_database_has_all_tables_and_the_newest_version(url: str) -> None:
    Database(url).close()
    engine = create_engine(url)
    assert set(inspect(engine).get_table_names()) == {*METADATA.tables, "alembic_version"}
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD
    engine.dispose()


def test_a_database_of_a_newer_release_is_left_alone(url: str) -> None:
    opened = Database(url)
    with opened.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.close()
    with pytest.raises(SafelightError, match=r"newer Safelight .*9999"):
        Database(url)


@pytest.mark.parametrize("bad", ["nonsense", "mysql+nothing://x/y", "sqlite:////nowhere/at/all.db"])
def test_a_url_that_leads_nowhere_is_told_in_words(bad: str) -> None:
    with pytest.raises(SafelightError, match=r"cannot be (opened|used)"):
        Database(bad)


def test_a_password_in_a_url_is_not_shown() -> None:
    with pytest.raises(SafelightError) as caught:
        Database("mysql+nothing://someone:hunter2@somewhere/name")
    assert "hunter2" not in str(caught.value)
