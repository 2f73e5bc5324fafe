"""Plugins, seen and enabled from the web."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from safelight.files.plugin_list import FILE_NAME
from tests.server.security.signing import add_person
from tests.serving import Served, eventually, serving, workflow

PLUGINS = "/api/v1/plugins"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A server with two plugins in its home folder."""
    folder = tmp_path / "plugins"
    (folder / "pack").mkdir(parents=True)
    (folder / "glow.py").write_text('"""Makes pictures brighter.\n\nAnd so on."""\nraise SystemExit("it was run")\n')
    (folder / "pack" / "__init__.py").write_text("x = (\n")
    (folder / "pack" / "pyproject.toml").write_text('[project]\nversion = "1.2"\ndescription = "Many nodes"\n')
    with serving(tmp_path) as running:
        yield running


def listed(served: Served) -> dict[str, dict[str, Any]]:
    return {plugin["name"]: plugin for plugin in served.http.get(PLUGINS).json()["plugins"]}


def test_what_could_be_enabled_says_what_it_is_and_nothing_of_it_is_run(served: Served) -> None:
    found = listed(served)
    assert [(name, one["version"], one["summary"], one["enabled"]) for name, one in found.items()] == [
        ("glow.py", "", "Makes pictures brighter.", False),
        ("pack", "1.2", "Many nodes", False),
    ]
    assert found["pack"]["path"] == str(served.settings.home / "plugins/pack")


def test_a_plugin_is_enabled_and_disabled_and_the_engines_start_anew(served: Served) -> None:
    (engine,) = served.fleet.engines
    eventually(lambda: engine.starts == 1 and served.http.get("/api/v1/ready").status_code == 200)
    answer = served.http.post(f"{PLUGINS}/glow.py/enable").json()
    assert (answer["engines"], answer["plugins"][0]["enabled"]) == (["pretend"], True)
    assert "plugins/glow.py" in (served.settings.home / FILE_NAME).read_text()
    eventually(lambda: engine.starts == 2)
    assert served.http.post(f"{PLUGINS}/glow.py/enable").status_code == 404
    served.http.post(f"{PLUGINS}/glow.py/disable").raise_for_status()
    eventually(lambda: engine.starts == 3)
    assert not listed(served)["glow.py"]["enabled"]
    assert served.http.post(f"{PLUGINS}/glow.py/disable").status_code == 404
    assert [station.deaths for station in served.studio.dispatcher.stations] == [0]


def test_an_engine_that_has_a_job_starts_anew_when_that_is_done(served: Served) -> None:
    (engine,) = served.fleet.engines
    job = served.http.post("/api/v1/jobs", json={"workflow": workflow("slow", steps=3)}).json()["jobs"][0]["id"]
    eventually(lambda: served.http.get(f"/api/v1/jobs/{job}").json()["state"] == "running")
    served.http.post(f"{PLUGINS}/pack/enable").raise_for_status()
    eventually(lambda: engine.starts == 2)
    eventually(lambda: served.http.get(f"/api/v1/jobs/{job}").json()["state"] == "done")
    assert engine.runs == [job]
    again = served.http.post("/api/v1/jobs", json={"workflow": workflow(seed=2)}).json()["jobs"][0]["id"]
    eventually(lambda: served.http.get(f"/api/v1/jobs/{again}").json()["state"] == "done")


@pytest.mark.parametrize("name", ["..", "%2Ftmp%2Fx.py", "plugins%2Fglow.py", "glow", "nothing"])
def test_only_what_is_listed_can_be_enabled(name: str, served: Served) -> None:
    assert served.http.post(f"{PLUGINS}/{name}/enable").status_code in (404, 422)
    assert not (served.settings.home / FILE_NAME).exists()


def test_only_admins_enable_plugins_and_see_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "glow.py").write_text("")
    with serving(tmp_path, auth="on") as served:
        ben = add_person(served.studio.database, "ben")
        assert served.http.post(f"{PLUGINS}/glow.py/enable", headers=ben).status_code == 403
        assert served.http.post(f"{PLUGINS}/glow.py/disable", headers=ben).status_code == 403
        assert served.http.get(PLUGINS, headers=ben).json()["plugins"][0]["path"] == ""
