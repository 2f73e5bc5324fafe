"""What the server is set to, and changing it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from safelight.settings import coming_settings, read_settings
from tests.server.security.signing import add_person
from tests.serving import Served, serving

SETTINGS = "/api/v1/settings"
FILE = 'vram = "low"  # a small card\n# and so on\ncache_bytes = 7\n'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server that was given some settings by the command line."""
    with serving(tmp_path_factory.mktemp("home"), most_nodes=77) as running:
        yield running


@pytest.fixture
def file(served: Served) -> Path:
    """Its file, as a person wrote it after the start."""
    path = served.settings.home / "settings.toml"
    path.write_text(FILE)
    return path


def changed(served: Served, **values: object) -> dict[str, Any]:
    answer = served.http.patch(SETTINGS, json=values)
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


def test_settings_are_told_without_secrets(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/hunter2.db"
    with serving(tmp_path, job_seconds=77.0, database=url) as served:
        answer = served.http.get(SETTINGS)
        assert answer.json()["settings"]["job_seconds"] == 77.0
        assert "hunter2" not in answer.text
        assert "hunter2" not in served.http.patch(SETTINGS, json={"vram": "low"}).text


def test_what_is_changed_counts_after_a_restart_and_other_lines_stay(served: Served, file: Path) -> None:
    view = changed(served, vram="high", job_seconds=60, fetch_urls=True, cache_bytes=None)
    assert file.read_text() == 'vram = "high"  # a small card\n# and so on\nfetch_urls = true\njob_seconds = 60.0\n'
    assert view["restart"] == ["fetch_urls", "job_seconds", "vram"]
    assert view["coming"] == {"vram": "high", "job_seconds": 60.0, "fetch_urls": True}
    assert view["settings"]["vram"] == "auto"
    assert served.http.get(SETTINGS).json() == view
    assert coming_settings(served.settings).job_seconds == 60.0
    assert changed(served, vram=None, job_seconds=None, fetch_urls=None)["restart"] == []


def test_what_the_command_line_and_the_environment_have_set_is_named(
    served: Served, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served.http.get(SETTINGS).json()["environment"] == ["find_pictures", "home", "most_nodes", "spare_bytes"]
    assert "most_nodes" not in changed(served, most_nodes=5)["restart"]
    monkeypatch.setenv("SAFELIGHT_VRAM", "low")
    settings = read_settings(home=served.settings.home, dtype=None)
    assert settings.before_the_file == {"find_pictures", "home", "vram"}


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"vram": "lots"}, 400),
        ({"device": "cuda:x"}, 400),
        ({"vram": "high", "dtype": "fp12"}, 400),
        ({"most_queued": 0}, 400),
        ({"model_roots": ["/nowhere/at/all"]}, 400),
        ({"model_roots": ["relative"]}, 400),
        ({"job_seconds": 0}, 422),
        ({"cache_bytes": -1}, 422),
        ({"host": "0.0.0.0"}, 422),
        ({"insecure": True}, 422),
        ({"database": "sqlite:////tmp/x.db"}, 422),
        ({"home": "/tmp"}, 422),
    ],
)
def test_what_is_refused_changes_nothing(values: dict[str, object], status: int, served: Served, file: Path) -> None:
    assert served.http.patch(SETTINGS, json=values).status_code == status
    assert file.read_text() == FILE


def test_a_folder_of_another_program_is_added_where_it_has_models(served: Served, file: Path, tmp_path: Path) -> None:
    assert served.http.patch(SETTINGS, json={"model_roots": [str(tmp_path)]}).status_code == 400
    (tmp_path / "models/checkpoints").mkdir(parents=True)
    assert changed(served, model_roots=[str(tmp_path)])["coming"]["model_roots"] == [str(tmp_path)]
    places = {place["folder"]: place["paths"] for place in served.http.get(SETTINGS).json()["folders"]}
    assert places["loras"][0] == str(served.settings.home.resolve() / "models/loras")


def test_a_file_that_cannot_be_read_is_told_and_left_alone(served: Served, file: Path) -> None:
    file.write_text("vram = lots\n")
    view = served.http.get(SETTINGS).json()
    assert (view["restart"], "cannot be read" in view["problem"]) == ([], True)
    assert served.http.patch(SETTINGS, json={"vram": "low"}).status_code == 400
    assert file.read_text() == "vram = lots\n"


def test_only_admins_change_settings_and_see_where_folders_are(tmp_path: Path) -> None:
    with serving(tmp_path, auth="on") as served:
        ben = add_person(served.studio.database, "ben")
        assert served.http.patch(SETTINGS, json={"vram": "low"}, headers=ben).status_code == 403
        answer = served.http.get(SETTINGS, headers=ben)
        assert (answer.json()["folders"], str(tmp_path) in answer.text) == ([], False)
