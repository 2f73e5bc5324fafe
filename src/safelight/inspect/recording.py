"""A run of a sampler, kept: what it saw and guessed at each step, and which word each part of the picture looked at.

A recording is a safetensors file, which programs in any language read without help: a JSON head, then plain arrays.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor

from safelight.diffusion.guidance import Guess
from safelight.diffusion.types import Step
from safelight.errors import BadInput
from safelight.families.base import LatentFormat
from safelight.inspect.listening import MOST_PICTURES, Listener
from safelight.models.guider import Guider
from safelight.models.patches import Patches

LARGEST_LATENT = 64  # cells a side that are kept of a latent
FORMAT = "safelight recording 1"

Array = NDArray[Any]


@dataclass(frozen=True)
class RecordingHead:
    """What a recording says of its run.

    Attributes:
        family: The model's.
        prediction: What the network predicts: eps, v, ….
        flow: Whether noise is mixed in linearly.
        cfg: Guidance strength.
        height, width: Of the whole latent, in cells.
        cell: Pixels a side that a cell stands for.
        rgb_factors, rgb_bias: A latent's channels to red, green and blue in -1..1, for drawing.
    """

    family: str
    prediction: str
    flow: bool
    cfg: float
    height: int
    width: int
    cell: int
    rgb_factors: tuple[tuple[float, ...], ...]
    rgb_bias: tuple[float, ...]


@dataclass(frozen=True)
class Recording:
    """A run of S steps on the first B pictures of a batch.

    Attributes:
        head: What was run.
        sigmas: The plan: noise levels [S' + 1]; S' is above S where the run was stopped.
        step_sigmas: The noise level before each step [S].
        calls: The noise level of each call of the model [N], in their order.
        call_steps: The step that each call belongs to [N].
        noisy: The latent before each step [S, B, C, h, w], scaled, float16; of h, w above 64 a reduced one.
        denoised: The estimate of the clean latent made from it; likewise.
        guidance: cond minus uncond: what the words add; likewise. 0 at steps without guidance; empty ([0]) where
            nothing was guided.
        noisy_rms, denoised_rms, guidance_rms: Root mean squares of the whole latents [S, B].
        change_rms: How far the estimate moved since the step before [S, B]; 0 at the first.
        attention: For each step, picture and token of the first positive prompt, where in the picture the token was
            looked at [S, B, T, y, x], uint8 of `attention_top`; averaged over heads, layers and the calls since the
            step before. At one place the tokens of one step add up to 1, or to 0 where and while the network is not
            shown the prompt. Empty ([0]) where nothing was heard.
        attention_top: What 255 stands for.
    """

    head: RecordingHead
    sigmas: Array
    step_sigmas: Array
    calls: Array
    call_steps: Array
    noisy: Array
    denoised: Array
    guidance: Array
    noisy_rms: Array
    denoised_rms: Array
    guidance_rms: Array
    change_rms: Array
    attention: Array
    attention_top: float

    def attention_of(self, tokens: Mapping[int, float] | list[int], picture: int = 0) -> Array:
        """The share of attention that tokens had together, averaged over the steps that heard any, [y, x] in 0..1.

        Args:
            tokens: Their places in the prompt as CLIP sees it; 0 is the mark at the beginning.
            picture: Which picture of the batch.
        """
        maps = self.attention[:, picture]
        heard = maps.any(axis=(1, 2, 3))
        chosen = maps[heard if heard.any() else slice(None)][:, list(tokens)].astype(np.float32)
        return np.asarray(chosen.sum(axis=1).mean(axis=0) * (self.attention_top / 255))


@dataclass
class _Taken:
    """What has been recorded so far; one entry a step."""

    step_sigmas: list[Tensor] = field(default_factory=list)
    noisy: list[Tensor] = field(default_factory=list)
    denoised: list[Tensor] = field(default_factory=list)
    guidance: list[Tensor | None] = field(default_factory=list)
    rms: list[Tensor] = field(default_factory=list)  # [4, B]: noisy, denoised, guidance, change
    attention: list[Tensor | None] = field(default_factory=list)


class Recorder:
    """Listens to one run. Nothing that is computed changes by it.

    Args:
        guider: What runs.
        sigmas: The run's noise levels.
        latent: The space it runs in.
    """

    def __init__(self, guider: Guider, sigmas: Tensor, latent: LatentFormat) -> None:
        self._guider = guider
        self._sigmas = sigmas
        self._latent = latent
        self._last: Tensor | None = None  # the estimate of the step before
        self._calls: list[Tensor] = []
        self._call_steps: list[int] = []
        self._taken = _Taken()
        self._guidance: Tensor | None = None
        self._listener = Listener(guider.positive[0].context)
        self._size = (0, 0)

    def listening(self) -> Guider:
        """The guider, with ears."""
        model = self._guider.model
        guidance = model.guidance
        model = replace(model, guidance=replace(guidance, before=(self._guessed, *guidance.before)))
        return replace(self._guider, model=model.with_patches(Patches(cross_mix=(self._listener,))))

    def step(self, step: Step) -> None:
        """Take a step down."""
        taken = self._taken
        # A sampler tells of a step once it has the estimate at its beginning; further calls come after that.
        number = len(taken.step_sigmas)
        self._credit(max(number - 1, 0), len(self._calls) - 1)
        self._credit(number, len(self._calls))
        noisy, denoised = (each[:MOST_PICTURES].float() for each in (step.x, step.denoised))
        guidance = torch.zeros_like(denoised) if self._guidance is None else self._guidance[:MOST_PICTURES].float()
        change = torch.zeros_like(denoised) if self._last is None else denoised - self._last
        self._last = denoised
        taken.step_sigmas.append(step.sigma.detach().reshape(()).float().cpu())
        taken.rms.append(torch.stack([_rms(each) for each in (noisy, denoised, guidance, change)]).cpu())
        self._size = (denoised.shape[-2], denoised.shape[-1])
        taken.noisy.append(_small(noisy))
        taken.denoised.append(_small(denoised))
        taken.guidance.append(None if self._guidance is None else _small(guidance))
        taken.attention.append(self._listener.taken(self._size))
        self._guidance = None

    def _credit(self, step: int, calls: int) -> None:
        """Write the calls down to a step that are not written down yet, up to `calls` in all."""
        self._call_steps += [step] * (calls - len(self._call_steps))

    def save(self) -> bytes:
        """The recording as a file; empty where no step was taken."""
        taken = self._taken
        if not taken.step_sigmas:
            return b""
        self._credit(len(taken.step_sigmas) - 1, len(self._calls))
        model = self._guider.model
        head = RecordingHead(
            family=model.family.title,
            prediction=model.prediction,
            flow=model.schedule.process.flow,
            cfg=self._guider.cfg,
            height=self._size[0],
            width=self._size[1],
            cell=self._latent.compression,
            rgb_factors=self._latent.rgb_factors,
            rgb_bias=self._latent.rgb_bias,
        )
        noisy_rms, denoised_rms, guidance_rms, change_rms = torch.stack(taken.rms).movedim(1, 0)
        attention, top = _eight_bit(_filled(taken.attention))
        arrays = {
            "sigmas": self._sigmas.float().cpu(),
            "step_sigmas": torch.stack(taken.step_sigmas),
            "calls": torch.stack(self._calls).cpu() if self._calls else torch.zeros(0),
            "call_steps": torch.tensor(self._call_steps, dtype=torch.int32),
            "noisy": torch.stack(taken.noisy),
            "denoised": torch.stack(taken.denoised),
            "guidance": _filled(taken.guidance).half(),
            "noisy_rms": noisy_rms,
            "denoised_rms": denoised_rms,
            "guidance_rms": guidance_rms,
            "change_rms": change_rms,
            "attention": attention,
        }
        metadata = {"format": FORMAT, "head": json.dumps(asdict(head)), "attention_top": repr(top)}
        return save({name: array.contiguous() for name, array in arrays.items()}, metadata=metadata)

    def _guessed(self, guess: Guess) -> Guess:
        self._calls.append(guess.sigma.detach().reshape(()).float())
        if guess.uncond is not guess.cond:
            self._guidance = guess.cond - guess.uncond
        return guess


def open_recording(path: Path) -> Recording:
    """Read a recording.

    Raises:
        BadInput: The file is none.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise ValueError(metadata.get("format"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
        head = json.loads(metadata["head"])
        factors = tuple(tuple(row) for row in head.pop("rgb_factors"))
        opened = RecordingHead(**head, rgb_factors=factors)
        return Recording(head=opened, attention_top=float(metadata["attention_top"]), **arrays)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{path.name} is no recording of a run.",
            mend="Make the picture again with recording on.",
        ) from error
    except Exception as error:  # what safetensors raises has no class that can be named
        raise BadInput(f"{path.name} cannot be read: it is damaged.", mend="Record the picture again.") from error


def _rms(x: Tensor) -> Tensor:
    return x.square().mean(dim=tuple(range(1, x.ndim))).sqrt()


def _small(x: Tensor) -> Tensor:
    """A latent [B, C, h, w] of at most 64 cells a side, float16, on the CPU."""
    longest = max(x.shape[-2:])
    if longest > LARGEST_LATENT:
        size = [max(1, round(side * LARGEST_LATENT / longest)) for side in x.shape[-2:]]
        x = F.interpolate(x, size=size, mode="area")
    bound = torch.finfo(torch.float16).max  # what is beyond would be drawn as nothing at all
    return x.clamp(-bound, bound).half().cpu()


def _filled(steps: list[Tensor | None]) -> Tensor:
    """What there was at each step [S, ...], zeros where there was nothing; empty ([0]) where there never was."""
    like = next((each for each in steps if each is not None), None)
    if like is None:
        return torch.zeros(0)
    return torch.stack([torch.zeros_like(like) if each is None else each for each in steps])


def _eight_bit(maps: Tensor) -> tuple[Tensor, float]:
    """Numbers of 0 or more as eight bits, and what 255 stands for."""
    if not maps.numel():
        return torch.zeros(0, dtype=torch.uint8), 1.0
    whole = maps.float()
    top = float(whole.amax().clamp(min=1e-8))
    return (whole * (255 / top)).round().to(torch.uint8), top
