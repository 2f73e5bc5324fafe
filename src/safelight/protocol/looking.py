"""What the process that looks at pictures is asked, and what it answers.

Vectors are float32, little-endian, of length one, one after another.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from safelight.protocol.reports import Unfit
from safelight.protocol.wire import Vocabulary


@dataclass(frozen=True)
class LookAt:
    """Turn pictures into vectors.

    Attributes:
        ask: Number of the question, which the answer carries.
        pictures: Their files, as absolute paths.
        background: Whether nobody waits for it, so that other questions are answered meanwhile.
    """

    ask: int
    pictures: tuple[str, ...]
    background: bool = False


@dataclass(frozen=True)
class Read:
    """Turn texts into vectors."""

    ask: int
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Judge:
    """Say how well pictures and texts fit.

    Attributes:
        ask: Number of the question.
        how: `score` compares each picture with each text, `labels` chooses the text that fits each picture best,
            `captions` proposes what could be written of each picture.
        pictures: Their files, as absolute paths.
        texts: Texts, or labels; for captions what pictures may show, empty for common things.
        template: A sentence with `{}` where a label goes; empty for the usual one.
    """

    ask: int
    how: str
    pictures: tuple[str, ...]
    texts: tuple[str, ...]
    template: str = ""


Question = LookAt | Read | Judge

QUESTIONS: dict[str, type[Question]] = {"look_at": LookAt, "read": Read, "judge": Judge}
"""Question types by their tag."""


@dataclass(frozen=True)
class Ready:
    """The model is loaded.

    Attributes:
        sha256: Of its file.
        dims: Numbers of a vector.
    """

    sha256: str
    dims: int


@dataclass(frozen=True)
class Seen:
    """Pictures as vectors.

    Attributes:
        ask: Number of the question.
        vectors: Of those that could be read, in order.
        problems: Of each picture why it could not be read; empty where it could.
    """

    ask: int
    vectors: bytes
    problems: tuple[str, ...]


@dataclass(frozen=True)
class WasRead:
    """Texts as vectors.

    Attributes:
        ask: Number of the question.
        vectors: In order.
        cut: A sentence about each text that was too long to be read whole.
    """

    ask: int
    vectors: bytes
    cut: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """How well pictures and texts fit.

    Attributes:
        ask: Number of the question.
        result: For each picture: `scores`, of the texts in their order; or `labels`, each with `label`, `share` and
            `score`, the best first. `cut` as of `WasRead`. Or `captions`, by path, of the pictures that can be read.
    """

    ask: int
    result: Mapping[str, object]


@dataclass(frozen=True)
class Refused:
    """A question that cannot be answered.

    Attributes:
        ask: Its number.
        what: What is wrong, in one sentence.
        mend: What the person can do about it.
    """

    ask: int
    what: str
    mend: str = ""


Answer = Ready | Unfit | Seen | WasRead | Judged | Refused

ANSWERS: dict[str, type[Answer]] = {
    "ready": Ready,
    "unfit": Unfit,
    "seen": Seen,
    "was_read": WasRead,
    "judged": Judged,
    "refused": Refused,
}
"""Answer types by their tag."""

_QUESTIONS: Vocabulary[Question] = Vocabulary("question", QUESTIONS)
_ANSWERS: Vocabulary[Answer] = Vocabulary("answer", ANSWERS)
question_to_json = _QUESTIONS.to_json
question_from_json = _QUESTIONS.from_json
answer_to_json = _ANSWERS.to_json
answer_from_json = _ANSWERS.from_json
