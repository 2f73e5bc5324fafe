"""A prompt as CLIP sees it: chunk by chunk, token by token, for those who want to look."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from safelight.prompts.bpe import END_TOKEN, START_TOKEN, token_text
from safelight.prompts.counting import STEPS, Syntax
from safelight.prompts.embedding_files import count_vectors, find_in
from safelight.prompts.prompt_schedule import prompt_schedule, split_sub_prompts
from safelight.prompts.syntaxes import SYNTAXES
from safelight.prompts.tokenizer import CHUNK_LENGTH, tokenize


@dataclass(frozen=True)
class ReadToken:
    """A token of a prompt.

    Attributes:
        place: Where it is among all that CLIP is shown: 77 to a chunk, 0 the first chunk's start mark.
        chunk: Which chunk, from 0.
        text: What it stands for; ends in a space where a word ends. Of a learned embedding, nothing.
        id: In CLIP's vocabulary; None for a row of a learned embedding.
        weight: Its emphasis.
        word: Tokens of one group of the prompt share it.
    """

    place: int
    chunk: int
    text: str
    id: int | None
    weight: float
    word: int


@dataclass(frozen=True)
class ReadPrompt:
    """A prompt, read.

    Attributes:
        tokens: Of the prompt, without marks and padding.
        chunks: How many chunks of 77 it fills.
        ends: The place of each chunk's end mark.
        missing: Embeddings that were asked for and are not there; they were left out.
    """

    tokens: tuple[ReadToken, ...]
    chunks: int
    ends: tuple[int, ...]
    missing: tuple[str, ...]


def read_prompt(text: str, syntax: Syntax, embeddings: Sequence[Path]) -> ReadPrompt:
    """Read a prompt as CLIP does before the first step.

    Args:
        text: The prompt, its choices drawn.
        syntax: How its brackets are read.
        embeddings: Folders of textual inversions.

    Raises:
        BadInput: It has half a character.
    """
    if syntax == "a1111":  # of several prompts joined by AND, the first
        text = prompt_schedule(split_sub_prompts(text)[0].text, STEPS)[0].text
    read = tokenize(SYNTAXES[syntax](text), pad_token=END_TOKEN, look_up=count_vectors(find_in(tuple(embeddings))))
    tokens, ends = [], []
    for number, chunk in enumerate(read.chunks):
        first = number * CHUNK_LENGTH
        of_prompt = [place for place, token in enumerate(chunk) if token.word > 0]
        ends.append(first + (of_prompt[-1] if of_prompt else 0) + 1)
        for place in of_prompt:
            value, weight, word = chunk[place]
            known = value if isinstance(value, int) and not isinstance(value, bool) else None
            shown = "" if known is None or known in (START_TOKEN, END_TOKEN) else token_text(known)
            tokens.append(ReadToken(first + place, number, shown, known, weight, word))
    return ReadPrompt(tuple(tokens), len(read.chunks), tuple(ends), read.missing)
