"""The built pages are given to everybody, packed as the browser takes them."""

import gzip
import os
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from safelight.server.pages import FOREVER, Pages
from tests.serving import Served, serving


async def behind(_: Request) -> PlainTextResponse:
    return PlainTextResponse("behind")


def client(folder: Path) -> TestClient:
    routes = [Route(path, behind, methods=["GET", "POST"]) for path in ("/", "/queue", "/web/x.js")]
    return TestClient(Pages(Starlette(routes=routes), folder))


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "web").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Safelight</title>")
    (tmp_path / "web/x.js").write_text("let x = 1")
    (tmp_path / "web/x.js.gz").write_bytes(gzip.compress(b"let x = 1"))
    return tmp_path


def test_the_front_page_is_the_interface(built: Path) -> None:
    answer = client(built).get("/")
    assert "<title>Safelight</title>" in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_file_named_by_its_content_is_kept_for_good_and_sent_packed(built: Path) -> None:
    answer = client(built).get("/web/x.js", headers={"Accept-Encoding": "gzip, deflate"})
    assert (answer.headers["content-encoding"], answer.headers["cache-control"]) == ("gzip", FOREVER)
    assert answer.text == "let x = 1"
    plain = client(built).get("/web/x.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers


@pytest.mark.parametrize("path", ["/queue", "/web/%2e%2e/index.html", "/web/x.js.gz", "/web"])
def test_what_is_no_built_file_goes_on_to_what_stands_behind(built: Path, path: str) -> None:
    answer = client(built).get(path)
    assert answer.text in ("behind", "Not Found")


def test_what_is_built_anew_is_given_without_a_new_start(built: Path) -> None:
    visitor = client(built)
    (built / "web/y.js").write_text("let y = 2")
    (built / "index.html").write_text("<!doctype html><title>anew</title>")
    os.utime(built / "index.html", (1, 1))
    assert "anew" in visitor.get("/").text
    assert visitor.get("/web/y.js").text == "let y = 2"


def test_a_page_takes_no_data(built: Path) -> None:
    assert client(built).post("/web/x.js").text == "behind"


def test_without_a_built_interface_the_front_page_leads_to_that_of_the_api(tmp_path: Path) -> None:
    answer = client(tmp_path).get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/api/v1/docs")


def test_strangers_see_the_page_and_nothing_else(tmp_path: Path) -> None:
    with serving(tmp_path, auth="on") as served:
        assert _front(served).status_code in (200, 307)
        assert served.http.get("/api/v1/jobs").status_code == 401


def _front(served: Served) -> httpx2.Response:
    return served.http.get("/", follow_redirects=False)
