import time
from statistics import median

import pytest

from safelight.errors import BadInput
from safelight.server.security.credentials import (
    TOKEN_PREFIX,
    checked_name,
    digest,
    drawn_session,
    drawn_token,
    hashed_password,
    password_fits,
)


def test_a_password_fits_what_is_kept_of_it_and_no_other_does() -> None:
    kept = hashed_password("correct horse")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "correct" not in kept
    assert password_fits("correct horse", kept)
    assert not password_fits("Correct horse", kept)
    assert hashed_password("correct horse") != kept  # salted


@pytest.mark.parametrize("password", ["", "short", "x" * 1001])
def test_a_password_has_eight_to_a_thousand_characters(password: str) -> None:
    with pytest.raises(BadInput, match=f"{len(password)} characters"):
        hashed_password(password)


def test_nothing_fits_where_nobody_is() -> None:
    assert not password_fits("whatever", None)


def test_an_unknown_name_takes_as_long_as_a_wrong_password() -> None:
    kept = hashed_password("correct horse")

    def seconds(against: str | None) -> float:
        begun = time.perf_counter()
        password_fits("wrong", against)
        return time.perf_counter() - begun

    seconds(None)
    pairs = [(seconds(kept), seconds(None)) for _ in range(7)]
    known, unknown = (median(times) for times in zip(*pairs, strict=True))
    assert 0.5 < unknown / known < 2


@pytest.mark.parametrize("password", ["\ud800 surrogate", "nul\0 inside it", "ünïcödé!", "🔑" * 8])
def test_any_text_can_be_a_password(password: str) -> None:
    assert password_fits(password, hashed_password(password))


@pytest.mark.parametrize(("name", "kept"), [("Ann", "ann"), ("ANN", "ann"), ("ann@example.com", "ann@example.com")])
def test_names_that_look_the_same_are_the_same(name: str, kept: str) -> None:
    assert checked_name(name) == kept


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b", "a\0", "a\n", "x" * 65, "<b>", "a:b"])
def test_names_are_words(name: str) -> None:
    with pytest.raises(BadInput):
        checked_name(name)


def test_secrets_are_drawn_with_256_bits_and_kept_as_sha_256() -> None:
    assert len({drawn_token() for _ in range(100)} | {drawn_session() for _ in range(100)}) == 200
    assert drawn_token().startswith(TOKEN_PREFIX)
    assert len(drawn_session()) == 43  # 32 bytes in base 64
    # FIPS 180-2, appendix B.1
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
