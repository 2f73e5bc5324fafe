"""The process that looks at pictures: vectors of pictures in the background, answers to questions ahead of that.

Questions come as lines of JSON on the standard input, the first of which has the settings, and answers go out likewise.
It ends by itself when the standard input does, as that means that the server is gone.
"""

import contextlib
import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from safelight.errors import BadInput, SafelightError
from safelight.files.folders import Folders
from safelight.files.hashes import sha256
from safelight.files.picture_files import frames, opened
from safelight.logs import log_as_json
from safelight.protocol import looking
from safelight.protocol.looking import (
    Answer,
    Judge,
    Judged,
    LookAt,
    Question,
    Read,
    Ready,
    Refused,
    Seen,
    WasRead,
)
from safelight.protocol.pipes import reserved_output
from safelight.protocol.reports import Unfit
from safelight.settings import Settings, read_settings

if TYPE_CHECKING:
    from torch import Tensor

    from safelight.clip.model import ClipModel

log = logging.getLogger(__name__)

HASHES = "cache/hashes"
TOGETHER = 8
"""Pictures in a batch; on a processor more gain nothing."""
LOWEST = 19  # priority, to the system: everything else goes first

Tell = Callable[[Answer], None]


@dataclass(frozen=True)
class Eye:
    """A CLIP that looks at picture files.

    Attributes:
        name: Of its file, as the folder `clip_vision` lists it.
        sha256: Of its file.
        model: Both of its towers, on the processor.
    """

    name: str
    sha256: str
    model: "ClipModel"

    def look_at(self, pictures: Sequence[Path]) -> tuple["Tensor", list[str]]:
        """Vectors of the pictures that can be read [B, P]; and of each why it cannot, empty where it can."""
        import torch  # noqa: PLC0415 (takes seconds to import, and the command answers before)

        side = self.model.vision.shape.image
        problems = [""] * len(pictures)
        vectors = [torch.empty(0, self.model.dims)]
        for start in range(0, len(pictures), TOGETHER):
            read = []
            for number, path in enumerate(pictures[start : start + TOGETHER], start):
                try:
                    read.append(torch.frombuffer(bytearray(square(path, side).tobytes()), dtype=torch.uint8))
                except BadInput as error:
                    problems[number] = error.what
            if read:
                vectors.append(self.model.images(torch.stack(read).reshape(-1, side, side, 3) / 255))
        return torch.cat(vectors), problems

    def read(self, texts: Sequence[str]) -> "Tensor":
        """Vectors of texts [N, P]."""
        return self.model.texts(texts)


def open_eye(settings: Settings) -> Eye:
    """Load the CLIP of the settings.

    Raises:
        BadInput: There is no such file, or it has no whole CLIP model in it.
    """
    from safelight.clip.model import load_clip_model  # noqa: PLC0415 (as above)
    from safelight.models.device import HOST  # noqa: PLC0415
    from safelight.models.placement import Placement  # noqa: PLC0415
    from safelight.models.precision import precision  # noqa: PLC0415

    folders = Folders.at(settings.home, [root for root in settings.model_roots if root.is_dir()])
    try:
        path = folders.resolve("clip_vision", settings.clip_model)
    except BadInput as error:
        raise BadInput(
            f"{error.what} It is what `clip_model` in the settings names.", mend=f"{error.mend} Or change the setting."
        ) from error
    model = load_clip_model(path, Placement(HOST), precision("fp32", HOST))
    return Eye(settings.clip_model, sha256(path, settings.home / HASHES), model)


def square(path: Path, side: int) -> Image.Image:
    """The middle of a picture, made as small as a CLIP sees it; what is transparent is white.

    Raises:
        BadInput: It is no picture, is damaged, or is too large.
    """
    picture = flat(path, side)
    short = min(picture.size)
    left, top = (picture.width - short) // 2, (picture.height - short) // 2
    box = (left, top, left + short, top + short)
    return picture.crop(box).resize((side, side), Image.Resampling.BICUBIC)


def flat(path: Path, side: int) -> Image.Image:
    """A picture in RGB, to be made as small as `side` pixels; what is transparent is white. Errors as of `square`."""
    with opened(path) as file:
        file.draft("RGB", (2 * side, 2 * side))  # a JPEG is decoded no larger than needed
        picture = next(frames(file, path))
        if picture.has_transparency_data:
            picture = picture.convert("RGBA")
            picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
        return picture.convert("RGB")


class Looker:
    """Answers questions; those in the background in a thread of its own, so that the others do not wait.

    Args:
        eye: What looks.
        tell: Takes every answer, from any thread.
    """

    def __init__(self, eye: Eye, tell: Tell) -> None:
        self._eye = eye
        self._tell = tell
        self._in_background: queue.SimpleQueue[LookAt] = queue.SimpleQueue()
        threading.Thread(target=self._look, daemon=True).start()

    def take(self, question: Question) -> None:
        """Answer a question, now or, in the background, later."""
        if isinstance(question, LookAt) and question.background:
            self._in_background.put(question)
        else:
            self._answer(question)

    def _look(self) -> None:
        with contextlib.suppress(OSError, AttributeError):  # Linux: of this thread alone; Windows has none
            os.nice(LOWEST)
        while True:
            self._answer(self._in_background.get())

    def _answer(self, question: Question) -> None:
        try:
            self._tell(self._answered(question))
        except SafelightError as error:
            self._tell(Refused(question.ask, error.what, error.mend))
        except Exception as error:
            log.exception("a question could not be answered")
            self._tell(Refused(question.ask, f"CLIP failed: {error}.", "The server's log has the details."))

    def _answered(self, question: Question) -> Answer:
        match question:
            case LookAt(ask, pictures):
                vectors, problems = self._eye.look_at([Path(picture) for picture in pictures])
                return Seen(ask, as_bytes(vectors), tuple(problems))
            case Read(ask, texts):
                return WasRead(ask, as_bytes(self._eye.read(texts)), self._eye.model.cut(texts))
            case Judge():
                return Judged(question.ask, self._judged(question))

    def _judged(self, question: Judge) -> dict[str, object]:
        from safelight.clip.asking import TEMPLATE, in_template, labels, similarity  # noqa: PLC0415 (imports torch)

        if question.how == "captions":
            return {"captions": self._captions(question)}
        pictures, problems = self._eye.look_at([Path(picture) for picture in question.pictures])
        if any(problems):
            raise BadInput(next(filter(None, problems)), mend="Leave that picture out.")
        if question.how == "labels":
            sentences = in_template(question.texts, question.template or TEMPLATE)
            found = labels(pictures, self._eye.read(sentences), question.texts, self._eye.model.scale)
            return {
                "labels": [[asdict(label) for label in row] for row in found],
                "cut": self._eye.model.cut(sentences),
            }
        scores = similarity(pictures, self._eye.read(question.texts))
        return {"scores": scores.tolist(), "cut": self._eye.model.cut(question.texts)}

    def _captions(self, question: Judge) -> dict[str, str]:
        from safelight.clip.proposals import WORDS, propose  # noqa: PLC0415 (imports torch)

        proposals = propose([Path(picture) for picture in question.pictures], self._eye, question.texts or WORDS)
        return {str(proposal.picture): proposal.caption for proposal in proposals}


def as_bytes(vectors: "Tensor") -> bytes:
    """Vectors as messages and the database have them."""
    return vectors.numpy().astype("<f4").tobytes()


def main() -> None:
    """Answer questions until the standard input ends."""
    out = reserved_output()
    log_as_json()
    writing = threading.Lock()

    def tell(answer: Answer) -> None:
        line = json.dumps(looking.answer_to_json(answer)).encode() + b"\n"
        try:
            with writing:
                out.write(line)
                out.flush()
        except OSError:  # nobody is there to be told anything
            os._exit(1)

    settings = read_settings(**json.loads(sys.stdin.buffer.readline()))
    try:
        eye = open_eye(settings)
        eye.read([""])  # what is slow the first time
    except SafelightError as error:
        tell(Unfit(error.what, error.mend))
        return
    tell(Ready(eye.sha256, eye.model.dims))
    looker = Looker(eye, tell)
    for question in _questions():
        looker.take(question)
    os._exit(0)


def _questions() -> Iterator[Question]:
    for line in sys.stdin.buffer:
        try:
            yield looking.question_from_json(json.loads(line))
        except (BadInput, ValueError) as error:
            print(f"not a question: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
