"""What the server is set to, and what a person's browser remembers."""

from pathlib import Path

import pytest

from tests.serving import Served, serving

PREFERENCES = "/api/v1/preferences"


def test_settings_are_told_without_secrets(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hunter2.db"
    with serving(tmp_path, job_seconds=77.0, database=url) as served:
        answer = served.http.get("/api/v1/settings")
    assert answer.json()["settings"]["job_seconds"] == 77.0
    assert "hunter2" not in answer.text


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
