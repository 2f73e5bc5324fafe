"""The list of plugins that a person has enabled."""

from pathlib import Path

import pytest

from safelight.errors import BadInput
from safelight.files.plugin_list import FILE_NAME, HEAD, available, disable, enable, enabled
from tests.plugins.conftest import written


def test_the_list_is_a_file_that_says_what_it_is_for(home: Path) -> None:
    written(home / "plugins", "glow.py", "")
    enable(home, "glow.py")
    assert (home / FILE_NAME).read_text() == f"{HEAD}plugins/glow.py\n"
    assert [place.path for place in enabled(home)] == [home / "plugins/glow.py"]


def test_what_a_person_has_written_into_it_stays(home: Path, tmp_path: Path) -> None:
    written(home, FILE_NAME, "# mine\n\nglow\n")
    path = written(tmp_path / "bright", "__init__.py", "").parent
    enable(home, str(path))
    enable(home, str(path))
    assert (home / FILE_NAME).read_text() == f"# mine\n\nglow\n{path}\n"
    disable(home, "bright")
    assert (home / FILE_NAME).read_text() == "# mine\n\nglow\n"


def test_what_lies_ready_and_is_not_enabled_is_listed(home: Path) -> None:
    written(home / "plugins", "glow.py", "")
    written(home / "plugins" / "bright", "__init__.py", "")
    written(home / "plugins" / "notes", "read.txt", "")
    assert available(home) == ["bright", "glow.py"]
    enable(home, "bright")
    assert available(home) == ["glow.py"]


@pytest.mark.parametrize(
    ("name", "what", "mend"),
    [
        ("glov.py", "There is no plugin glov.py.", "Did you mean glow.py?"),
        (str(Path(__file__).parents[1] / "starter"), "There is no plugin", "put it into"),
        (str(Path(__file__).parents[2] / "docs"), "is no plugin.", "Give a .py file"),
    ],
)
def test_what_is_no_plugin_is_refused(name: str, what: str, mend: str, home: Path) -> None:
    written(home / "plugins", "glow.py", "")
    with pytest.raises(BadInput) as refused:
        enable(home, name)
    assert what in refused.value.what
    assert mend in refused.value.mend


def test_what_is_not_enabled_cannot_be_disabled(home: Path) -> None:
    with pytest.raises(BadInput, match="glow is not enabled"):
        disable(home, "glow")
