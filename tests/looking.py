"""What pretends to look at pictures, for tests of what is around it: no torch, a vector for each colour."""

from array import array
from collections.abc import Sequence
from math import hypot
from pathlib import Path

from PIL import Image

from safelight.engine.interface import EngineLost
from safelight.protocol.looking import Judged, Ready, Seen, WasRead
from safelight.settings import Settings

WORDS = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255), "teal": (0, 128, 128)}
DIMS = 8


def vector(colour: tuple[int, ...], sha256: str = "") -> bytes:
    """What stands for a colour; another model sees it in other places."""
    numbers = [float(value) - 100.0 for value in colour[:3]] + [1.0] * (DIMS - 3)
    turned = numbers[::-1] if sha256.startswith("b") else numbers
    return array("f", [number / hypot(*numbers) for number in turned]).tobytes()


class PretendLooker:
    """See `safelight.engine.looker.Looker`. A picture is seen by the colour of its middle, a text by its first word.

    Attributes:
        looked_at: Names of the files that were looked at, in order.
        deadly: Words in the names of files over which the process ends.
        sha256: Of the model.
    """

    def __init__(self, settings: Settings) -> None:
        self.starts = 0
        self.looked_at: list[str] = []
        self.deadly: set[str] = set()
        self.sha256 = "a" * 64

    async def ready(self) -> Ready:
        self.starts += 1
        return Ready(self.sha256, DIMS)

    async def look_at(self, pictures: Sequence[Path], *, background: bool = False) -> Seen:
        seen, problems = b"", []
        for path in pictures:
            if any(word in path.name for word in self.deadly):
                raise EngineLost("was killed")
        for path in pictures:
            self.looked_at.append(path.name)
            try:
                with Image.open(path) as picture:
                    middle = picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2))
            except OSError:
                problems.append(f"{path.name} cannot be read.")
                continue
            assert isinstance(middle, tuple)
            seen += vector(middle, self.sha256)
            problems.append("")
        return Seen(0, seen, tuple(problems))

    async def read(self, texts: Sequence[str]) -> WasRead:
        return WasRead(0, b"".join(vector(WORDS[text.split()[0]], self.sha256) for text in texts), ())

    async def judge(self, how: str, pictures: Sequence[Path], texts: Sequence[str], template: str = "") -> Judged:
        if how == "captions":
            problems = (await self.look_at(pictures)).problems
            readable = [path for path, why in zip(pictures, problems, strict=True) if not why]
            return Judged(0, {"captions": {str(path): f"a picture of {path.stem}" for path in readable}})
        seen = (await self.look_at(pictures)).vectors
        size = len(seen) // len(pictures)
        ours = [array("f", seen[start : start + size]) for start in range(0, len(seen), size)]
        theirs = [array("f", vector(WORDS[text])) for text in texts]
        scores = [[sum(a * b for a, b in zip(one, other, strict=True)) for other in theirs] for one in ours]
        if how == "score":
            return Judged(0, {"scores": scores, "cut": []})
        rows = [
            sorted(
                ({"label": text, "share": score, "score": score} for text, score in zip(texts, row, strict=True)),
                key=lambda label: -float(label["score"]),
            )
            for row in scores
        ]
        return Judged(0, {"labels": rows, "cut": []})

    async def stop(self) -> None:
        return None
