"""How long prompts are, in the tokens that a text encoder reads."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from safelight.prompts.bpe import END_TOKEN
from safelight.prompts.embedding_files import count_vectors, find_in
from safelight.prompts.prompt_schedule import prompt_schedule, split_sub_prompts
from safelight.prompts.syntaxes import SYNTAXES
from safelight.prompts.tokenizer import CHUNK_LENGTH, tokenize

ROOM = CHUNK_LENGTH - 2  # tokens of a prompt in a chunk, without the marks at both ends
STEPS = 20  # any number in which a change at a share of the steps does not come first
REMEMBERED = 256  # texts; a prompt is counted again with each letter that is typed

Syntax = Literal["comfyui", "a1111"]


@dataclass(frozen=True)
class TokenCount:
    """How long a prompt is.

    Attributes:
        tokens: Of the text itself, without marks and padding.
        chunks: Of 75 tokens, each read on its own.
        room: Tokens until the next chunk begins.
    """

    tokens: int
    chunks: int
    room: int


@lru_cache(maxsize=REMEMBERED)
def count_tokens(text: str, syntax: Syntax, embeddings: tuple[Path, ...]) -> TokenCount:
    """Count the tokens of a prompt, as it is before the first step.

    Args:
        text: The prompt, its choices drawn.
        syntax: How its brackets are read.
        embeddings: Folders of textual inversions.

    Raises:
        BadInput: It has half a character.
    """
    if syntax == "a1111":  # of several prompts joined by AND, the first
        text = prompt_schedule(split_sub_prompts(text)[0].text, STEPS)[0].text
    look_up = count_vectors(find_in(embeddings))
    chunks = tokenize(SYNTAXES[syntax](text), pad_token=END_TOKEN, look_up=look_up).chunks
    lengths = [sum(token.word > 0 for token in chunk) for chunk in chunks]
    return TokenCount(sum(lengths), len(chunks), ROOM - lengths[-1])
