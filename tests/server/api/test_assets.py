"""Stored pictures: brought, found, shown small, marked, deleted."""

import io
from typing import Any

import pytest
from PIL import Image

from safelight.client import Client
from tests.server.api.conftest import PNG, Upload, encoded
from tests.serving import Served, workflow

ASSETS = "/api/v1/assets"


def made(client: Client, prompt: str, prefix: str = "test") -> dict[str, Any]:
    """A picture that a job has made."""
    (job,) = client.submit(workflow(prompt, prefix=prefix))
    (asset,) = client.wait(job).files
    return vars(asset)


def found(served: Served, **sought: Any) -> list[str]:
    answer = served.http.get(ASSETS, params=sought)
    assert answer.status_code == 200, answer.text
    return [asset["path"] for asset in answer.json()["assets"]]


def test_an_uploaded_picture_is_an_input_that_workflows_can_name(served: Served, upload: Upload) -> None:
    view = upload(encoded(), "cat.png")
    assert (view["folder"], view["path"], view["width"], view["height"]) == ("input", "cat.png", 40, 20)
    assert "cat.png" in served.http.get("/api/v1/nodes").json()["files"]["input"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_whatever_comes_is_written_anew_without_what_is_no_picture(kind: str, served: Served, upload: Upload) -> None:
    name = f"it.{kind.lower()}"
    view = upload(encoded(kind=kind) + b"<script>alert(1)</script>", name)
    content = served.http.get(str(view["url"])).content
    assert (Image.open(io.BytesIO(content)).format, view["path"]) == (kind, name)
    assert b"script" not in content
    red = Image.open(io.BytesIO(content)).convert("RGB").getpixel((5, 5))
    assert isinstance(red, tuple)
    assert red[0] > 250
    assert max(red[1:]) < 5


def test_the_same_picture_keeps_its_name_and_another_gets_another(upload: Upload) -> None:
    assert [upload(encoded(), "it.png")["path"] for _ in range(2)] == ["it.png", "it.png"]
    assert upload(encoded(colour="blue"), "it.png")["path"] == "it (1).png"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("C:\\Windows\\a.jpg", "a.jpg"),
        ("x.svg", "x.svg.png"),
        ("..", "picture.png"),
        ("snow ☃.png", "snow ☃.png"),
    ],
)
def test_a_name_leads_nowhere_else(name: str, path: str, served: Served, upload: Upload) -> None:
    assert upload(encoded(), name)["path"] == path
    assert (served.settings.home / "input" / path).is_file()


@pytest.mark.parametrize("name", ["a" * 300 + ".png", "a\0.png"])
def test_a_name_that_no_file_can_have_is_refused(name: str, served: Served) -> None:
    answer = served.http.post(ASSETS, files={"file": ("it.png", encoded())}, data={"name": name})
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize("content", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", PNG + b"\0" * 50])
def test_what_is_no_picture_is_refused(content: bytes, served: Served) -> None:
    answer = served.http.post(ASSETS, files={"file": ("it.png", content)})
    assert (answer.status_code, answer.json()["error"]["what"][:8]) == (400, "The file")
    assert found(served) == []


def test_a_picture_of_too_many_pixels_is_refused_unread(served: Served) -> None:
    content = encoded(20_000, 20_000, mode="1", colour=0)
    answer = served.http.post(ASSETS, files={"file": ("bomb.png", content)})
    assert (answer.status_code, "million pixels" in answer.text) == (400, True)


def test_pictures_are_found_by_what_made_them(served: Served, client: Client, upload: Upload) -> None:
    cat, dog = made(client, "a Cat on a mat"), made(client, "100% dog_house")
    upload(encoded(300, 20), "wide.png")
    assert found(served) == ["wide.png", dog["path"], cat["path"]]
    assert found(served, folder="output") == [dog["path"], cat["path"]]
    assert found(served, prompt="cAT ON") == [cat["path"]]
    assert found(served, prompt="100%") == found(served, prompt="g_h") == [dog["path"]]
    assert found(served, job=cat["job"]) == [cat["path"]]
    assert found(served, checkpoint="starter-128.safetensors", limit=1) == [dog["path"]]
    assert found(served, least=100) == ["wide.png"]
    assert found(served, most=100, limit=1, offset=1) == [cat["path"]]
    assert found(served, until=cat["created"]) == [cat["path"]]
    assert found(served, since=dog["created"], kind="images") == ["wide.png", dog["path"]]
    assert served.http.get(ASSETS, params={"limit": 1}).json()["total"] == 3


def test_a_favourite_stays_one_until_the_mark_is_taken_away(served: Served, client: Client) -> None:
    path = f"{ASSETS}/{made(client, 'a cat')['id']}"
    made(client, "a dog")
    assert served.http.patch(path, json={"favourite": True}).json()["favourite"] is True
    assert len(found(served, favourite=True)) == len(found(served, favourite=False)) == 1
    served.http.patch(path, json={"favourite": False})
    assert found(served, favourite=True) == []


def test_a_small_picture_fits_into_its_square_and_is_asked_for_once(served: Served, upload: Upload) -> None:
    view = upload(encoded(800, 200, mode="RGBA"), "wide.png")
    answer = served.http.get(str(view["thumbnail"]), params={"size": 128})
    picture = Image.open(io.BytesIO(answer.content))
    assert (picture.format, picture.size) == ("WEBP", (128, 32))
    assert "immutable" in answer.headers["cache-control"]
    again = served.http.get(
        str(view["thumbnail"]), params={"size": 128}, headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert served.http.get(str(view["thumbnail"]), params={"size": 100}).status_code == 422


def test_what_is_deleted_is_gone_from_disk_and_from_every_job(served: Served, client: Client) -> None:
    asset = made(client, "a cat")
    served.http.get(f"{ASSETS}/{asset['id']}/thumbnail")
    assert served.http.delete(f"{ASSETS}/{asset['id']}").status_code == 204
    assert not (served.settings.home / "output" / asset["path"]).exists()
    assert not list((served.settings.home / "cache" / "thumbnails").rglob("*.webp"))
    assert client.job(asset["job"]).outputs == ()
    assert served.http.get(f"{ASSETS}/{asset['id']}").status_code == 404


def test_deleting_what_is_gone_already_touches_nothing_else(served: Served, upload: Upload) -> None:
    view = upload(encoded(), "example.png")  # the starter has a file of that name, which is shown in its place
    (served.settings.home / "input" / "example.png").unlink()
    assert served.http.delete(f"{ASSETS}/{view['id']}").status_code == 204
    assert "example.png" in served.http.get("/api/v1/nodes").json()["files"]["input"]


def test_a_file_that_somebody_moved_away_is_answered_404(served: Served, client: Client) -> None:
    asset = made(client, "a cat")
    (served.settings.home / "output" / asset["path"]).unlink()
    for end in ("file", "thumbnail"):
        answer = served.http.get(f"{ASSETS}/{asset['id']}/{end}")
        assert (answer.status_code, "is gone" in answer.text) == (404, True)


def test_a_link_that_leads_elsewhere_is_not_followed(served: Served, client: Client, tmp_path_factory: Any) -> None:
    asset = made(client, "a cat")
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.png"
    secret.write_bytes(encoded())
    path = served.settings.home / "output" / asset["path"]
    path.unlink()
    path.symlink_to(secret)
    assert served.http.get(f"{ASSETS}/{asset['id']}/file").status_code == 404
    served.http.delete(f"{ASSETS}/{asset['id']}")
    assert secret.is_file()


def test_what_a_browser_could_run_is_handed_over_as_a_file(served: Served, client: Client) -> None:
    asset = made(client, "a cat")
    with served.studio.database.write() as connection:
        connection.exec_driver_sql("UPDATE assets SET mime = 'text/html'")
    answer = served.http.get(f"{ASSETS}/{asset['id']}/file")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
