"""Weighted pieces of a prompt to chunks of 77 tokens."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from safelight.prompts.bpe import END_TOKEN, START_TOKEN, token_ids
from safelight.prompts.syntax import Section

CHUNK_LENGTH = 77
"""Tokens that CLIP sees at once: a start mark, 75 of the prompt, an end mark."""

LONG_GROUP = 8
"""A group of at least this many tokens may be cut at a chunk's border; a shorter one moves to the next chunk whole."""

EMBEDDING_PREFIX = "embedding:"

EmbeddingLookup = Callable[[str], Iterable[object] | None]
"""From a textual inversion's name to its vectors, one by one; None where there is no such file."""


class Token(NamedTuple):
    """One position of a chunk.

    Attributes:
        value: The id in CLIP's vocabulary, or a vector of a textual inversion, whatever the lookup gives for one.
        weight: Emphasis; 1 leaves the hidden state as it is.
        word: Which group of the prompt it came from, counted from 1; 0 for marks and padding.
    """

    value: object
    weight: float = 1.0
    word: int = 0


Chunk = tuple[Token, ...]


@dataclass(frozen=True)
class Tokenized:
    """A prompt as one text tower sees it.

    Attributes:
        chunks: At least one, each of `CHUNK_LENGTH` tokens.
        missing: Names of textual inversions that were asked for and not found, in order.
    """

    chunks: tuple[Chunk, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Group:
    """Tokens that stay together: the words between two embeddings of a piece, or one embedding's vectors."""

    values: Sequence[object]
    weight: float


def tokenize(sections: Sequence[Section], *, pad_token: int, look_up: EmbeddingLookup) -> Tokenized:
    """Cut a parsed prompt into chunks of 77 tokens.

    A textual inversion is asked for as `embedding:name` at the start of a piece or after a space or a line break. One
    that is not found is left out and its name reported.

    Args:
        sections: From `parse_emphasis` or `parse_a1111`; each starts a new chunk.
        pad_token: What fills a chunk behind its end mark: 49407 for CLIP-L, 0 for SD 2.x and SDXL's second tower.
        look_up: Finds the vectors of a textual inversion.
    """
    missing: list[str] = []
    chunks: list[Chunk] = []
    word = 1
    for section in sections:
        groups = [group for piece in section for group in _groups(piece.text, piece.weight, look_up, missing)]
        chunks += _chunks(groups, word, pad_token)
        word += len(groups)
    return Tokenized(tuple(chunks), tuple(missing))


def empty_chunk(pad_token: int) -> Chunk:
    """The chunk of an empty prompt."""
    return _finished([], pad_token)


def _groups(text: str, weight: float, look_up: EmbeddingLookup, missing: list[str]) -> Iterator[_Group]:
    """Token groups of one piece; names that `look_up` does not know are added to `missing`."""
    for part in re.split(rf"[ \n](?={EMBEDDING_PREFIX})", text):
        plain = part
        if part.startswith(EMBEDDING_PREFIX):
            name, vectors, plain = _split_embedding(part.removeprefix(EMBEDDING_PREFIX), look_up)
            if vectors is None:
                missing.append(name)
            else:
                yield _Group(list(vectors), weight)
        if plain:
            yield _Group(token_ids(plain), weight)


def _split_embedding(text: str, look_up: EmbeddingLookup) -> tuple[str, Iterable[object] | None, str]:
    """The name that `text` begins with, its vectors if there are any, and the text behind it.

    A file's name may end in a comma, so the name is tried as it is written first, then without commas.
    """
    name, *rest = text.split() or [""]
    behind = " ".join(rest)
    vectors = look_up(name)
    bare = name.strip(",")
    if vectors is None and bare != name:
        return bare, look_up(bare), f"{name[len(bare) :]} {behind}"
    return name, vectors, behind


def _chunks(groups: Sequence[_Group], first_word: int, pad_token: int) -> list[Chunk]:
    """Lay groups out in chunks; at least one chunk."""
    room = CHUNK_LENGTH - 2
    chunks: list[list[Token]] = [[]]
    for word, group in enumerate(groups, start=first_word):
        tokens = [Token(value, group.weight, word) for value in group.values]
        while len(chunks[-1]) + len(tokens) > room:
            if len(group.values) >= LONG_GROUP:
                taken = room - len(chunks[-1])
                chunks[-1] += tokens[:taken]
                tokens = tokens[taken:]
            chunks.append([])
        chunks[-1] += tokens
    return [_finished(chunk, pad_token) for chunk in chunks]


def _finished(tokens: list[Token], pad_token: int) -> Chunk:
    """A chunk between its marks, filled up."""
    padding = CHUNK_LENGTH - 2 - len(tokens)
    return (Token(START_TOKEN), *tokens, Token(END_TOKEN), *[Token(pad_token)] * padding)
