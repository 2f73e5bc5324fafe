import io
import json
import logging

import pytest

from safelight.logs import JOB, PERSON, JsonLines, without_secrets

SECRET = "hunter2-Ab_9"
LINES = [
    f"Authorization: Bearer {SECRET}",
    f"authorization: basic {SECRET}==",
    f"{{'authorization': 'Bearer {SECRET}'}}",
    f"(b'authorization', b'Bearer {SECRET}')",
    f"(b'cookie', b'safelight_session={SECRET}; other={SECRET}')",
    f"Cookie: a={SECRET}; b={SECRET}",
    f"set-cookie: safelight_session={SECRET}; HttpOnly",
    f"GET /ws?clientId=1&token={SECRET}&x=1",
    f'127.0.0.1:1 - "WebSocket /ws?token={SECRET}" [accepted]',
    f'{{"name": "ann", "password": "{SECRET} with spaces, {SECRET}"}}',
    f'{{"password": "quoted \\" {SECRET}", "old_password":"{SECRET}"}}',
    f'"{{\\"password\\": \\"two words {SECRET}\\"}}"',
    f"password='{SECRET}'",
    f"SAFELIGHT_TOKEN={SECRET}",
    f"api_key={SECRET} api-key: {SECRET}",
    f"postgresql+psycopg://safelight:{SECRET}@db/safelight",
    f"https://ann:{SECRET}@example.com/",
]


@pytest.mark.parametrize("line", LINES)
def test_passwords_and_tokens_are_left_out(line: str) -> None:
    assert SECRET not in without_secrets(line)
    assert "…" in without_secrets(line)


def test_a_token_is_left_out_wherever_it_stands() -> None:
    assert without_secrets("what is sl_0123456789abcdef0123456789 for?") == "what is sl_… for?"


@pytest.mark.parametrize(
    "line",
    [
        "GET /ws?clientId=abc&x=1",
        "77 tokens per chunk: 2 chunks",
        "http://127.0.0.1:8188/history",
        "the job 1 failed: out of memory",
        "loaded cookie-monster.safetensors from models/loras",
    ],
)
def test_everything_else_stays(line: str) -> None:
    assert without_secrets(line) == line


def test_what_is_around_a_secret_stays() -> None:
    assert without_secrets(f"GET /ws?token={SECRET}&clientId=7 was refused") == "GET /ws?token=…&clientId=7 was refused"


def test_long_lines_take_no_longer_by_the_square() -> None:
    for text in ("a" * 200_000, "token" * 40_000, "token='" * 20_000, "x://a:" * 30_000, 'password":"\\' * 20_000):
        without_secrets(text)


def test_a_record_is_a_line_of_json_with_job_and_person_and_without_secrets_in_its_trace() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    log = logging.Logger("test")
    log.addHandler(handler)
    job, person = JOB.set("job-1"), PERSON.set("ann")
    try:
        raise ValueError(f"token={SECRET}")
    except ValueError:
        log.exception("it failed\nin two lines")
    finally:
        JOB.reset(job)
        PERSON.reset(person)
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert (told["job"], told["person"], told["level"]) == ("job-1", "ann", "error")
    assert "ValueError" in told["trace"]
    assert SECRET not in line
