import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from safelight.jobs.queue import JobQueue
from safelight.server.security.credentials import digest
from safelight.server.security.doorkeeper import COOKIE, FRESH
from safelight.store import accounts
from safelight.store.assets import NewAsset, put_asset
from safelight.store.jobs import NewJob
from tests.server.security.signing import PASSWORD, add_person
from tests.serving import Served, eventually, serving, workflow

CLOSED = [
    "/api/v1/me",
    "/api/v1/users",
    "/api/v1/openapi.json",
    "/prompt",
    "/queue",
    "/history",
    "/api/queue",
    "/x",
]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server where people sign in, with an admin and two others."""
    with serving(tmp_path_factory.mktemp("guarded"), auth="on") as served:
        yield served


@pytest.fixture(scope="module")
def people(guarded: Served) -> dict[str, dict[str, str]]:
    """Their headers, by name."""
    return {name: add_person(guarded.studio.database, name, admin=name == "ada") for name in ("ada", "ben", "cleo")}


def _sign_in(served: Served, name: str, password: str = PASSWORD) -> str:
    answer = served.http.post("/api/v1/session", json={"name": name, "password": password})
    served.http.cookies.clear()
    assert answer.status_code == 200, answer.text
    return answer.headers["set-cookie"]


def test_where_nobody_signs_in_everything_is_open(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        me = served.http.get("/api/v1/me").json()
        assert (me["name"], me["admin"]) == ("local", True)


@pytest.mark.parametrize("path", CLOSED)
def test_strangers_are_answered_401_whether_there_is_such_a_page_or_not(path: str, guarded: Served) -> None:
    answer = guarded.http.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "not signed in" in answer.json()["error"]["what"]
    assert guarded.http.get(path, headers={"Authorization": "Bearer sl_wrong"}).status_code == 401
    assert guarded.http.get(path, headers={"Cookie": f"{COOKIE}=wrong"}).status_code == 401


def test_health_is_open_but_tells_strangers_of_no_engine(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    eventually(lambda: guarded.http.get("/api/v1/ready").status_code == 200)
    assert guarded.http.get("/api/v1/health").json()["engines"] == []
    assert guarded.http.get("/api/v1/health", headers=people["ben"]).json()["engines"][0]["name"] == "pretend"


def test_a_token_says_who_asks(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    for name, header in people.items():
        me = guarded.http.get("/api/v1/me", headers=header).json()
        assert (me["name"], me["admin"]) == (name, name == "ada")


def test_a_session_begins_by_password_and_ends_by_signing_out(
    guarded: Served, people: dict[str, dict[str, str]]
) -> None:
    cookie = _sign_in(guarded, " Ben".strip())
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    header = {"Cookie": cookie.partition(";")[0]}
    assert guarded.http.get("/api/v1/session", headers=header).json() == {"name": "ben", "admin": False}
    assert guarded.http.get("/api/v1/me", headers=header).status_code == 200
    assert guarded.http.delete("/api/v1/session", headers=header).status_code == 204
    assert guarded.http.get("/api/v1/me", headers=header).status_code == 401
    assert guarded.http.get("/api/v1/session", headers=header).json() == {"name": None, "admin": False}


def test_a_session_that_came_by_https_is_never_sent_without(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    form = {"name": "ben", "password": PASSWORD}
    answer = guarded.http.post("/api/v1/session", json=form, headers={"X-Forwarded-Proto": "https"})
    guarded.http.cookies.clear()
    assert "Secure" in answer.headers["set-cookie"]
    assert "Secure" not in _sign_in(guarded, "ben")


def test_the_database_holds_no_secret(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    cookie = _sign_in(guarded, "cleo").partition(";")[0].partition("=")[2]
    token = people["cleo"]["Authorization"].removeprefix("Bearer ")
    with guarded.studio.database.read() as connection:
        assert accounts.user_by_session(connection, digest(cookie)) is not None
        kept = accounts.password_of(connection, "cleo")
    stored = b"".join(file.read_bytes() for file in guarded.settings.home.glob("safelight.db*"))
    assert kept is not None
    assert kept[1].startswith("$argon2id$")
    for secret in (cookie, token, PASSWORD):
        assert secret.encode() not in stored


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(
    guarded: Served, people: dict[str, dict[str, str]]
) -> None:
    wrong, unknown = (
        guarded.http.post("/api/v1/session", json={"name": name, "password": "wrong wrong"}) for name in ("ada", "eve")
    )
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_guessing_is_slowed_down(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    tries = [
        guarded.http.post("/api/v1/session", json={"name": "mallory", "password": f"guess number {number}"})
        for number in range(7)
    ]
    assert [answer.status_code for answer in tries] == [401] * 5 + [429] * 2
    assert "Wait" in tries[-1].json()["error"]["mend"]
    assert _sign_in(guarded, "ben")


def test_a_disabled_account_is_kept_out(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    dora = add_person(guarded.studio.database, "dora")
    me = guarded.http.get("/api/v1/me", headers=dora).json()
    change = guarded.http.patch(f"/api/v1/users/{me['id']}", json={"disabled": True}, headers=people["ada"])
    assert change.json()["disabled"]
    assert guarded.http.get("/api/v1/me", headers=dora).status_code == 401
    form = {"name": "dora", "password": PASSWORD}
    assert guarded.http.post("/api/v1/session", json=form).status_code == 401


def test_a_token_is_shown_once_and_can_be_taken_back(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    made = guarded.http.post("/api/v1/me/tokens", json={"name": "phone", "days": 1}, headers=people["ben"])
    assert made.status_code == 201
    header = {"Authorization": f"Bearer {made.json()['secret']}"}
    assert guarded.http.get("/api/v1/me", headers=header).json()["name"] == "ben"
    listed = guarded.http.get("/api/v1/me/tokens", headers=header).json()
    assert {token["name"]: token["secret"] for token in listed} == {"test": None, "phone": None}
    gone = f"/api/v1/me/tokens/{made.json()['id']}"
    assert guarded.http.delete(gone, headers=people["cleo"]).status_code == 404
    assert guarded.http.delete(gone, headers=people["ben"]).status_code == 204
    assert guarded.http.get("/api/v1/me", headers=header).status_code == 401


def test_only_an_admin_sees_and_changes_accounts(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    ben = guarded.http.get("/api/v1/me", headers=people["ben"]).json()["id"]
    for method, path in (("GET", "/users"), ("POST", "/users"), ("PATCH", f"/users/{ben}")):
        body = {"name": "x", "admin": True}
        answer = guarded.http.request(method, f"/api/v1{path}", headers=people["ben"], json=body)
        assert answer.status_code == 403, path
    names = [user["name"] for user in guarded.http.get("/api/v1/users", headers=people["ada"]).json()]
    assert {"ada", "ben", "cleo"} <= set(names)


def test_an_admin_cannot_keep_themselves_out(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    ada = guarded.http.get("/api/v1/me", headers=people["ada"]).json()["id"]
    for change in ({"disabled": True}, {"admin": False}):
        assert guarded.http.patch(f"/api/v1/users/{ada}", json=change, headers=people["ada"]).status_code == 400


def test_a_new_password_ends_all_sessions(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    erin = add_person(guarded.studio.database, "erin")
    header = {"Cookie": _sign_in(guarded, "erin").partition(";")[0]}
    form = {"old": "wrong", "new": "another long one"}
    assert guarded.http.put("/api/v1/me/password", json=form, headers=header).status_code == 403
    form["old"] = PASSWORD
    assert guarded.http.put("/api/v1/me/password", json=form, headers=header).status_code == 204
    assert guarded.http.get("/api/v1/me", headers=header).status_code == 401
    assert guarded.http.get("/api/v1/me", headers=erin).status_code == 200
    _sign_in(guarded, "erin", "another long one")


def test_each_sees_their_own_jobs_and_an_admin_all(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    queue: JobQueue = guarded.studio.queue
    ids = {name: guarded.http.get("/api/v1/me", headers=header).json()["id"] for name, header in people.items()}
    queue.pause()
    queue.add([NewJob("bens", ids["ben"], "{}", ())])
    assert guarded.http.get("/api/v1/jobs/bens", headers=people["ben"]).status_code == 200
    assert guarded.http.get("/api/v1/jobs/bens", headers=people["cleo"]).status_code == 404
    assert guarded.http.get("/api/v1/jobs/bens", headers=people["ada"]).status_code == 200


def test_with_the_first_account_everybody_must_sign_in(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert served.http.get("/api/v1/me").status_code == 200
        form = {"name": "Ada", "password": PASSWORD}
        refused = served.http.post("/api/v1/users", json=form)
        assert refused.status_code == 400
        assert "admin" in refused.json()["error"]["mend"]
        assert served.http.post("/api/v1/users", json={**form, "admin": True}).status_code == 201
        assert served.http.get("/api/v1/me").status_code == 401
        _sign_in(served, "ada")


def test_what_the_command_adds_counts_within_seconds(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert served.http.get("/api/v1/me").status_code == 200
        add_person(served.studio.database, "ada", admin=True)
        eventually(lambda: served.http.get("/api/v1/me").status_code == 401, FRESH + 5)


def test_quotas_are_refused_in_words(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    fay = add_person(guarded.studio.database, "fay")
    me = guarded.http.get("/api/v1/me", headers=fay).json()["id"]
    answer = guarded.http.patch(f"/api/v1/users/{me}", json={"device_seconds_a_day": 0}, headers=people["ada"])
    assert answer.json()["device_seconds_a_day"] == 0
    refused = guarded.http.post("/prompt", json={"prompt": workflow()}, headers=fay)
    assert refused.status_code == 429
    assert "0 a day" in refused.text
    answer = guarded.http.patch(
        f"/api/v1/users/{me}", json={"device_seconds_a_day": None, "bytes_kept": 5_000_000}, headers=people["ada"]
    )
    assert (answer.json()["device_seconds_a_day"], answer.json()["bytes_kept"]) == (None, 5_000_000)
    assert guarded.http.post("/prompt", json={"prompt": workflow()}, headers=fay).status_code == 200
    with guarded.studio.database.write() as connection:
        put_asset(connection, NewAsset(me, "output", "large.png", "images", "image/png", 6_000_000))
    refused = guarded.http.post("/prompt", json={"prompt": workflow()}, headers=fay)
    assert refused.status_code == 429
    assert "6.0 MB" in refused.text


def test_websockets_stand_behind_the_same_gate(guarded: Served, people: dict[str, dict[str, str]]) -> None:
    url = guarded.url.replace("http", "ws") + "/ws"
    secret = people["ben"]["Authorization"].removeprefix("Bearer ")
    for wrong in ("", "?token=sl_wrong"):
        with pytest.raises(InvalidStatus) as refused, connect(url + wrong):
            pass
        assert refused.value.response.status_code == 401
    for query, headers in ((f"?token={secret}", {}), ("", people["ben"])):
        with contextlib.suppress(ConnectionClosed), connect(url + query, additional_headers=headers) as socket:
            assert json.loads(socket.recv(timeout=10))["type"] == "status"
