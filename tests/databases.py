"""Databases to test with: SQLite, and PostgreSQL where its programs are installed."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ACCOUNT = "postgres"  # PostgreSQL refuses to run as root


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty PostgreSQL that lives until the block ends; skips the test where it is not installed."""
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which("initdb")
    if not programs and found is None:
        pytest.skip("PostgreSQL is not installed")
    where = Path(found).parent if found else programs[-1]
    with TemporaryDirectory(prefix="safelight-pg-") as folder:
        owner = None
        if os.geteuid() == 0:
            try:
                owner = pwd.getpwnam(ACCOUNT).pw_uid
            except KeyError:
                pytest.skip("PostgreSQL does not run as root, and there is no account for it")
            shutil.chown(folder, ACCOUNT)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        data = f"{folder}/data"

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [where / program, "-D", data, *arguments], check=True, capture_output=True, cwd=folder, user=owner
            )

        run("initdb", "-U", "safelight", "-A", "trust", "-E", "UTF8")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run("pg_ctl", "-w", "-o", options, "-l", f"{folder}/log", "start")
        try:
            yield f"postgresql+psycopg://safelight@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
