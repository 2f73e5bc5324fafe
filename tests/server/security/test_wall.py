"""Hosts, origins, headers and limits, each as a browser or a hostile client meets it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from safelight.server.security.headers import HEADERS
from safelight.server.security.hosts import name_of
from safelight.server.security.reach import is_loopback
from tests.serving import Served, serving

FRIEND = "https://studio.example"
STRANGE_ORIGINS = [
    "https://evil.example",
    "http://localhost:1",
    "http://127.0.0.1",
    "null",
    "",
    "file://",
    "http://127.0.0.1.evil.example:{port}",
    "http://evil.example/127.0.0.1:{port}",
    "http://127.0.0.1:{port}@evil.example",
    "http://[::1",
    "https://studio.example.evil.example",
    "chrome-extension://127.0.0.1:{port}",
]
BODY_BYTES = 50_000


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that another page may use."""
    with serving(
        tmp_path_factory.mktemp("wall"),
        allowed_origins=(FRIEND,),
        allowed_hosts=("studio.local",),
        body_bytes=BODY_BYTES,
        upload_bytes=2 * BODY_BYTES,
    ) as running:
        yield running


def _port(served: Served) -> str:
    return served.url.rpartition(":")[2]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:1", "[::1]:8188", "192.168.0.7", "localhost:8188", "STUDIO.local", "localhost."]
)
def test_its_own_names_and_numbers_are_answered(host: str, served: Served) -> None:
    assert served.http.get("/api/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8188", "studio.local.evil.example", "a b"],
)
def test_another_name_is_not_answered(host: str, served: Served) -> None:
    answer = served.http.get("/api/v1/health", headers={"Host": host})
    assert answer.status_code in (400, 421)  # the first from the parser, where it cannot be a name at all
    if answer.status_code == 421:
        assert "allowed_hosts" in answer.json()["error"]["mend"]


@pytest.mark.parametrize(
    "request_", [b"GET /queue HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nHost: 127.0.0.1\r\n\r\n"]
)
def test_no_name_and_two_names_are_not_answered(request_: bytes, served: Served) -> None:
    with socket.create_connection(("127.0.0.1", int(_port(served))), timeout=10) as connection:
        connection.sendall(request_)
        assert connection.recv(100).split()[1] in (b"400", b"421")


@pytest.mark.parametrize(
    ("host", "name"), [("a:1", "a"), ("a", "a"), ("[::1]:1", "::1"), ("[::1]", "::1"), ("A.B.", "a.b"), ("", "")]
)
def test_the_name_in_a_host_header(host: str, name: str) -> None:
    assert name_of(host) == name


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.0.1", "example.com", "localhost.evil.example"])
def test_what_others_can_reach_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "::1", "localhost")))


@pytest.mark.parametrize("origin", STRANGE_ORIGINS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_pages_of_elsewhere_are_refused(method: str, origin: str, served: Served) -> None:
    headers = {"Origin": origin.format(port=_port(served))}
    answer = served.http.request(method, "/api/v1/session", headers=headers)
    assert answer.status_code == 403
    assert "allowed_origins" in answer.json()["error"]["mend"]
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", STRANGE_ORIGINS)
def test_websockets_of_pages_elsewhere_are_refused(origin: str, served: Served) -> None:
    origin = origin.format(port=_port(served))
    for path in ("/ws", "/api/v1/events/ws", "/nothing"):
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(served.url.replace("http", "ws") + path, additional_headers={"Origin": origin}),
        ):
            pass
        assert refused.value.response.status_code == 403
        assert b"may not use this server" in refused.value.response.body


def test_a_websocket_of_another_name_is_refused(served: Served) -> None:
    with (
        socket.create_connection(("127.0.0.1", int(_port(served)))) as raw,
        pytest.raises(InvalidStatus) as refused,
        connect("ws://evil.example/ws", sock=raw),
    ):
        pass
    assert refused.value.response.status_code == 421


@pytest.mark.parametrize("origin", ["http://127.0.0.1:{port}", "https://127.0.0.1:{port}"])
def test_its_own_pages_are_answered(origin: str, served: Served) -> None:
    answer = served.http.post("/api/v1/session", headers={"Origin": origin.format(port=_port(served))}, json={})
    assert answer.status_code == 422
    assert "access-control-allow-origin" not in answer.headers


def test_behind_a_proxy_that_ends_tls_its_own_pages_are_known_by_the_host(served: Served) -> None:
    headers = {"Origin": "https://studio.local", "Host": "studio.local"}
    assert served.http.post("/api/v1/session", headers=headers, json={}).status_code == 422


def test_a_page_of_the_settings_is_answered_and_told_so(served: Served) -> None:
    answer = served.http.get("/api/v1/health", headers={"Origin": FRIEND})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-origin" not in served.http.get("/api/v1/health").headers


def test_options_is_always_answered_200_but_promises_nothing_to_strangers(served: Served) -> None:
    for path in ("/prompt", "/api/v1/session", "/nothing"):
        friend = served.http.options(path, headers={"Origin": FRIEND, "Access-Control-Request-Method": "DELETE"})
        stranger = served.http.options(path, headers={"Origin": "https://evil.example"})
        assert friend.status_code == stranger.status_code == 200
        assert "DELETE" in friend.headers["access-control-allow-methods"]
        assert not [name for name in stranger.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/api/v1/health", {}),
        ("GET", "/nothing", {}),
        ("POST", "/api/v1/session", {}),
        ("OPTIONS", "/prompt", {}),
        ("GET", "/api/v1/health", {"Host": "evil.example"}),
        ("POST", "/api/v1/session", {"Origin": "https://evil.example"}),
        ("POST", "/api/v1/session", {"Content-Length": "99999999"}),
    ],
)
def test_every_answer_has_the_headers(method: str, path: str, headers: dict[str, str], served: Served) -> None:
    body = b"x" * 99999 if "Content-Length" in headers else b""
    answer = served.http.request(method, path, headers={**headers, "Content-Length": str(len(body))}, content=body)
    assert (
        HEADERS.items() <= {name.title().replace("Xss", "XSS"): value for name, value in answer.headers.items()}.items()
    )


def test_scripts_are_of_this_server_only() -> None:
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not {"script-src", "style-src", "connect-src"} & set(policy)  # as default-src says
    assert "unsafe" not in str(policy)


@pytest.mark.parametrize("is_chunked", [False, True])
@pytest.mark.parametrize(
    ("kind", "most"), [("application/json", BODY_BYTES), ("multipart/form-data; boundary=x", 2 * BODY_BYTES)]
)
def test_a_body_that_is_too_large_is_answered_413(kind: str, most: int, is_chunked: bool, served: Served) -> None:
    def body(size: int) -> Iterator[bytes]:
        yield from (b"x" * 10_000 for _ in range(size // 10_000))

    for size, is_refused in ((most, False), (most + 10_000, True)):
        content = body(size) if is_chunked else b"".join(body(size))
        answer = served.http.post("/api/v1/session", content=content, headers={"Content-Type": kind})
        assert (answer.status_code == 413) is is_refused, answer.text
        if is_refused:
            assert str(most) in answer.json()["error"]["what"]
            assert "upload_bytes" in answer.json()["error"]["mend"]


def test_a_length_that_is_no_number_is_refused(served: Served) -> None:
    for length in (b"-1", b"1e9", b"9" * 5000, b"0x10", "٣".encode()):
        with socket.create_connection(("127.0.0.1", int(_port(served))), timeout=10) as connection:
            connection.sendall(
                b"POST /api/v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + length + b"\r\n\r\n"
            )
            connection.shutdown(socket.SHUT_WR)
            status = connection.recv(100).split()
            assert not status or status[1] in (b"400", b"413")


def test_an_unexpected_mistake_is_answered_with_the_headers_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as served:
        monkeypatch.setattr("safelight.store.accounts.usage_of", lambda *_: 1 / 0)
        answer = served.http.get("/api/v1/me")
    assert answer.status_code == 500
    assert "ZeroDivisionError" in answer.json()["error"]["what"]
    assert "Traceback" not in answer.text
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]
