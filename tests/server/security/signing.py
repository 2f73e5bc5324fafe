"""People with accounts, for tests of who may do what."""

from safelight.server.security.credentials import checked_name, digest, drawn_token, hashed_password
from safelight.store import accounts
from safelight.store.database import Database

PASSWORD = "correct horse battery"


def add_person(database: Database, name: str, *, admin: bool = False, password: str = PASSWORD) -> dict[str, str]:
    """Make an account; the header by which its requests are known."""
    secret = drawn_token()
    with database.write() as connection:
        user = accounts.add_user(
            connection, checked_name(name), password=hashed_password(password) if password else None, admin=admin
        )
        accounts.add_token(connection, user.id, "test", digest(secret))
    return {"Authorization": f"Bearer {secret}"}
