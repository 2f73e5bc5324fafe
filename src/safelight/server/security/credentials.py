"""Names, passwords and tokens: what may be one, how they are drawn, and what is kept of them."""

import hashlib
import re
import secrets
import threading
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from safelight.errors import BadInput

if TYPE_CHECKING:
    from argon2 import PasswordHasher

TOKEN_PREFIX = "sl_"
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 1000  # characters
AT_ONCE = 2  # passwords that are compared at one time, each of which takes MEMORY
MEMORY = 19 * 1024  # KiB; with ROUNDS the first choice of OWASP's Password Storage Cheat Sheet for argon2id
ROUNDS = 2
_NAME = re.compile(r"[\w.@+-]{1,64}")
_turns = threading.BoundedSemaphore(AT_ONCE)


def checked_name(name: str) -> str:
    """A name as accounts are kept by: in lower case, so that no two look the same.

    Raises:
        BadInput: It cannot be one.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    if _NAME.fullmatch(plain) is None:
        raise BadInput(
            f"{name[:80]!r} cannot be the name of an account.",
            mend="Take up to 64 letters, digits and any of . @ + - _, without spaces.",
        )
    return plain


def hashed_password(password: str) -> str:
    """What is kept of a password: argon2id, RFC 9106.

    Raises:
        BadInput: It is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadInput(
            f"The password has {len(password)} characters.",
            mend=f"Take one of {SHORTEST_PASSWORD} to {LONGEST_PASSWORD}; several words are easy to remember.",
        )
    with _turns:
        return _argon2().hash(_encoded(password))


def password_fits(password: str, kept: str | None) -> bool:
    """Whether a password is the one that was kept; takes as long where nothing was (None), and then never fits."""
    from argon2.exceptions import VerificationError  # noqa: PLC0415 (as in `_argon2`)

    with _turns:
        try:
            return _argon2().verify(kept or _nobodys(), _encoded(password[:LONGEST_PASSWORD])) and kept is not None
        except VerificationError:
            return False


def drawn_token() -> str:
    """A new API token."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def drawn_session() -> str:
    """What a new session's cookie holds."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a token or session: SHA-256, which is enough for what was drawn and not chosen."""
    return hashlib.sha256(_encoded(secret)).hexdigest()


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


@cache
def _argon2() -> "PasswordHasher":
    from argon2 import PasswordHasher  # noqa: PLC0415 (30 ms that a server where nobody signs in need not wait)

    return PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY, parallelism=1)


@cache
def _nobodys() -> str:
    return _argon2().hash(secrets.token_bytes(32))
