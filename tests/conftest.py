"""What holds for every test: no network, and a home folder of its own."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["SAFELIGHT_FIND_PICTURES"] = "false"  # what looks at pictures takes seconds to start: where it is asked for
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command does; before torch is imported


def _is_local(family: int, address: object) -> bool:
    if family not in (socket.AF_INET, socket.AF_INET6):
        return True
    host = address[0] if isinstance(address, tuple) else str(address)
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """A test that opens a socket to anywhere but this machine fails, even where the code catches the error."""
    refused: list[object] = []
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: tuple[str, int]) -> None:
        if not _is_local(self.family, address):
            refused.append(address)
            raise OSError(f"tests have no network: {address}")
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: tuple[str, int]) -> int:
        if not _is_local(self.family, address):
            refused.append(address)
            return 101
        return connect_ex(self, address)

    def guarded_look_up(host: str | None, *args: object, **kwargs: object) -> object:
        if not _is_local(socket.AF_INET, (host or "",)):
            refused.append(host)
            raise OSError(f"tests have no network: {host}")
        return look_up(host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    yield refused
    assert not refused, f"opened a socket off loopback: {refused}"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The SAFELIGHT_HOME of this test."""
    path = tmp_path / "home"
    monkeypatch.setenv("SAFELIGHT_HOME", str(path))
    return path
