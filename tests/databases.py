"""Databases to test with: SQLite, and PostgreSQL where its programs are installed."""

import contextlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ACCOUNTS = ("postgres", "nobody")
"""PostgreSQL refuses to run as root; one of these runs it then, for as long as the test."""


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty PostgreSQL that lives until the block ends; skips the test where it is not installed."""
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    where = _programs()
    if where is None:
        pytest.skip("PostgreSQL is not installed")
    with TemporaryDirectory(prefix="safelight-pg-") as folder:
        owner = None
        if os.geteuid() == 0:
            owner = _account()
            os.chown(folder, owner, -1)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        data = f"{folder}/data"

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [where / program, "-D", data, *arguments], check=True, capture_output=True, cwd=folder, user=owner
            )

        try:
            run("initdb", "-U", "safelight", "-A", "trust", "-E", "UTF8")
        except PermissionError:
            pytest.skip(f"PostgreSQL does not run as root, and others may not read {where}")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "-w", "-o", options, "-l", f"{folder}/log", "start")
        try:
            yield f"postgresql+psycopg://safelight@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")


def _programs() -> Path | None:
    """Where the programs of a PostgreSQL are; of one with pgvector, where the package `pgserver` is installed."""
    package = importlib.util.find_spec("pgserver")
    if package is not None and package.origin is not None:
        return Path(package.origin).parent / "pginstall/bin"
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def _account() -> int:
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    pytest.skip("PostgreSQL does not run as root, and there is no account for it")
