"""What a workflow will take: weights, memory, model calls and time, from headers, sizes and measured speed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from safelight.families.additions import Addition
from safelight.families.base import Family
from safelight.families.contents import ModelFile
from safelight.families.cost import DECODING_NUMBERS, ENCODING_NUMBERS, denoising_bytes, vae_bytes
from safelight.families.shapes import Part, PartKind, UNetShape
from safelight.files.folders import MODEL_FOLDERS
from safelight.graph.document import Link
from safelight.graph.extents import Extent, PictureSize, extents, numbers_of
from safelight.graph.kinship import Kinship
from safelight.graph.plan import Plan, Step
from safelight.graph.samplings import Sampling, samplings
from safelight.graph.speeds import Speed, seconds_for

Number = TypeVar("Number", int, float)

VAE_WORK: dict[tuple[str, str], int] = {("LATENT", "IMAGE"): DECODING_NUMBERS, ("IMAGE", "LATENT"): ENCODING_NUMBERS}
"""Types that a node with a VAE takes and gives -> numbers held at once."""


@dataclass(frozen=True)
class Machine:
    """What a workflow would run on.

    Attributes:
        device: Name and number type, as in `Speed`.
        itemsize: Bytes per number by part of a model.
        speeds: What was measured.
    """

    device: str
    itemsize: Mapping[PartKind, int]
    speeds: tuple[Speed, ...] = ()


@dataclass(frozen=True)
class Estimate:
    """What a workflow will take where no result of it is at hand yet.

    Attributes:
        weights: Bytes of all model files that it names, in the precision of the run.
        peak: Bytes of weights and of what its largest network call holds beside them; None where a size is unknown.
        model_calls: Evaluations of denoisers, those for each prompt counted; None where a number of steps is unknown.
        seconds: Of sampling; None where this device has not sampled yet, or something else is unknown.
        device: What the seconds are of.
        unknown: What could not be told, in words.
    """

    weights: int
    peak: int | None
    model_calls: int | None
    seconds: float | None
    device: str
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Work:
    """What a sampling asks of its denoiser.

    Attributes:
        family: Of the model.
        unet: The denoiser.
        latent_pixels: Of all latents in the batch.
    """

    family: Family
    unet: Part[UNetShape]
    latent_pixels: int


def estimate(plan: Plan, kinship: Kinship, machine: Machine, size_of: PictureSize) -> Estimate:
    """Work out what a plan will take.

    Args:
        plan: Nodes in order, with nothing wrong.
        kinship: Where their models come from.
        machine: What it would run on.
        size_of: How large a picture file is.
    """
    sizes = extents(plan, size_of)
    runs = list(samplings(plan, kinship, sizes))
    held = [*(_held(run, machine) for run in runs), *_held_by_vaes(plan, kinship, sizes, machine)]
    weights = sum(_weights(file, machine.itemsize) for file in kinship.files.values())
    return Estimate(
        weights=weights,
        peak=None if None in held else weights + max((size for size in held if size is not None), default=0),
        model_calls=_total([run.calls for run in runs]),
        seconds=_total([_seconds(run, machine) for run in runs]),
        device=machine.device,
        unknown=tuple(dict.fromkeys([*_unread(plan, kinship), *_unknown(runs, machine)])),
    )


def work_of(run: Sampling) -> Work | None:
    """What a sampling asks of its denoiser; None where its file or its size is unknown."""
    if run.model is None or isinstance(run.model.contents, Addition) or run.extent is None:
        return None
    family, unet = run.model.contents.family, run.model.contents.unet
    if family is None or unet is None:
        return None
    return Work(family, unet, run.extent.pixels // family.latent.compression**2 * run.extent.batch)


def _seconds(run: Sampling, machine: Machine) -> float | None:
    work, calls = work_of(run), run.calls
    if work is None or calls is None:
        return None
    each = seconds_for(machine.speeds, machine.device, work.family.name, work.unet.parameters, work.latent_pixels)
    return None if each is None else each * calls


def _held(run: Sampling, machine: Machine) -> int | None:
    """Bytes that one call of a sampling's denoiser holds."""
    work = work_of(run)
    if work is None:
        return None
    return denoising_bytes(work.unet.shape, work.latent_pixels * run.prompts, machine.itemsize["unet"])


def _held_by_vaes(plan: Plan, kinship: Kinship, sizes: Mapping[Link, Extent], machine: Machine) -> Iterator[int | None]:
    """Bytes that each encoding and decoding holds."""
    steps = {step.node: step for step in plan.steps}
    for step in plan.steps:
        numbers, source = _vae_work(step)
        if source is None:
            continue
        vae = next((kinship.origins[link].file for link in step.linked("VAE") if link in kinship.origins), None)
        extent = sizes.get(source)
        if vae is None or extent is None or isinstance(vae.contents, Addition) or vae.contents.vae is None:
            yield None
            continue
        tile = numbers_of(step, steps).get("tile_size")
        whole = extent.pixels * extent.batch
        pixels = whole if tile is None else min(whole, int(tile) ** 2)
        yield vae_bytes(vae.contents.vae.shape, pixels, numbers, machine.itemsize["vae"])


def _vae_work(step: Step) -> tuple[int, Link | None]:
    """Numbers that a node's VAE holds at once, and what is put through it; None where it has no VAE."""
    if step.linked("VAE"):
        for (taken, made), numbers in VAE_WORK.items():
            if step.linked(taken) and any(output.type == made for output in step.spec.outputs):
                return numbers, step.linked(taken)[0]
    return 0, None


def _weights(file: ModelFile, itemsize: Mapping[PartKind, int]) -> int:
    if isinstance(file.contents, Addition):
        return file.parameters * itemsize["unet"]
    return sum(part.parameters * itemsize[part.kind] for part in file.contents.parts)


def _unread(plan: Plan, kinship: Kinship) -> Iterator[str]:
    """Model files whose weights are not counted."""
    for step in plan.steps:
        for port in step.spec.inputs:
            name = step.literals.get(port.name)
            if port.folder in MODEL_FOLDERS and isinstance(name, str) and (port.folder, name) not in kinship.files:
                yield f"what {name} is"


def _unknown(runs: Iterable[Sampling], machine: Machine) -> Iterator[str]:
    """What keeps figures from being told."""
    for run in runs:
        if run.model is None:
            yield f"which file the model of node {run.node} comes from"
        elif run.extent is None:
            yield f"the size of what node {run.node} samples"
        elif run.steps is None:
            yield f"how many steps node {run.node} does"
        elif run.per_step is None:
            yield f"how many model calls the sampler of node {run.node} makes"
        elif _seconds(run, machine) is None:
            yield f"how fast {machine.device} samples: nothing was sampled on it yet"


def _total(numbers: Sequence[Number | None]) -> Number | None:
    """The sum, if every number is known."""
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
