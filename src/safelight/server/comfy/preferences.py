"""`/settings`: what a person's graph editor remembers."""

import json

from starlette.responses import Response

from safelight.errors import BadInput
from safelight.server.comfy.asking import Asked, Refused, answer
from safelight.server.comfy.json_body import read_json
from safelight.store import preferences

PREFIX = "comfy:"
"""Before the keys of these clients, as others keep theirs too."""
MOST = 2000  # keys
LONGEST_KEY = 200  # characters
LONGEST_VALUE = 256 * 1024  # characters of JSON


def show(asked: Asked) -> Response:
    """`GET /settings`: all of the person's, by key."""
    with asked.studio.database.read() as connection:
        kept = preferences.preferences_of(connection, asked.me.id)
    own = {key.removeprefix(PREFIX): json.loads(value) for key, value in kept.items() if key.startswith(PREFIX)}
    return answer(own)


def show_one(asked: Asked) -> Response:
    """`GET /settings/{id}`: one of them; null where it is not set."""
    with asked.studio.database.read() as connection:
        value = preferences.get_preference(connection, asked.me.id, PREFIX + asked.path("id"))
    return answer(None if value is None else json.loads(value))


def change(asked: Asked) -> Response:
    """`POST /settings`: some are set, by key."""
    return _set(asked, asked.document())


def change_one(asked: Asked) -> Response:
    """`POST /settings/{id}`: one is set, to any JSON."""
    return _set(asked, {asked.path("id"): read_json(asked.body)})


def _set(asked: Asked, values: dict[str, object]) -> Response:
    texts = {PREFIX + key: json.dumps(value) for key, value in values.items()}
    if not all(len(key) <= LONGEST_KEY and key.isprintable() for key in values):
        raise BadInput("A setting has no proper name.", mend=f"Give up to {LONGEST_KEY} letters, digits and signs.")
    if any(len(text) > LONGEST_VALUE for text in texts.values()):
        raise Refused(413, "A setting is too large.", mend=f"Up to {LONGEST_VALUE} characters are taken.")
    with asked.studio.database.write() as connection:
        known = preferences.preferences_of(connection, asked.me.id)
        if len(known.keys() | texts.keys()) > MOST:
            raise BadInput(f"More than {MOST} settings are not kept.", mend="Remove some.")
        for key, text in texts.items():
            preferences.set_preference(connection, asked.me.id, key, text)
    return Response()
