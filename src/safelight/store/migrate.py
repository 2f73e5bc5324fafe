"""Brings tables of an older release up to this one's, by Alembic's scripts in `migrations/`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from safelight.errors import SafelightError

FOLDER = Path(__file__).with_name("migrations")


def configuration() -> Config:
    """Where the scripts are."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def upgrade(engine: Engine, found: str | None) -> None:
    """Run the migrations that are missing, in one transaction where the database can.

    Args:
        engine: To connect with.
        found: The version that the tables have; None where there are none.

    Raises:
        SafelightError: They were made by a newer release.
    """
    config = configuration()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise SafelightError(
            f"The database was made by a newer Safelight (its version is {found}).",
            mend="Update Safelight, or set another SAFELIGHT_HOME.",
        )
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
