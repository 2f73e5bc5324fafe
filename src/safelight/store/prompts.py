"""Prompts of stored pictures."""

from sqlalchemy import Connection, func, select

from safelight.store.tables import ASSETS


def prompts_holding(connection: Connection, user: str, text: str, most: int) -> list[tuple[str, int]]:
    """The prompts of a person's pictures that hold a text, in any case, and for how many pictures each was used.

    Args:
        user: Whose.
        text: What they hold.
        most: Prompts looked at, the newest.
    """
    newest = func.max(ASSETS.c.created)
    query = (
        select(ASSETS.c.prompt, func.count())
        .where(ASSETS.c.user_id == user, ASSETS.c.folder == "output", ASSETS.c.prompt.icontains(text, autoescape=True))
        .group_by(ASSETS.c.prompt)
        .order_by(newest.desc())
        .limit(most)
    )
    return [(str(prompt), int(count)) for prompt, count in connection.execute(query)]
