"""A model under guidance: prompts put in their places for one run, asked of the network together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import lcm
from operator import is_
from typing import cast

import torch
from torch import Tensor

from safelight.diffusion.batch import repeat_to
from safelight.diffusion.conditioning import Cond, NetworkChange, Role
from safelight.diffusion.control import Control
from safelight.diffusion.guidance import GuidedDenoiser, Memory
from safelight.diffusion.latent import Latent
from safelight.diffusion.noise import initial_noise, mixed_noise
from safelight.diffusion.placement import Box, place, with_shared_boxes
from safelight.diffusion.samplers import SamplerSpec
from safelight.diffusion.sampling import fit_mask, sample
from safelight.diffusion.sharing import settle
from safelight.diffusion.types import Denoiser, Step
from safelight.errors import BadInput
from safelight.models.beside import Beginning, channels_of, label_of
from safelight.models.control.picture_control import on_model
from safelight.models.memory.measures import Measures
from safelight.models.memory.thrift import Thrift
from safelight.models.model import Model
from safelight.models.patches import Asked
from safelight.models.small_picture import no_small_picture
from safelight.text.sdxl import AESTHETIC_SCORE, NEGATIVE_AESTHETIC_SCORE

LONGEST_REPEAT = 4  # a shorter prompt is repeated at most so often to share a batch with a longer one

SCORES = {"positive": AESTHETIC_SCORE, "negative": NEGATIVE_AESTHETIC_SCORE}


@dataclass(frozen=True)
class Guider:
    """A model, two prompts and how far to follow them.

    Attributes:
        model: What denoises.
        positive: At least one cond.
        negative: Conds to go away from; none means that `cfg` is 1.
        cfg: Guidance strength; at 1 the negative prompt is not evaluated.
    """

    model: Model
    positive: tuple[Cond, ...]
    negative: tuple[Cond, ...] = ()
    cfg: float = 1.0

    def denoiser(self, latent: Tensor, mask: Tensor | None, sigmas: Tensor, seed: int = 0) -> Denoiser:
        """The denoiser of one run.

        Args:
            latent: What the run starts from [B, C, h, w], scaled, on the model's device.
            mask: Where it repaints [B or 1, 1, h, w], or None.
            sigmas: Its noise levels.
            seed: Of the noise in what unCLIP and upscaling models are shown.

        Raises:
            BadInput: A prompt was encoded for another family, or an upscaling model is shown no picture.
        """
        schedule, guidance = self.model.schedule, self.model.guidance
        prompts: list[tuple[Role, tuple[Cond, ...]]] = [("positive", self.positive), ("negative", self.negative)]
        prompts += [("positive", conds) for conds in guidance.others]
        steered: dict[Control, Control] = {}
        prompts = [(role, on_model(conds, self.model, steered)) for role, conds in prompts]
        prompts = [(role, settle(conds, prompts[0][1])) for role, conds in prompts]
        for _, conds in prompts:
            for cond in conds:
                _check_fit(cond, self.model)
        groups = [place(_in_role(role, conds), latent, schedule.percent_to_sigma, sigmas) for role, conds in prompts]
        positive, negative, *others = [
            with_shared_boxes(group, tuple(placed for other in groups if other is not group for placed in other))
            for group in groups
        ]
        memory: Memory = {}
        if self.model.contents.variant == "upscale" and not any(c.small_picture for _, conds in prompts for c in conds):
            raise no_small_picture()
        guided = GuidedDenoiser(
            predict=_Network(Beginning(self.model, latent, mask, seed), memory),
            positive=positive,
            negative=negative,
            cfg=self.cfg,
            process=schedule.process,
            guidance=guidance,
            others=tuple(others),
            memory=memory,
        )
        return reduce(lambda denoiser, wrap: wrap(denoiser), self.model.around, cast(Denoiser, guided))


def run_sampler(
    guider: Guider,
    sampler: SamplerSpec,
    sigmas: Tensor,
    latent: Latent,
    *,
    seed: int,
    on_step: Callable[[Step], None],
    add_noise: bool = True,
    variation: tuple[int, float] = (0, 0.0),
) -> tuple[Latent, Latent]:
    """Denoise a latent.

    Args:
        guider: The guided model.
        sampler: See `SAMPLERS`.
        sigmas: Falling noise levels [steps + 1], on the CPU.
        latent: What to start from; zeros for nothing.
        seed: Of the noise.
        on_step: Told of each step; raises `Cancelled` to stop.
        add_noise: False where the latent is noisy already.
        variation: Seed of other noise that is mixed in, and how much of it.

    Returns:
        The latent at the last sigma, and the last estimate of the clean one; both with the mask and batch
        places of `latent`.
    """
    model = guider.model
    noise = torch.zeros(latent.samples.shape)
    if add_noise:
        noise = initial_noise(seed, latent.samples.shape, latent.batch_index)
        if variation[1]:
            other = initial_noise(variation[0], latent.samples.shape, latent.batch_index)
            noise = mixed_noise(noise, other, variation[1])
    with torch.no_grad():
        start = model.scale_latent(latent.samples).to(model.placement.device)
        mask = None if latent.noise_mask is None else fit_mask(latent.noise_mask, start)
        last = start

        def told(step: Step) -> None:
            nonlocal last
            last = step.denoised
            on_step(step)

        samples = sample(
            guider.denoiser(start, mask, sigmas, seed),
            model.schedule,
            sampler,
            sigmas,
            start,
            noise=noise.to(start),
            seed=seed,
            on_step=told,
            mask=mask,
            mask_at=model.mask_at(sigmas) if model.mask_at else None,
        )
        return tuple(replace(latent, samples=model.unscale_latent(x).cpu()) for x in (samples, last))  # type: ignore[return-value]


class _Network:
    """Asks a model for several conds at once; keeps what does not change from step to step.

    Args:
        run: What the run begins with.
        memory: What patches keep from call to call.
    """

    def __init__(self, run: Beginning, memory: Memory) -> None:
        self._run = run
        self._memory = memory
        self._thrift = Thrift(run.model.placement, run.model.network, ("singly", "split", "layers"))
        self._inputs: dict[tuple[tuple[int, ...], Box | None, int], tuple[Tensor, Tensor | None, Tensor | None]] = {}

    def __call__(
        self,
        x: Tensor,
        sigma: Tensor,
        conds: Sequence[Cond],
        box: Box | None,
        change: NetworkChange | None = None,
    ) -> Sequence[Tensor]:
        results: dict[int, Tensor] = {}
        for together in _alike(conds):
            asked = [conds[index] for index in together]
            results.update(zip(together, self._at_once(x, sigma, asked, box, change), strict=True))
        return [results[index] for index in range(len(conds))]

    def _at_once(
        self, x: Tensor, sigma: Tensor, conds: Sequence[Cond], box: Box | None, change: NetworkChange | None
    ) -> Sequence[Tensor]:
        """Conds that the network is shown in the same state: in one batch if it can be."""
        lengths = {cond.context.shape[1] for cond in conds}
        apart = len(conds) == 1 or lcm(*lengths) > LONGEST_REPEAT * max(lengths)

        def ask(measures: Measures) -> Sequence[Tensor]:
            if apart or "singly" in measures:
                return [self._together(x, sigma, [cond], box, change, measures)[0] for cond in conds]
            return self._together(x, sigma, conds, box, change, measures)

        return self._thrift.attempt(ask, useless={"singly"} if apart else ())

    def _together(
        self,
        x: Tensor,
        sigma: Tensor,
        conds: Sequence[Cond],
        box: Box | None,
        change: NetworkChange | None,
        measures: Measures,
    ) -> Sequence[Tensor]:
        # the conds outlive this object, so their identities cannot be taken over by others
        key = (tuple(id(cond) for cond in conds), box, len(x))
        if key not in self._inputs:
            self._inputs[key] = self._inputs_of(conds, box, len(x))
        context, label, extra = self._inputs[key]
        return self._run.model.predict(
            x,
            sigma,
            context,
            label,
            extra,
            asked=Asked(
                sigma,
                tuple(cond.role for cond in conds),
                (x.shape[-2], x.shape[-1]),
                self._memory,
                (key, change),
                prompts=tuple(cond.context for cond in conds),
                box=box,
                changed=change is not None,
            ),
            controls=conds[0].controls,
            changes=conds[0].changes if change is None else (*conds[0].changes, change),
            measures=measures,
        ).chunk(len(conds))

    def _inputs_of(
        self, conds: Sequence[Cond], box: Box | None, batch: int
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        length = lcm(*(cond.context.shape[1] for cond in conds))
        # attention over a sequence repeated whole is attention over the sequence
        contexts = [repeat_to(cond.context.repeat(1, length // cond.context.shape[1], 1), batch) for cond in conds]
        labels = [label for cond in conds if (label := label_of(cond, self._run)) is not None]
        extras = [extra for cond in conds if (extra := channels_of(cond, self._run, batch)) is not None]
        device = self._run.latent.device
        return (
            torch.cat(contexts).to(device),
            torch.cat([repeat_to(label, batch) for label in labels]).to(device) if labels else None,
            torch.cat([box.crop(extra) if box else extra for extra in extras]) if extras else None,
        )


def _check_fit(cond: Cond, model: Model) -> None:
    """See that the model can read a prompt."""
    wanted, found = model.shape.context_width, cond.context.shape[-1]
    if found != wanted:
        raise BadInput(
            what=f"The prompt was encoded in {found} numbers per token, and this {model.family.title} model "
            f"takes {wanted}.",
            mend=f"Use the text encoder of its checkpoint, or another one for {model.family.title}.",
        )


def _in_role(role: Role, conds: tuple[Cond, ...]) -> tuple[Cond, ...]:
    """Conds on their side of the guidance, with the aesthetic score that it has where none is asked for."""
    return tuple(
        replace(
            cond,
            role=role,
            size=replace(cond.size, aesthetic_score=SCORES[role]) if cond.size.aesthetic_score is None else cond.size,
        )
        for cond in conds
    )


def _alike(conds: Sequence[Cond]) -> list[list[int]]:
    """Places of conds, those together for which the network is in the same state."""
    states: list[tuple[Sequence[object], list[int]]] = []
    for index, cond in enumerate(conds):
        state = (*cond.controls, *cond.changes)
        # the same objects, not equal ones: what they hold is tensors and networks
        same = [members for known, members in states if len(known) == len(state) and all(map(is_, known, state))]
        if same:
            same[0].append(index)
        else:
            states.append((state, [index]))
    return [members for _, members in states]
