"""What a person's browser remembers, by key."""

from sqlalchemy import Connection, delete, func, insert, select

from safelight.store.tables import PREFERENCES


def get_preference(connection: Connection, user: str, key: str) -> str | None:
    """The JSON text under a key; None where there is none."""
    text: str | None = connection.execute(
        select(PREFERENCES.c.value).where(PREFERENCES.c.user_id == user, PREFERENCES.c.key == key)
    ).scalar()
    return text


def preferences_of(connection: Connection, user: str) -> dict[str, str]:
    """All of a person's, each as JSON text."""
    query = select(PREFERENCES).where(PREFERENCES.c.user_id == user).order_by(PREFERENCES.c.key)
    return {row.key: row.value for row in connection.execute(query)}


def count_preferences(connection: Connection, user: str) -> int:
    """How many a person has."""
    query = select(func.count()).select_from(PREFERENCES).where(PREFERENCES.c.user_id == user)
    return int(connection.execute(query).scalar_one())


def set_preference(connection: Connection, user: str, key: str, value: str) -> None:
    """Keep a JSON text under a key."""
    delete_preference(connection, user, key)
    connection.execute(insert(PREFERENCES).values(user_id=user, key=key, value=value))


def delete_preference(connection: Connection, user: str, key: str) -> bool:
    """Forget a key; whether there was one."""
    which = (PREFERENCES.c.user_id == user, PREFERENCES.c.key == key)
    return connection.execute(delete(PREFERENCES).where(*which)).rowcount > 0
