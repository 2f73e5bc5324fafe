"""What a person's browser remembers."""

import pytest

from tests.serving import Served

PREFERENCES = "/api/v1/preferences"


@pytest.mark.parametrize("value", ["dark", False, 1.5, {"a": [1, {"b": "☃"}]}, []])
def test_a_preference_is_kept_as_it_is(value: object, served: Served) -> None:
    assert served.http.put(f"{PREFERENCES}/ui.theme", json=value).status_code == 204
    assert served.http.get(f"{PREFERENCES}/ui.theme").json() == value
    assert served.http.get(PREFERENCES).json() == {"preferences": {"ui.theme": value}}


def test_a_preference_is_replaced_and_forgotten(served: Served) -> None:
    for value in (1, 2):
        served.http.put(f"{PREFERENCES}/x", json=value)
    assert served.http.get(f"{PREFERENCES}/x").json() == 2
    assert served.http.delete(f"{PREFERENCES}/x").status_code == 204
    assert served.http.get(f"{PREFERENCES}/x").status_code == 404
    assert served.http.delete(f"{PREFERENCES}/x").status_code == 404


def test_preferences_are_small_and_their_keys_are_words(served: Served) -> None:
    assert served.http.put(f"{PREFERENCES}/x", json="y" * 100_000).status_code == 400
    assert served.http.put(f"{PREFERENCES}/{'x' * 201}", json=1).status_code == 422
    assert served.http.put(f"{PREFERENCES}/a%20b", json=1).status_code == 422
