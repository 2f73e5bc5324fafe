"""The plan of a run before it is made: its noise levels, and where its sampler asks the model."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from safelight.diffusion.noise import initial_noise
from safelight.diffusion.noise_schedule import NoiseSchedule
from safelight.diffusion.process import ForwardProcess
from safelight.diffusion.samplers import SAMPLERS, SamplerSpec
from safelight.diffusion.sampling import sample
from safelight.diffusion.schedulers import SCHEDULERS, sigmas_for
from safelight.diffusion.types import Step
from safelight.inspect.arrays import Array, array_of

TRIAL = (1, 4, 8, 8)
"""Shape of the latent that a plan is tried on."""


@dataclass(frozen=True)
class Plan:
    """The plan of a run of S steps.

    Attributes:
        sampler, scheduler: Their names.
        sigmas: Noise levels, in standard deviations of the latent, falling [S + 1].
        log_snr: Natural logarithm of signal to noise, as variances, at each of them [S + 1]; infinite without noise,
            and minus infinite without a signal.
        steps: The noise level that each step of the sampler begins at [S'].
        calls: The noise level of each call of the model, in their order [N].
        call_steps: The step that each call belongs to, from 0 [N].
        others: Other schedulers -> their noise levels for the same run; as many as each of them gives.
        flow: Whether noise is mixed in linearly; a level of 1 is then noise alone.
    """

    sampler: str
    scheduler: str
    sigmas: Array
    log_snr: Array
    steps: Array
    calls: Array
    call_steps: Array
    others: dict[str, Array]
    flow: bool


def plan_run(
    schedule: NoiseSchedule,
    sampler: str,
    scheduler: str,
    steps: int,
    denoise: float = 1.0,
    *,
    beside: Sequence[str] = (),
) -> Plan:
    """What a run will do.

    Args:
        schedule: The model's noise levels.
        sampler: A name in `SAMPLERS`.
        scheduler: A name in `SCHEDULERS`.
        steps: At least 1.
        denoise: Share of the way to go, 0 to 1.
        beside: Schedulers to lay beside it.
    """
    spec = SAMPLERS[sampler]

    def levels(name: str) -> Tensor:
        return sigmas_for(name, schedule, steps, denoise, drops_penultimate_sigma=spec.drops_penultimate_sigma)

    sigmas = levels(scheduler)
    trial = try_sampler(schedule, spec, sigmas)
    return Plan(
        sampler=sampler,
        scheduler=scheduler,
        sigmas=array_of(sigmas),
        log_snr=log_snr(schedule.process, sigmas),
        steps=np.array(trial.steps, dtype=np.float32),
        calls=np.array(trial.calls, dtype=np.float32),
        call_steps=np.array(trial.call_steps, dtype=np.int32),
        others={name: array_of(levels(name)) for name in beside if name in SCHEDULERS and name != scheduler},
        flow=schedule.process.flow,
    )


def log_snr(process: ForwardProcess, sigmas: Tensor) -> Array:
    """Natural logarithm of (signal / sigma)² at noise levels [n] -> [n]."""
    exact = sigmas.double()
    return array_of(2 * (process.signal(exact).log() - exact.log()))


@dataclass
class Trial:
    """A denoiser that needs no model: the best there is for latents that are noise themselves. It counts its calls.

    Of a latent of independent numbers of variance 1, under noise, the expected one is known: x times signal, over the
    variance of x. It bends as those of real models do, so that samplers that choose their own steps choose plausible
    ones.

    Attributes:
        process: How noise is mixed in.
        steps: The noise level of each step that was told.
        calls: The noise level of each call.
        call_steps: The step that each call belongs to.
    """

    process: ForwardProcess
    steps: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    call_steps: list[int] = field(default_factory=list)
    _answers: list[Tensor] = field(default_factory=list)

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        signal = self.process.signal(sigma)
        answer = x * (signal / (signal**2 + sigma**2))
        self.calls.append(float(sigma))
        self._answers.append(answer)
        self.call_steps.append(max(len(self.steps) - 1, 0))
        return answer

    def with_uncond(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        answer = self(x, sigma)
        return answer, answer

    def told(self, step: Step) -> None:
        """A step was begun by the call whose answer it tells of; calls after that are its own as well."""
        began = next((place for place, answer in enumerate(self._answers) if answer is step.denoised), None)
        place = len(self.calls) - 1 if began is None else began
        for later in range(place, len(self.calls)):
            self.call_steps[later] = len(self.steps)
        self.steps.append(float(step.sigma))


def try_sampler(schedule: NoiseSchedule, sampler: SamplerSpec, sigmas: Tensor) -> Trial:
    """Run a sampler for the sake of its calls alone; a few milliseconds.

    Args:
        schedule: The model's noise levels.
        sampler: The sampler. One that chooses its own steps (`dpm_adaptive`) may choose others with a model.
        sigmas: Falling noise levels [steps + 1], on the CPU.
    """
    trial = Trial(schedule.process)
    with torch.no_grad():
        sample(
            trial,
            schedule,
            sampler,
            sigmas,
            torch.zeros(TRIAL),
            noise=initial_noise(0, TRIAL),
            seed=0,
            on_step=trial.told,
        )
    return trial
