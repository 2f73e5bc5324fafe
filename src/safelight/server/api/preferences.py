"""What a person's browser remembers."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel, JsonValue

from safelight.errors import BadInput
from safelight.server.access import Me
from safelight.server.api.answers import NotThere, as_text, refusals
from safelight.server.studio import TheStudio
from safelight.store import preferences as rows

router = APIRouter(prefix="/preferences", tags=["settings"])

LARGEST = 64 * 1024  # characters of a preference
MOST_KEPT = 1000  # preferences of a person

Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:-]{1,200}$")]


class Preferences(BaseModel):
    """What is kept, by key."""

    preferences: dict[str, Any]


@router.get("", responses=refusals())
def list_preferences(studio: TheStudio, me: Me) -> Preferences:
    """All that is kept for you."""
    with studio.database.read() as connection:
        kept = rows.preferences_of(connection, me.id)
    return Preferences(preferences={key: json.loads(text) for key, text in kept.items()})


@router.get("/{key}", response_model=Any, responses=refusals(404))
def show_preference(key: Key, studio: TheStudio, me: Me) -> Response:
    """What is kept under a key."""
    with studio.database.read() as connection:
        text = rows.get_preference(connection, me.id, key)
    if text is None:
        raise _unknown(key)
    return Response(text, media_type="application/json")


@router.put("/{key}", status_code=204, responses=refusals(400))
def set_preference(key: Key, value: Annotated[JsonValue, Body(examples=["dark"])], studio: TheStudio, me: Me) -> None:
    """Keep any JSON but null under a key, for you alone."""
    text = as_text(value, LARGEST)
    with studio.database.write() as connection:
        known = rows.get_preference(connection, me.id, key) is not None
        if not known and rows.count_preferences(connection, me.id) >= MOST_KEPT:
            raise BadInput(f"{MOST_KEPT} preferences are kept, which is the most.", mend="Delete some.")
        rows.set_preference(connection, me.id, key, text)


@router.delete("/{key}", status_code=204, responses=refusals(404))
def delete_preference(key: Key, studio: TheStudio, me: Me) -> None:
    """Forget a key."""
    with studio.database.write() as connection:
        if not rows.delete_preference(connection, me.id, key):
            raise _unknown(key)


def _unknown(key: str) -> NotThere:
    return NotThere(f"Nothing is kept under {key}.", mend="Look at the list of preferences.")
