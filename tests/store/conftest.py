"""A database of each kind, for the tests of tables that both must answer alike."""

from collections.abc import Iterator

import pytest

from safelight.store.database import Database, database_url
from tests.databases import postgresql


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An open database."""
    if request.param == "sqlite":
        database = Database(database_url("", tmp_path_factory.mktemp("home")))
        yield database
        database.close()
        return
    with postgresql() as url:
        database = Database(url)
        yield database
        database.close()
