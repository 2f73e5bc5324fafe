"""What can be asked of vectors: how alike two things are, which pictures suit a text best, and which label fits.

All vectors are of length one, as `ClipModel` gives them, so that their product is their cosine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from safelight.errors import BadInput

PLACE = "{}"
"""Where a label goes in a template."""
TEMPLATE = f"a picture of {PLACE}"


@dataclass(frozen=True)
class Ranked:
    """A picture's place in an order.

    Attributes:
        index: Which picture, counted from 0 as they were given.
        score: Its similarity, -1 to 1.
    """

    index: int
    score: float


@dataclass(frozen=True)
class Label:
    """How well a label fits a picture.

    Attributes:
        label: The label.
        share: Of all labels together, 0 to 1.
        score: Similarity of the picture and the label in its template, -1 to 1.
    """

    label: str
    share: float
    score: float


def similarity(ours: Tensor, theirs: Tensor) -> Tensor:
    """How alike each of some things is to each of others.

    Args:
        ours: [N, P].
        theirs: [M, P].

    Returns:
        Cosines [N, M], -1 to 1. Of a picture and a text that describes it they are about 0.3 with most models; it is
        the difference between pictures that tells.
    """
    return (ours.float() @ theirs.float().T).clamp(-1, 1)


def rank(scores: Sequence[float], keep: int | None = None) -> list[Ranked]:
    """Pictures in order, the best first; those that are as good in the order they were given.

    Args:
        scores: Of each picture.
        keep: How many are wanted; None for all.
    """
    ranked = [Ranked(index, score) for index, score in enumerate(scores)]
    return sorted(ranked, key=lambda entry: -entry.score)[:keep]


def labels(pictures: Tensor, texts: Tensor, names: Sequence[str], scale: float) -> list[list[Label]]:
    """Which of some labels each picture shows, without a model that was trained on them.

    Args:
        pictures: [B, P].
        texts: The labels in their template [L, P].
        names: The labels themselves.
        scale: The model's.

    Returns:
        For each picture its labels, the best first.

    Source: Radford et al. 2021, arXiv:2103.00020, section 3.1.
    """
    scores = similarity(pictures, texts)
    shares = torch.softmax(scores * scale, dim=-1)
    found = [
        [Label(*fact) for fact in zip(names, share, score, strict=True)]
        for share, score in zip(shares.tolist(), scores.tolist(), strict=True)
    ]
    return [sorted(row, key=lambda label: -label.share) for row in found]


def read_labels(text: str, separator: Literal["\n", ","]) -> tuple[str, ...]:
    """The labels that a person wrote, each once.

    Raises:
        BadInput: There are fewer than two, which leaves nothing to choose between.
    """
    found = tuple(dict.fromkeys(label for part in text.split(separator) if (label := part.strip())))
    if len(found) < 2:
        apart = "one a line" if separator == "\n" else "with commas between them"
        raise BadInput(
            f"To choose a label, at least two are needed; there {'is one' if found else 'are none'}.",
            mend=f"Write several, {apart}: “cat”, “dog”, “something else”.",
        )
    return found


def in_template(names: Sequence[str], template: str) -> list[str]:
    """Each label in a sentence, which CLIP knows better than single words.

    Raises:
        BadInput: The template has no place for it.
    """
    if PLACE not in template:
        raise BadInput(
            f"The template “{template}” has no {PLACE} where the label goes.", mend=f"Write it as “{TEMPLATE}”."
        )
    return [template.replace(PLACE, name) for name in names]
