"""`/view`: files as they are, and pictures in other forms."""

import io

import pytest
from PIL import Image

from tests.server.comfy.talking import png
from tests.serving import Served


@pytest.fixture(scope="module", autouse=True)
def files(served: Served) -> None:
    """What there is to be seen."""
    output = served.settings.home / "output"
    (output / "sub").mkdir()
    (output / "a.png").write_bytes(png((200, 100, 50, 128), mode="RGBA"))
    (output / "sub" / "b.png").write_bytes(png())
    (output / "ünï.png").write_bytes(png())
    for name in ("page.html", "code.js", "style.css", "draw.svg", "data.xyz"):
        (output / name).write_text("<script>alert(1)</script>")
    (served.settings.home / "secret.png").write_bytes(png())
    (output / "link.png").symlink_to(served.settings.home / "secret.png")
    (output / "linked").symlink_to(served.settings.home)


def test_a_file_is_sent_as_it_is(served: Served) -> None:
    answer = served.http.get("/view?filename=a.png")
    assert answer.content == (served.settings.home / "output" / "a.png").read_bytes()
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == 'inline; filename="a.png"'
    assert served.http.get("/view?filename=b.png&subfolder=sub&type=output").status_code == 200
    assert served.http.get("/api/view?filename=example.png&type=input").status_code == 200
    assert served.http.get("/view", params={"filename": "ünï.png"}).status_code == 200
    assert served.http.get("/view", params={"filename": "a.png [output]", "type": "temp"}).status_code == 200


@pytest.mark.parametrize("name", ["page.html", "code.js", "style.css", "draw.svg", "data.xyz"])
def test_what_a_browser_could_run_is_only_to_be_saved(served: Served, name: str) -> None:
    answer = served.http.get("/view", params={"filename": name})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("filename=/etc/passwd", 400),
        ("filename=../secret.png", 400),
        ("filename=a..png", 400),
        ("filename=a.png&type=models", 400),
        ("filename=a.png&type=", 400),
        ("filename=a.png&channel=x", 400),
        ("filename=secret.png&subfolder=..", 403),
        ("filename=passwd&subfolder=/etc", 403),
        ("filename=none.png", 404),
        ("filename=a%00.png", 404),
        ("filename=link.png", 404),
        ("filename=secret.png&subfolder=linked", 404),
        ("filename=sub", 404),
        ("filename=page.html&preview=webp", 400),
    ],
)
def test_what_may_not_be_seen_is_refused(served: Served, query: str, status: int) -> None:
    answer = served.http.get(f"/view?{query}")
    assert answer.status_code == status
    assert answer.json()["error"]["details"]


@pytest.mark.parametrize(
    ("query", "kind", "mode"),
    [
        ("preview=webp;90", "WEBP", "RGBA"),
        ("preview=jpeg;50", "JPEG", "RGB"),
        ("preview=webp", "WEBP", "RGBA"),
        ("preview=bmp;high", "WEBP", "RGBA"),
        ("channel=rgb", "PNG", "RGB"),
        ("channel=a", "PNG", "RGBA"),
        ("channel=rgb&preview=jpeg", "JPEG", "RGB"),
        ("channel=a&preview=jpeg", "WEBP", "RGBA"),
    ],
)
def test_pictures_come_in_the_form_that_is_asked_for(served: Served, query: str, kind: str, mode: str) -> None:
    answer = served.http.get(f"/view?filename=a.png&{query}")
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.format, picture.mode, picture.size) == (kind, mode, (8, 6))
    assert answer.headers["content-type"] == f"image/{kind.lower()}"


def test_the_channels_are_those_of_the_picture(served: Served) -> None:
    rgb = Image.open(io.BytesIO(served.http.get("/view?filename=a.png&channel=rgb").content))
    alpha = Image.open(io.BytesIO(served.http.get("/view?filename=a.png&channel=a").content))
    assert rgb.getpixel((0, 0)) == (200, 100, 50)
    assert alpha.getpixel((0, 0)) == (0, 0, 0, 128)
