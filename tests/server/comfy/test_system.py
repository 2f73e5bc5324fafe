"""What clients ask when they start, and what they show of the server."""

import logging

import pytest

from safelight.files.templates import templates
from tests.serving import Served, eventually


def test_stats_name_versions_memory_and_devices(served: Served) -> None:
    eventually(lambda: served.studio.dispatcher.stations[0].idle)
    stats = served.http.get("/system_stats").json()
    assert {"os", "ram_total", "ram_free", "comfyui_version", "python_version", "pytorch_version", "argv"} <= set(
        stats["system"]
    )
    assert stats["system"]["pytorch_version"] == "2.13.0"
    assert stats["devices"] == [
        {
            "name": "pretend pretend",
            "type": "pretend",
            "index": None,
            "vram_total": 24 * 2**30,
            "vram_free": 20 * 2**30,
            "torch_vram_total": 24 * 2**30,
            "torch_vram_free": 20 * 2**30,
        }
    ]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/users", {"storage": "server", "migrated": True}),
        ("/extensions", []),
        ("/i18n", {}),
        ("/global_subgraphs", {}),
        ("/templates/index.json", []),
        ("/templates/index_logo.json", {}),
        ("/workflow_templates", {"safelight": list(templates())}),
    ],
)
def test_clients_are_told_what_they_ask_for_at_the_start(served: Served, path: str, content: object) -> None:
    assert served.http.get(path).json() == content
    assert served.http.get(f"/api{path}").json() == content


def test_templates_are_sent_as_editors_load_them(served: Served) -> None:
    assert "nodes" in served.http.get("/workflow_templates/safelight/text-to-image.json").json()
    assert served.http.get("/workflow_templates/safelight/nothing.json").status_code == 404
    assert served.http.get("/workflow_templates/other/text-to-image.json").status_code == 404


def test_templates_come_with_the_pictures_that_editors_show_of_them(served: Served) -> None:
    picture = served.http.get("/api/workflow_templates/safelight/text-to-image.jpg")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
    assert served.http.get("/workflow_templates/safelight/nothing.jpg").status_code == 404


def test_accounts_are_not_made_by_strangers(served: Served) -> None:
    assert served.http.post("/users", json={"username": "x"}).status_code == 400


def test_the_log_is_shown_without_secrets(served: Served) -> None:
    logging.getLogger("safelight.test").warning("password=hunter2 was tried")
    raw = served.http.get("/internal/logs/raw").json()
    assert any("was tried" in entry["m"] for entry in raw["entries"])
    assert "was tried" in served.http.get("/internal/logs").json()
    assert "hunter2" not in str(raw)


def test_asking_for_the_log_needs_a_client(served: Served) -> None:
    assert served.http.patch("/internal/logs/subscribe", json={"enabled": True}).status_code == 400
    assert served.http.patch("/internal/logs/subscribe", json={"clientId": "x", "enabled": True}).status_code == 200


def test_folders_and_their_newest_files_are_shown(served: Served) -> None:
    assert served.http.get("/internal/folder_paths").json()["loras"][0].endswith("models/loras")
    for name in ("old.png", "new.png"):
        (served.settings.home / "output" / name).write_bytes(b"x")
    assert served.http.get("/internal/files/output").json()[:2] == ["new.png", "old.png"]
    assert served.http.get("/internal/files/models").status_code == 400
