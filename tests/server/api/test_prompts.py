"""Help while a prompt is written."""

from pathlib import Path

from safelight.client import Client
from tests.serving import Served, workflow

PROMPTS = "/api/v1/prompts"


def test_tokens_of_several_prompts_are_counted_with_their_choices_drawn(served: Served) -> None:
    sent = {"texts": ["a cat", "", "a {red|green} cat", "a {red"], "checkpoint": None, "syntax": "comfyui"}
    counts = served.http.post(f"{PROMPTS}/tokens", json=sent).json()["counts"]
    assert [count["tokens"] for count in counts[:3]] == [2, 0, 3]
    assert counts[0] == {"tokens": 2, "chunks": 1, "room": 73}


def test_half_a_character_is_refused(served: Served) -> None:
    content = b'{"texts": ["\\ud800"]}'
    answer = served.http.post(f"{PROMPTS}/tokens", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)


def test_words_come_from_prompts_of_pictures_that_were_made(served: Served, client: Client) -> None:
    for prompt in ("a red cat, soft light", "a red cat, hard light", "light"):
        client.wait(client.submit(workflow(prompt))[0])
    words = served.http.get(f"{PROMPTS}/words", params={"prefix": "li", "limit": 5}).json()["words"]
    assert words == [
        {"text": "light", "count": 1},
        {"text": "hard light", "count": 1},
        {"text": "soft light", "count": 1},
    ]
    (first,) = served.http.get(f"{PROMPTS}/words", params={"prefix": "red"}).json()["words"]
    assert first == {"text": "a red cat", "count": 2}
    assert served.http.get(f"{PROMPTS}/words", params={"prefix": ""}).status_code == 422


def test_wildcards_are_those_that_a_prompt_can_name(served: Served, tmp_path: Path) -> None:
    folder = tmp_path / "wildcards"
    for name in ("animal.txt", "places/city.txt", "two words.txt", "notes.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("one\n")
    assert served.http.get(f"{PROMPTS}/wildcards").json() == {"wildcards": ["animal", "places/city"]}
