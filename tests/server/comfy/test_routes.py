"""All routes: those of the reference (protocol.md) are there, twice, and none breaks whatever it is sent."""

import re

import pytest

from safelight.server.comfy.routes import ROUTES
from tests.serving import Served
from tests.shared import shared_file

ROW = re.compile(r"^\| (?P<methods>[A-Z/]+) (?P<rest>/[^|]*)\|", re.MULTILINE)
PATH = re.compile(r"/[\w/{},-]*")
ELSEWHERE = {"/", "/ws"}  # the page, and the socket
FILLED = {"{path_index:int}": "0", "{name}.json": "text-to-image.json", "{name}.jpg": "text-to-image.jpg"}

BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"x"',
    b"\xff",
    b"[" * 100_000,
    b'{"prompt": 1, "delete": 1, "clear": "x", "prompt_id": [], "clientId": {}, "enabled": 1}',
    b'{"delete": [1], "prompt": {"1": {"class_type": {}, "inputs": []}}, "extra_data": {"extra_pnginfo": []}}',
    b'{"prompt": {"1": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": {}}}}}',
    b'{"unload_models": "x", "username": "\\ud800", "\\ud800": 1, "front": [], "number": 1e400}',
]
QUERIES = [
    "filename=%00&subfolder=%00&type=%00&channel=%00&preview=%00&dir=%00&path=%00",
    "filename=%ff%fe&subfolder=..%2f&type=output&dir=../&path=../&max_items=-1&offset=-99",
    "filename=a.png&preview=webp;99999999999999999999&channel=rgb&max_items=99999999999999999999999&offset=x",
    "filename=" + "x" * 3000 + "&dir=" + "y" * 3000 + "&path=" + "z" * 3000,
    "filename=CON&subfolder=a:b&type=input&dir=NUL&path=COM1&overwrite=maybe&full_info=2",
]
NAMES = ["x", "..", "%2e%2e%2f%2e%2e", "%00", "%ff", "a" * 400, "CON", "~", "a%5C..%5Cb"]


def recorded() -> set[tuple[str, str]]:
    """The routes of the reference, with `{}` for what is filled in."""
    found = set()
    for row in ROW.finditer(shared_file("reference/protocol.md").read_text()):
        methods = [each for each in row["methods"].split("/") if each]
        for place in row["rest"].split(", "):
            path = PATH.match(place.split(";")[0].strip())
            assert path
            found |= {(method, re.sub(r"\{[^}]*\}", "{}", path[0])) for method in methods}
    return found


def test_the_routes_of_the_reference_are_there() -> None:
    ours = {(method, re.sub(r"\{[^}]*\}", "{}", path)) for method, path, _ in ROUTES}
    assert len(recorded()) > 40
    assert {path for _, path in recorded() - ours} == ELSEWHERE


@pytest.mark.parametrize(("method", "path"), sorted({(method, path) for method, path, _ in ROUTES}))
def test_no_route_breaks_whatever_it_is_sent(served: Served, method: str, path: str) -> None:
    for number, body in enumerate(BODIES):
        name, query = NAMES[number % len(NAMES)], QUERIES[number % len(QUERIES)]
        target = path
        for part, filled in FILLED.items():
            target = target.replace(part, filled)
        target = re.sub(r"\{[^}]*\}", name, target)
        prefix = ("", "/api")[number % 2]
        answer = served.http.request(method, f"{prefix}{target}?{query}", content=body)
        assert answer.status_code < 500, (target, query, body[:80], answer.text[:200])
