"""`safelight plugins`, and the other commands with plugins enabled."""

import json
from pathlib import Path

import pytest

from safelight.nodes.registry import BUILTIN
from safelight.plugins.loading import library
from tests.cli.conftest import Command, Process, files_of
from tests.plugins.conftest import PACK, forgotten, written

__all__ = ["forgotten"]  # used by name, for every test here

MARKED = """
from pathlib import Path
from safelight.graph.node import node
Path({mark!r}).touch()

@node("Shout", category="text", output=True)
def shout(*, text: str = "hello") -> None:
    \"\"\"Shout.\"\"\"
"""


@pytest.fixture
def shout(home: Path, tmp_path: Path) -> Path:
    """A plugin in the home folder, which leaves a mark when it is imported; where the mark is."""
    written(home / "plugins", "shout.py", MARKED.format(mark=str(tmp_path / "mark")))
    return tmp_path / "mark"


def test_a_plugin_is_enabled_listed_and_disabled(home: Path, shout: Path, process: Process) -> None:
    def run(*arguments: str) -> tuple[str, str]:
        done = process(*arguments)
        out, err = done.communicate(timeout=120)
        assert done.returncode == 0, err
        return out, err

    out, _ = run("plugins")
    assert "No plugin is enabled" in out
    assert "Not enabled, and not loaded: shout.py." in out
    assert not shout.exists()
    _, err = run("plugins", "enable", "shout.py")
    assert err == "shout is enabled. `safelight plugins` says what it adds.\n"
    assert not shout.exists()
    out, _ = run("plugins")
    assert out == f"shout  ({home}/plugins/shout.py)\n  nodes: Shout\n"
    assert shout.exists()
    run("plugins", "disable", "shout")
    assert files_of(home) == {"plugins.txt", "plugins/shout.py"}
    out, _ = run("plugins", "--json")
    assert json.loads(out) == {"enabled": [], "available": ["shout.py"]}


def test_a_workflow_runs_with_what_plugins_add(home: Path, tmp_path: Path, command: Command) -> None:
    library.cache_clear()
    (home / "input").mkdir(parents=True)
    assert command("plugins", "enable", PACK).code == 0
    broken = written(tmp_path, "broken.py", "1 / 0")
    command("plugins", "enable", broken)
    workflow = {
        "1": {"class_type": "PackSplit", "inputs": {"text": "x y"}},
        "2": {"class_type": "PackShow", "inputs": {"value": ["1", 0]}},
    }
    file = written(tmp_path, "flow.json", json.dumps(workflow))
    result = command("run", file)
    assert (result.code, result.out) == (0, "x\ny\n")
    assert "Note: the plugin broken could not be loaded (ZeroDivisionError: division by zero)" in result.err
    assert "the pack says hello" in result.err
    listed = json.loads(command("plugins", "--json").out)["enabled"]
    assert [plugin["name"] for plugin in listed] == ["broken", "pack"]
    assert listed[0]["error"] == "ZeroDivisionError: division by zero"


def test_a_workflow_that_needs_a_plugin_which_is_not_enabled_names_the_node(tmp_path: Path, command: Command) -> None:
    library.cache_clear()
    assert "Shout" not in BUILTIN
    file = written(tmp_path, "flow.json", json.dumps({"1": {"class_type": "Shout", "inputs": {}}}))
    result = command("run", file)
    assert result.code == 2
    assert 'There is no node type "Shout"' in result.err


def test_a_plugin_that_is_not_there_is_an_error_in_words(command: Command) -> None:
    result = command("plugins", "enable", "absent")
    assert result.code == 2
    assert "There is no plugin absent." in result.err
