"""Words of earlier prompts, to complete what somebody types."""

import re
from collections import Counter
from collections.abc import Iterable

from safelight.prompts.syntax import parse_emphasis

LONGEST = 100  # characters; what is longer is a sentence, and nobody wants it completed
_APART = re.compile(r"[,\n]")


def words_beginning(prefix: str, prompts: Iterable[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    """Parts of prompts, between commas, that begin with what was typed or hold a word that does.

    Args:
        prefix: What was typed.
        prompts: Each with how often it was used.
        most: At most so many.

    Returns:
        Each with how often it was used, most used first; of those as often used, the shorter first. Emphasis is left
        out.
    """
    begins = re.compile(rf"(?<!\w){re.escape(prefix.strip())}", re.IGNORECASE)
    counts: Counter[str] = Counter()
    spelt: dict[str, str] = {}
    for prompt, times in prompts:
        plain = "".join(piece.text for section in parse_emphasis(prompt) for piece in section)
        for part in {" ".join(part.split()) for part in _APART.split(plain)}:
            if part and len(part) <= LONGEST and begins.search(part):
                counts[spelt.setdefault(part.casefold(), part)] += times
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], len(entry[0]), entry[0]))
    return ordered[:most]
