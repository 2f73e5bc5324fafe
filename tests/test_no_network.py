"""The guard that keeps tests off the network does its work."""

import socket

import pytest


def test_connecting_off_loopback_is_refused_and_noticed(only_loopback: list[object]) -> None:
    with pytest.raises(OSError, match="no network"), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))
    assert only_loopback == [("192.0.2.1", 80)]
    only_loopback.clear()


def test_loopback_is_allowed() -> None:
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen()
        client.connect(server.getsockname())
