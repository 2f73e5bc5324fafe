import io
import json
from pathlib import Path

import pytest

from safelight.cli.app import run_command
from safelight.errors import BadInput
from safelight.server.listen import listen
from safelight.server.security.credentials import digest, password_fits
from safelight.settings import read_settings
from safelight.store import accounts
from safelight.store.database import Database, database_url

PASSWORD = "correct horse battery"


def _safelight(monkeypatch: pytest.MonkeyPatch, *words: str, typed: str = "") -> int:
    """Run a command; its exit code."""
    monkeypatch.setattr("sys.argv", ["safelight", *words])
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(SystemExit) as ended:
        run_command()
    return int(ended.value.code or 0)


@pytest.fixture
def database(home: Path) -> Database:
    home.mkdir()
    return Database(database_url("", home))


def test_an_account_is_made_listed_given_another_password_and_kept_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database: Database
) -> None:
    assert _safelight(monkeypatch, "users", "add", "Ann", "--admin", typed=f"{PASSWORD}\n") == 0
    assert _safelight(monkeypatch, "users", "password", "ann", typed="another long one\n") == 0
    assert _safelight(monkeypatch, "users", "quota", "ann", "--seconds", "60", "--megabytes", "5") == 0
    assert _safelight(monkeypatch, "users", "list", "--json") == 0
    ann, local = json.loads(capsys.readouterr().out)
    assert (ann["name"], ann["admin"], local["name"]) == ("ann", True, "local")
    assert (ann["device_seconds_a_day"], ann["bytes_kept"]) == (60, 5_000_000)
    with database.read() as connection:
        kept = accounts.password_of(connection, "ann")
    assert kept is not None
    assert password_fits("another long one", kept[1])
    assert _safelight(monkeypatch, "users", "disable", "ann") == 0
    with database.read() as connection:
        assert accounts.password_of(connection, "ann") is None
    assert _safelight(monkeypatch, "users", "enable", "ann") == 0
    assert _safelight(monkeypatch, "users", "list") == 0
    assert "ann" in capsys.readouterr().out


def test_a_token_is_printed_and_kept_as_a_hash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], database: Database
) -> None:
    assert _safelight(monkeypatch, "users", "token", "local") == 0
    secret = capsys.readouterr().out.strip()
    assert secret.startswith("sl_")
    with database.read() as connection:
        found = accounts.user_by_token(connection, digest(secret))
    assert found is not None
    assert found[0].name == "local"


@pytest.mark.parametrize(
    ("words", "typed", "why"),
    [
        (("add", "ann"), "short\n", "5 characters"),
        (("add", "a b"), f"{PASSWORD}\n", "cannot be the name"),
        (("add", "local"), f"{PASSWORD}\n", "already"),
        (("password", "nobody"), f"{PASSWORD}\n", "no account called nobody"),
        (("token", "nobody"), "", "no account called nobody"),
    ],
)
def test_what_cannot_be_is_told_in_words(
    words: tuple[str, ...],
    typed: str,
    why: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    database: Database,
) -> None:
    assert _safelight(monkeypatch, "users", *words, typed=typed) == 2
    assert why in capsys.readouterr().err


@pytest.mark.parametrize("flags", [{"host": "0.0.0.0"}, {"host": "::"}, {"host": "192.0.2.1"}, {"auth": "on"}])
def test_where_people_must_sign_in_and_nobody_could_it_does_not_start(
    flags: dict[str, str], home: Path, database: Database
) -> None:
    with pytest.raises(BadInput, match="no account yet") as refused:
        listen(read_settings(port=0, **flags))
    assert "safelight users add NAME --admin" in refused.value.mend
    assert ("--insecure" in refused.value.mend) is ("host" in flags)
