"""Collections of pictures."""

from typing import Any

from tests.server.api.conftest import Upload, encoded
from tests.serving import Served

COLLECTIONS = "/api/v1/collections"


def made(served: Served, name: str) -> dict[str, Any]:
    answer = served.http.post(COLLECTIONS, json={"name": name})
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


def listed(served: Served) -> list[tuple[str, int]]:
    return [(one["name"], one["count"]) for one in served.http.get(COLLECTIONS).json()["collections"]]


def test_pictures_are_put_into_a_collection_and_taken_out(served: Served, upload: Upload) -> None:
    pets = f"{COLLECTIONS}/{made(served, ' pets ')['id']}"
    ids = [upload(encoded(side), f"{side}.png")["id"] for side in (30, 40)]
    for _ in range(2):
        assert served.http.post(f"{pets}/add", json={"assets": ids}).json() == {"count": 2}
    (view,) = served.http.get(COLLECTIONS).json()["collections"]
    assert (view["name"], view["count"], view["cover"]["id"]) == ("pets", 2, ids[1])
    found = served.http.get("/api/v1/assets", params={"collection": view["id"]}).json()
    assert [asset["id"] for asset in found["assets"]] == ids[::-1]
    served.http.post("/api/v1/assets/delete", json={"assets": [ids[1]]})
    assert listed(served) == [("pets", 1)]
    served.http.post("/api/v1/assets/restore", json={"assets": [ids[1]]})
    served.http.post(f"{pets}/remove", json={"assets": [ids[0]]})
    assert listed(served) == [("pets", 1)]
    assert served.http.post(f"{pets}/add", json={"assets": [ids[0], "nobody"]}).status_code == 404
    assert listed(served) == [("pets", 1)]


def test_a_collection_has_a_name_of_its_own(served: Served) -> None:
    first, second = made(served, "a"), made(served, "b")
    assert served.http.post(COLLECTIONS, json={"name": "a"}).status_code == 400
    path = f"{COLLECTIONS}/{second['id']}"
    assert served.http.patch(path, json={"name": "a"}).status_code == 400
    assert served.http.patch(path, json={"name": "b"}).json()["name"] == "b"
    assert served.http.patch(path, json={"name": "C"}).json()["created"] == second["created"]
    assert listed(served) == [("a", 0), ("C", 0)]
    for name in ("", " ", "\n", "x" * 201):
        assert served.http.post(COLLECTIONS, json={"name": name}).status_code == 422
    assert served.http.delete(f"{COLLECTIONS}/{first['id']}").status_code == 204
    assert served.http.delete(f"{COLLECTIONS}/{first['id']}").status_code == 404
    assert listed(served) == [("C", 0)]


def test_a_collection_goes_and_its_pictures_stay(served: Served, upload: Upload) -> None:
    pets = f"{COLLECTIONS}/{made(served, 'pets')['id']}"
    asset = upload(encoded())["id"]
    served.http.post(f"{pets}/add", json={"assets": [asset]})
    served.http.delete(pets)
    assert served.http.get(f"/api/v1/assets/{asset}").status_code == 200
