"""The page of the API, and the document that it is drawn from."""

import re
from typing import Any

import pytest

from tests import openapi_file
from tests.serving import Served

DOCS = "/api/v1/docs"
OPENAPI = "/api/v1/openapi.json"


def routes(served: Served) -> list[tuple[str, str, dict[str, Any]]]:
    document = served.http.get(OPENAPI).json()
    return [
        (path, method, route)
        for path, methods in document["paths"].items()
        if path.startswith("/api/v1/")
        for method, route in methods.items()
    ]


def test_every_route_has_a_summary_words_and_a_declared_refusal(served: Served) -> None:
    found = routes(served)
    assert len(found) > 45
    for path, method, route in found:
        assert route.get("summary"), (method, path)
        assert route.get("description"), (method, path)
        if "parameters" in route or "requestBody" in route:
            assert any(status.startswith("4") for status in route["responses"]), (method, path)


def test_every_name_of_a_route_is_its_own(served: Served) -> None:
    names = [route["operationId"] for _, _, route in routes(served)]
    assert len(set(names)) == len(names)


def test_the_page_has_no_script_or_style_written_into_it_and_fetches_nothing_from_elsewhere(served: Served) -> None:
    page = served.http.get(DOCS)
    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=", page.text)
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(named) == 3
    for name in named:
        assert served.http.get(f"/api/v1/{name}").status_code == 200
    script = served.http.get(f"{DOCS}/page.js").text
    assert not re.search(r"https?://|innerHTML|eval\(", script)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/jobs/a/b/c"])
def test_what_is_not_there_is_answered_with_where_to_look(path: str, served: Served) -> None:
    answer = served.http.get(path)
    assert (answer.status_code, DOCS in answer.json()["error"]["mend"]) == (404, True)


def test_the_web_interface_has_its_types_from_the_api_as_it_is() -> None:
    assert openapi_file.FILE.read_text(encoding="utf-8") == openapi_file.written(), "run python -m tests.openapi_file"
