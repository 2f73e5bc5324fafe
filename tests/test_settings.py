from pathlib import Path

import pytest

from safelight.errors import BadInput
from safelight.settings import read_settings


@pytest.fixture(autouse=True)
def an_empty_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir()
    monkeypatch.delenv("SAFELIGHT_DTYPE", raising=False)


def test_the_command_line_comes_before_the_environment_and_that_before_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_settings().dtype == "auto"
    (home / "settings.toml").write_text('dtype = "fp32"\n')
    assert read_settings().dtype == "fp32"
    monkeypatch.setenv("SAFELIGHT_DTYPE", "bf16")
    assert read_settings().dtype == "bf16"
    assert read_settings(dtype="fp16", device=None).dtype == "fp16"


def test_the_file_is_read_from_the_home_given_on_the_command_line(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "settings.toml").write_text("cache_bytes = 5\n")
    settings = read_settings(home=other)
    assert (settings.home, settings.cache_bytes) == (other, 5)


def test_model_roots_are_a_list_in_the_file_and_a_path_in_the_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "settings.toml").write_text('model_roots = ["/a", "/b"]\n')
    assert read_settings().model_roots == (Path("/a"), Path("/b"))
    monkeypatch.setenv("SAFELIGHT_MODEL_ROOTS", "/c:/d")
    assert read_settings().model_roots == (Path("/c"), Path("/d"))


@pytest.mark.parametrize(
    ("line", "said"),
    [("dtype = 'fp12'", "dtype"), ("colour = 'red'", "colour"), ("cache_bytes = -1", "cache_bytes"), ("x y", "cannot")],
)
def test_a_wrong_setting_is_named(home: Path, line: str, said: str) -> None:
    (home / "settings.toml").write_text(line)
    with pytest.raises(BadInput, match=said):
        read_settings()
