"""Names that climb, files that swell, and requests of strangers: what somebody sends who means harm.

Routes are taken from the tables of the server, so that those that are added are tried too.
"""

import io
import json
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from safelight.errors import BadInput
from safelight.graph.catalog_json import catalog_from_json
from safelight.graph.estimate import Machine
from safelight.jobs.admission import admit
from safelight.server.comfy.routes import ROUTES
from tests.server.security.signing import add_person
from tests.serving import Served, catalog_document, eventually, serving

SECRET = "nobody-is-to-read-this"
NAMES = (
    "../secret.txt",
    "../../secret.txt",
    "..\\..\\secret.txt",
    "a/../../../secret.txt",
    "....//....//secret.txt",
    "..%2f..%2fsecret.txt",
    "{outside}/secret.txt",
    "file://{outside}/secret.txt",
    "/etc/passwd",
    "C:\\secret.txt",
    "\\\\server\\share\\secret.txt",
    "link.txt",
    "link.png",
    "away/secret.txt",
    "loop",
    "secret.txt\0.png",
    "\0",
    "NUL",
    "con.png",
    "COM1.txt",
    "x.txt:stream",
    "x.txt.",
    ".",
    "..",
    "",
    " ",
    "~",
    "-rf",
    "a" * 300,
    "a/" * 600,
    "x\ny",
    "😀" * 70,
)
"""Names of files, as they come in from outside; `{outside}` is the folder around the home folder."""
QUERY = ("filename", "subfolder", "dir", "path", "name", "channel", "preview")
NAMING = {
    "/view",
    "/view_metadata/{folder}",
    "/userdata",
    "/v2/userdata",
    *(f"/api/v1/models/{{folder}}/{what}" for what in ("details", "hash", "preview")),
}
"""Routes that take names behind the `?`."""
FIELDS = {
    "/upload/image": ("filename", "subfolder", "type"),
    "/upload/mask": ("filename", "original_ref"),
    "/api/v1/assets": ("filename", "name"),
}
IDS = ("job", "prompt_id", "asset", "workflow", "user", "token")
"""Parameters that name no file, for which a few names are enough."""
PARAMETERS = {"path_index": "0"}  # numbers, which nothing else fits
SLOWEST = 10.0  # seconds for one request
STREAMS = "/api/v1/events"


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder around the home folder, with files that nobody may read."""
    folder = tmp_path_factory.mktemp("outside")
    for name in ("secret.txt", "secret.png", "secret.json", "secret.safetensors"):
        (folder / name).write_text(SECRET)
    return folder


@pytest.fixture(scope="module")
def served(outside: Path) -> Iterator[Served]:
    """A server in whose folders links lead out."""
    with serving(outside / "home") as running:
        folders = running.studio.folders
        for directory in {directories[0] for directories in folders.directories.values()}:
            directory.mkdir(parents=True, exist_ok=True)
            for ending in ("txt", "png", "safetensors"):
                (directory / f"link.{ending}").symlink_to(outside / f"secret.{ending}")
            (directory / "away").symlink_to(outside)
            (directory / "loop").symlink_to(directory / "loop")
        eventually(lambda: running.http.get("/api/v1/ready").status_code == 200)
        yield running


@pytest.fixture(scope="module")
def routes(served: Served) -> list[tuple[str, str]]:
    """Method and path of every route of both APIs."""
    ours = served.http.get("/api/v1/openapi.json").json()["paths"]
    found = [(method.upper(), path) for path, methods in ours.items() for method in methods]
    found += [(method, path.replace(":path", "").replace(":int", "")) for method, path, _ in ROUTES]
    assert len(found) > 80
    return [route for route in found if route[1] != STREAMS]


def _filled(path: str, name: str) -> str:
    """A route's path with a name for each of its parameters."""
    parts = path.split("{")
    filled = parts[0]
    for part in parts[1:]:
        parameter, _, rest = part.partition("}")
        filled += PARAMETERS.get(parameter, quote(name, safe="")) + rest
    return filled


def _around(outside: Path) -> dict[str, bytes]:
    """What is in the folder around the home folder."""
    return {path.name: path.read_bytes() for path in outside.iterdir() if path.is_file()}


def _png(width: int, height: int, data: bytes = b"") -> bytes:
    """A PNG that says to be of a size."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + data
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(file, format="PNG")
    return file.getvalue()


def test_no_name_in_a_path_or_a_query_leads_out(served: Served, routes: list[tuple[str, str]], outside: Path) -> None:
    before = _around(outside)
    for method, path in routes:
        names = NAMES[::6] if any(f"{{{each}}}" in path for each in IDS) else NAMES
        for name in (name.format(outside=outside) for name in names):
            asked: list[tuple[str, dict[str, str]]] = [(_filled(path, name), {})] if "{" in path else []
            if path in NAMING:
                asked.append((_filled(path, "input"), dict.fromkeys(QUERY, name) | {"type": "output"}))
                asked.append((_filled(path, "input"), {"filename": "link.txt", "subfolder": name, "type": "input"}))
            for place, query in asked:
                answer = served.http.request(method, place, params=query or None, content=b"{}")
                assert answer.status_code < 500, f"{method} {place} {query}: {answer.text[:500]}"
                assert SECRET not in answer.text, f"{method} {place} {query}"
                assert "root:" not in answer.text
    assert _around(outside) == before


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_an_upload_leads_out(name: str, served: Served, outside: Path) -> None:
    name = name.format(outside=outside)
    before = _around(outside)
    for path, fields in FIELDS.items():
        for field in fields:
            filename = name if field == "filename" else "x.png"
            reference = json.dumps({"filename": name, "subfolder": name})
            form = {} if field == "filename" else {field: reference if field == "original_ref" else name}
            files = {"image": (filename, _picture()), "file": (filename, _picture())}
            answer = served.http.post(path, files=files, data=form)
            assert answer.status_code < 500, f"{path} {form}: {answer.text[:500]}"
            assert SECRET not in answer.text
    assert _around(outside) == before
    home = served.settings.home
    people = {"input", "output", "temp", "user", "users", "models", "wildcards", "training"}
    allowed = people | {"cache", "recordings", "server.lock"}
    strays = [path.name for path in home.iterdir() if path.name not in allowed and "safelight.db" not in path.name]
    assert strays == []
    kept = [path for path in (home / "input").rglob("*") if path.is_file() and not path.is_symlink()]
    assert all(path.suffix in (".png", ".jpg", ".webp") and not path.name.startswith(".") for path in kept)


def test_no_name_in_a_node_leads_out(served: Served, outside: Path) -> None:
    catalog = catalog_from_json(catalog_document())
    folders, machine, limits = served.studio.folders, Machine("cpu", {}, ()), served.settings
    ports = [(name, port) for name, spec in catalog.items() for port in spec.inputs if port.folder]
    assert len(ports) > 20
    for class_type, port in ports:
        for name in (*NAMES, "link.safetensors", "away/secret.safetensors", "link.png [output]"):
            if name.startswith("{") or not name:
                continue
            document = {"1": {"class_type": class_type, "inputs": {port.name: name.format(outside=outside)}}}
            with pytest.raises(BadInput):
                admit(document, catalog, folders, machine, limits, targets=["1"])


@pytest.mark.parametrize("prefix", [name for name in NAMES if name.strip()])
def test_no_prefix_of_a_saved_file_leads_out(prefix: str, served: Served, outside: Path) -> None:
    path = f"{prefix.format(outside=outside)}"
    try:
        found = served.studio.folders.writable("output", path)
    except BadInput:
        return
    assert found.is_relative_to(served.settings.home / "output")


BOMBS = {
    "a PNG of 2.5 gigapixels": _png(50_000, 50_000),
    "a PNG with sides without end": _png(2**31 - 1, 2**31 - 1),
    "a PNG without pixels": _png(0, 0),
    "half a PNG": _picture()[:40],
    "a page": b"<html><script>alert(1)</script></html>",
    "a drawing with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "an archive": b"PK\x03\x04" + bytes(1000),
    "a program": b"MZ" + bytes(1000),
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "a PDF": b"%PDF-1.4\n",
    "nothing": b"",
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_what_is_no_picture_or_swells_is_refused(content: bytes, served: Served) -> None:
    for path in ("/upload/image", "/api/v1/assets"):
        begun = time.perf_counter()
        answer = served.http.post(path, files={"image": ("x.png", content), "file": ("x.png", content)})
        assert 400 <= answer.status_code < 500, answer.text[:500]
        assert time.perf_counter() - begun < SLOWEST


def test_a_text_in_a_picture_does_not_swell(served: Served) -> None:
    swelling = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    chunk = struct.pack(">I", len(swelling)) + b"zTXt" + swelling + struct.pack(">I", zlib.crc32(b"zTXt" + swelling))
    picture = _picture()
    bomb = picture[:33] + chunk + picture[33:]
    for path in ("/upload/image", "/api/v1/assets"):
        answer = served.http.post(path, files={"image": ("x.png", bomb), "file": ("x.png", bomb)})
        assert answer.status_code < 500, answer.text[:500]


def test_a_page_in_a_folder_is_never_shown_as_one(served: Served) -> None:
    pages = {
        "page.html": b"<script>alert(1)</script>",
        "drawing.svg": b"<svg/>",
        "code.js": b"alert(1)",
        "x.xml": b"<x/>",
    }
    for name, content in pages.items():
        (served.settings.home / "output" / name).write_bytes(content)
        answer = served.http.get("/view", params={"filename": name})
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_route_answers_a_stranger_a_page_of_elsewhere_or_another_name(
    tmp_path: Path, routes: list[tuple[str, str]]
) -> None:
    is_open = {"/api/v1/health", "/api/v1/ready", "/api/v1/session"}
    with serving(tmp_path, auth="on") as guarded:
        header = add_person(guarded.studio.database, "ada")
        for method, path in [*routes, ("GET", STREAMS)]:
            place = _filled(path, "x")
            wrong = {"Authorization": "Bearer sl_" + "x" * 43}
            for headers in ({}, wrong):
                answer = guarded.http.request(method, place, headers=headers)
                assert answer.status_code == 401 or path in is_open, f"{method} {path} {headers}"
            for headers, status in (({"Origin": "https://evil.example"}, 403), ({"Host": "evil.example"}, 421)):
                answer = guarded.http.request(method, place, headers={**header, **headers})
                assert answer.status_code == status, f"{method} {path} {headers}"
