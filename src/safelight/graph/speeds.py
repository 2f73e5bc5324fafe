"""How fast this machine's devices have been, kept in the home folder, and what that says of other work."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from safelight.files.atomic import write_whole

FILE = "cache/speeds.json"
KEPT = 100  # measurements, the newest


@dataclass(frozen=True)
class Speed:
    """What one model call took.

    Attributes:
        device: Name and number type of what it ran on.
        family: Of the model.
        parameters: Of its denoiser.
        latent_pixels: Of all latents in the batch.
        seconds: For each prompt.
    """

    device: str
    family: str
    parameters: int
    latent_pixels: int
    seconds: float

    @property
    def work(self) -> float:
        """What the time grows with, nearly."""
        return float(self.parameters) * self.latent_pixels


def read_speeds(home: Path) -> tuple[Speed, ...]:
    """The measurements in a home folder, the newest last; none where the file is missing or cannot be read."""
    try:
        return tuple(Speed(**entry) for entry in json.loads((home / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return ()


def keep_speeds(home: Path, measured: Iterable[Speed]) -> None:
    """Add measurements; newer ones of the same work take the place of older ones.

    Raises:
        OSError: The file cannot be written.
    """
    listed = list(measured)
    if not listed:
        return
    known = {_work(speed): speed for speed in read_speeds(home)}
    for speed in listed:
        known.pop(_work(speed), None)
        known[_work(speed)] = speed
    newest = [asdict(speed) for speed in list(known.values())[-KEPT:]]
    write_whole(home / FILE, json.dumps(newest, indent=1).encode())


def seconds_for(speeds: Sequence[Speed], device: str, family: str, parameters: int, latent_pixels: int) -> float | None:
    """Seconds for one model call and prompt, from the most similar work that `device` did; None where it did none.

    Args:
        speeds: What was measured.
        device: As in `Speed`.
        family: As in `Speed`.
        parameters: As in `Speed`.
        latent_pixels: As in `Speed`.
    """
    wanted = Speed(device, family, parameters, latent_pixels, 0.0)

    def unlikeness(speed: Speed) -> tuple[bool, float]:
        return speed.family != family, abs(math.log(speed.work / wanted.work))

    here = [speed for speed in speeds if speed.device == device and speed.work > 0]
    if not here or wanted.work <= 0:
        return None
    nearest = min(here, key=unlikeness)
    return nearest.seconds * wanted.work / nearest.work


def _work(speed: Speed) -> tuple[str, str, int, int]:
    return speed.device, speed.family, speed.parameters, speed.latent_pixels
