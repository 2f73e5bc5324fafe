"""Nodes that show what happens between noise and picture; most may stand at the end of a workflow."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.clip.model import ClipModel
from safelight.diffusion.latent import Latent
from safelight.diffusion.schedulers import SCHEDULERS
from safelight.errors import BadInput
from safelight.families.anatomy import block_of
from safelight.families.latents import latent_of
from safelight.graph.node import Choice, File, Output, Range, Seed, Socket, node
from safelight.inspect.arrays import Array, array_of, plain
from safelight.inspect.checkpoint import Comparison, LoraReport, compare_checkpoints, grouped, lora_report
from safelight.inspect.forward import PREDICTED, forward_diffusion
from safelight.inspect.latents import WAYS, between, between_conds, channels_of, reconstruct
from safelight.inspect.maps import MAPS
from safelight.inspect.plan import plan_run
from safelight.inspect.sketches import bars_picture, enlarged, grey, heat, map_picture, plan_picture
from safelight.models.lora.file import load_lora
from safelight.models.model import Model
from safelight.models.preview import linear
from safelight.models.text_encoder import Clip
from safelight.models.vae import Vae
from safelight.nodes.resize import match
from safelight.nodes.run import Run
from safelight.nodes.sampling import SamplerName, SchedulerName, Share, Steps
from safelight.nodes.save_load import preview_image
from safelight.nodes.sockets import Conditioning, Image

CATEGORY = "inspect"
LARGE_ERROR = 0.25
"""Of a colour in 0..1: what the lightest of an error map stands for, so that maps can be compared."""
SMALL_SIDE = 16
"""Pixels a side by which pictures are laid out where nothing better is given."""
THUMBNAIL = 192
ROWS = 28
"""Bars that a picture has room for."""
NAMED = 5
"""Layers that are named in a line."""
TOLD_EVERY = 16
"""Tensors between two words on how far it is."""

Way = Annotated[str, Choice(WAYS)]
Text = Annotated[str, Output("report")]


@node("LatentChannels", category=CATEGORY, title="Latent Channels", output=True)
def latent_channels(*, samples: Latent, run: Run) -> Image:
    """The channels of a latent as grey pictures, each from its lowest number (black) to its highest (white).

    Args:
        samples: One latent or several; each gives as many pictures as it has channels.
    """
    seen = [channels_of(latent) for latent in samples.samples]
    pictures = enlarged(torch.cat([grey(each.pictures) for each in seen]), 8)
    rows = [{"low": each.low, "high": each.high, "mean": each.mean, "std": each.std} for each in seen]
    return _told(run, pictures, {"kind": "latent_channels", "latents": rows})


class Rebuilt(NamedTuple):
    """What came back, and what was lost."""

    reconstruction: Annotated[Image, Output("reconstruction")]
    error: Annotated[Image, Output("error")]
    report: Text


@node("VAEReconstruction", category=CATEGORY, title="VAE Reconstruction", output=True)
def vae_reconstruction(*, pixels: Image, vae: Vae, run: Run) -> Rebuilt:
    """Send pictures through the VAE and back, and show what is lost on the way.

    Args:
        pixels: Any pictures.
        vae: The VAE of a checkpoint, or another.
    """
    found = [reconstruct(vae, picture) for picture in pixels]
    back = torch.stack([torch.from_numpy(each.reconstruction) for each in found])
    errors = torch.stack([heat(each.error, LARGE_ERROR) for each in found])
    rows = [
        {
            "psnr": each.psnr,
            "mean_error": each.mean_error,
            "max_error": each.max_error,
            "numbers": [each.numbers_in, each.numbers_out],
            "bits": [each.bits_in, each.bits_out],
        }
        for each in found
    ]
    lines = [
        f"{each.psnr:.1f} dB; error {each.mean_error:.1%} on average, {each.max_error:.0%} at most; "
        f"{each.numbers_in:,} numbers became {each.numbers_out:,} ({each.fewer_numbers:g} times fewer, "
        f"{each.fewer_bits:g} times fewer bits)"
        for each in found
    ]
    shown = torch.stack([back, errors], dim=1).flatten(0, 1)
    _told(run, shown, {"kind": "vae_reconstruction", "shown": ["reconstruction", "error"], "pictures": rows})
    return Rebuilt(back, errors, _said(run, lines))


@node("LatentWalk", category=CATEGORY, title="Latent Walk")
def latent_walk(
    *, samples1: Latent, samples2: Latent, frames: Annotated[int, Range(2, 256)] = 16, method: Way = "spherical"
) -> Latent:
    """The way from one latent to another as a batch of latents: decoded, it is a film.

    Args:
        samples1: Where it begins; of a batch, the first.
        samples2: Where it ends; it is brought to the size of the first.
        frames: How many latents, both ends counted.
        method: `spherical` goes along an arc and keeps the strength of the numbers; `linear` goes straight, and pales
            in the middle.
    """
    first = samples1.samples[:1]
    second = match(samples2.samples[:1], first)
    return Latent(between(first[0], second[0], frames, method))


@node("ConditioningInterpolate", category=CATEGORY, title="Conditioning Interpolate")
def conditioning_interpolate(
    *,
    conditioning_1: Conditioning,
    conditioning_2: Conditioning,
    share: Share = 0.5,
    method: Way = "spherical",
    run: Run,
) -> Conditioning:
    """The prompt that lies between two, as far from the first as you say.

    Args:
        conditioning_1: The first prompt.
        conditioning_2: The second prompt.
        share: How far to go: 0 is the first prompt, 1 the second.
        method: `spherical` goes along an arc and keeps the strength of the numbers; `linear` goes straight.
    """
    if len(conditioning_2) > 1:
        run.warn("conditioning_2 holds several prompts; only the first is used.")
    return between_conds(conditioning_1, conditioning_2, share, method)


class Films(NamedTuple):
    """The same picture at each level of noise: what the model is shown, and what it makes of it."""

    noised: Annotated[Image, Output("noised")]
    predicted_noise: Annotated[Image, Output("predicted_noise")]
    estimate: Annotated[Image, Output("estimate")]
    error: Annotated[Image, Output("error")]
    report: Text


@node("ForwardProcess", category=CATEGORY, title="Forward Process", output=True)
def forward_process(
    *,
    model: Model,
    positive: Conditioning,
    vae: Vae,
    pixels: Image,
    levels: Annotated[int, Range(1, 64)] = 8,
    seed: Seed = 0,
    run: Run,
) -> Films:
    """Put more and more noise over a picture, and show what the model sees in it: this is how models are trained.

    Args:
        model: The model that looks for the picture under the noise.
        positive: What it is told of the picture.
        vae: The VAE of its checkpoint.
        pixels: The picture; of several, the first.
        levels: How many levels of noise, evenly along the way to noise alone.
        seed: Of the noise.
    """
    latent = vae.encode(pixels[:1])[0]
    seen = forward_diffusion(model, positive, latent, levels=levels, seed=seed, on_level=run.step)
    colours = linear(latent_of(model.contents))

    def decoded(scaled: Array) -> Tensor:
        return torch.cat([vae.decode(model.unscale_latent(torch.from_numpy(each)[None])) for each in scaled])

    errors = np.sqrt(((seen.estimates - seen.clean) ** 2).mean(axis=1))
    noise = torch.stack([colours(torch.from_numpy(each)[None]) for each in seen.predicted])
    cell = vae.compression
    films = (
        decoded(seen.noisy),
        enlarged(noise, cell),
        decoded(seen.estimates),
        enlarged(torch.stack([heat(each, 1.0) for each in errors]), cell),
    )
    data = {
        "kind": "forward_process",
        "shown": ["noised", "predicted_noise", "estimate", "error"],
        "prediction": seen.prediction,
        "shares": seen.shares,
        "sigmas": seen.sigmas,
        "log_snr": seen.log_snr,
        "noise_errors": seen.noise_errors,
        "estimate_errors": seen.estimate_errors,
        "training_errors": seen.training_errors,
    }
    _told(run, torch.stack(films, dim=1).flatten(0, 1), data)
    lines = [
        f"{share:.0%} of the way (sigma {sigma:.3g}): the noise is found with an error of {noise_error:.2f}, "
        f"the picture with {estimate_error:.2f}"
        for share, sigma, noise_error, estimate_error in zip(
            seen.shares, seen.sigmas, seen.noise_errors, seen.estimate_errors, strict=True
        )
    ]
    if seen.prediction in PREDICTED:
        lines.append(f"The network predicts {PREDICTED[seen.prediction]}; the noise is worked out from it.")
    return Films(*films, _said(run, lines))


@node("NoisePlan", category=CATEGORY, title="Noise Plan", output=True)
def noise_plan(
    *,
    model: Model,
    sampler_name: SamplerName,
    scheduler: SchedulerName,
    steps: Steps = 20,
    denoise: Share = 1.0,
    run: Run,
) -> Image:
    """How the noise falls over the steps, and where the sampler asks the model.

    Args:
        model: Whose noise levels they are; it is not run.
        sampler_name: How each step is taken.
        scheduler: How the noise levels are spread; the others are drawn beside it.
        steps: How many.
        denoise: Share of the noise to go through.
    """
    plan = plan_run(model.schedule, sampler_name, scheduler, steps, denoise, beside=tuple(SCHEDULERS))
    data = {
        "kind": "noise_plan",
        "sampler": plan.sampler,
        "scheduler": plan.scheduler,
        "sigmas": plan.sigmas,
        "log_snr": plan.log_snr,
        "steps": plan.steps,
        "calls": plan.calls,
        "call_steps": plan.call_steps,
        "others": plan.others,
        "flow": plan.flow,
    }
    return _told(run, plan_picture(plan), data)


@node("PictureMap", category=CATEGORY, title="Picture Map", output=True, takes_lists=True)
def picture_map(
    *,
    images: Annotated[Sequence[Image], Socket("IMAGE")],
    latents: Annotated[Sequence[Latent], Socket("LATENT")] | None = None,
    clip_model: Annotated[Sequence[ClipModel], Socket("CLIP_MODEL")] | None = None,
    method: Annotated[str | Sequence[str], Choice(MAPS)] = "pca",
    run: Run,
) -> Image:
    """Lay pictures out on a plane, so that those that are alike lie together.

    Args:
        images: The pictures, in batches of any sizes.
        latents: Their latents, all of one size: pictures whose latents are alike lie together.
        clip_model: A CLIP model: pictures that show alike things lie together. Without either, colours decide.
        method: `pca` is the plane in which they differ the most; `umap` keeps neighbours together, and is an extra.
    """
    pictures = [picture[..., :3] for batch in images for picture in batch]
    if clip_model:
        vectors = torch.cat([clip_model[0].images(picture[None]) for picture in pictures])
    else:
        vectors = _numbers_of(pictures, latents)
    if len(vectors) != len(pictures):
        raise BadInput(
            f"There are {len(pictures)} pictures and {len(vectors)} latents.",
            mend="Give the latents of just these pictures, or leave the input latents free.",
        )
    found = MAPS[method if isinstance(method, str) else method[0]](array_of(vectors))
    data = {"kind": "picture_map", "method": found.method, "points": found.points, "explained": found.explained}
    thumbnails = [_thumbnail(picture) for picture in pictures]
    return _told(run, map_picture(found.points, thumbnails), data)


class Compared(NamedTuple):
    """What differs, in words and as bars."""

    report: Text
    image: Annotated[Image, Output("image")]


@node("CheckpointCompare", category=CATEGORY, title="Compare Checkpoints", output=True)
def checkpoint_compare(
    *, ckpt_name1: Annotated[str, File("checkpoints")], ckpt_name2: Annotated[str, File("checkpoints")], run: Run
) -> Compared:
    """Say how far two checkpoints differ, layer by layer, and where the most.

    Args:
        ckpt_name1: A file in the checkpoints folder.
        ckpt_name2: What it is compared with.
    """
    paths = [run.folders.resolve("checkpoints", name) for name in (ckpt_name1, ckpt_name2)]
    found = compare_checkpoints(*paths, on_part=_progress(run))
    blocks = grouped(found, _block)
    most = _largest({name: relative for name, (relative, _) in blocks.items()})
    picture = _told(run, bars_picture("Difference by block, the largest first", most), _comparison_data(found, paths))
    return Compared(_said(run, _comparison_lines(found)), picture)


@node("LoraReport", category=CATEGORY, title="LoRA Report", output=True)
def lora_report_node(
    *,
    lora_name: Annotated[str, File("loras")],
    model: Model | None = None,
    clip: Clip | None = None,
    run: Run,
) -> Compared:
    """Say what a LoRA changes and how strongly, and what of it fits nothing.

    Args:
        lora_name: A file in the loras folder.
        model: The denoiser that it would be laid on: the strength is then told as a share of its weights.
        clip: The text encoders that it would be laid on.
    """
    lora = run.models.get(load_lora, run.folders.resolve("loras", lora_name))
    found = lora_report(lora, model, clip, on_part=_progress(run))
    measured = found.norms if np.isnan(found.relative).all() else found.relative
    blocks: dict[str, list[float]] = {}
    for name, part, value in zip(found.names, found.parts, measured, strict=True):
        blocks.setdefault(_block(part, name), []).append(float(value))
    means = {name: float(np.mean(values)) for name, values in blocks.items()}
    alone = measured is found.norms
    title = "Length of the change by block" if alone else "Change by block, as a share of its weights"
    picture = bars_picture(title, _largest(means), form=".3g" if alone else ".2%")
    return Compared(_said(run, _lora_lines(found)), _told(run, picture, _lora_data(found)))


def _block(part: str, name: str) -> str:
    """What the block of a layer is called beside those of other parts."""
    return f"{part}: {block_of(name)}"


def _comparison_data(found: Comparison, paths: Sequence[Path]) -> dict[str, object]:
    return {
        "kind": "checkpoint_compare",
        "files": [path.name for path in paths],
        "parts": {
            part: {"relative": relative, "cosine": cosine}
            for part, (relative, cosine) in grouped(found, lambda part, _: part).items()
        },
        "blocks": {name: relative for name, (relative, _) in grouped(found, _block).items()},
        "layer_blocks": [_block(*layer) for layer in zip(found.parts, found.names, strict=True)],
        "names": found.names,
        "layer_parts": found.parts,
        "parameters": found.parameters,
        "relative": found.relative,
        "cosine": found.cosine,
        "same": found.same,
        "missing": found.missing,
        "extra": found.extra,
        "unlike": found.unlike,
    }


def _comparison_lines(found: Comparison) -> list[str]:
    if found.alike:
        return ["Both files have the same weights."]
    lines = []
    for part, (relative, cosine) in grouped(found, lambda part, _: part).items():
        same = [same for each, same in zip(found.parts, found.same, strict=True) if each == part]
        if all(same):
            lines.append(f"{part}: the same ({len(same)} layers)")
        else:
            lines.append(
                f"{part}: differs by {relative:.2%} (cosine {cosine:.5f}); unchanged layers: {sum(same)} of {len(same)}"
            )
    for what, layers in (
        ("only in the first", found.missing),
        ("only in the second", found.extra),
        ("of different sizes", found.unlike),
    ):
        if layers:
            lines.append(f"{what}: {_some(layers)}")
    return lines


def _lora_data(found: LoraReport) -> dict[str, object]:
    return {
        "kind": "lora_report",
        "title": found.title,
        "names": found.names,
        "parts": found.parts,
        "blocks": [_block(part, name) for part, name in zip(found.parts, found.names, strict=True)],
        "kinds": found.kinds,
        "ranks": found.ranks,
        "norms": found.norms,
        "relative": found.relative,
        "unfit": found.unfit,
    }


def _lora_lines(found: LoraReport) -> list[str]:
    lines = []
    for part in dict.fromkeys(found.parts):
        norm, relative = found.strength_of(part)
        ranks = sorted(
            {int(rank) for each, rank in zip(found.parts, found.ranks, strict=True) if each == part and rank}
        )
        rank = f", rank {' and '.join(map(str, ranks))}" if ranks else ""
        share = "" if np.isnan(relative) else f", on average {relative:.2%} of what they are laid on"
        lines.append(f"{part}: {found.parts.count(part)} weights{rank}; the change is {norm:.3g} long{share}")
    if found.unfit:
        lines.append(f"{len(found.unfit)} tensors fit nothing: {_some(found.unfit)}")
    return lines


def _numbers_of(pictures: Sequence[Tensor], latents: Sequence[Latent] | None) -> Tensor:
    """What pictures are laid out by where no CLIP model looks at them [N, D]."""
    if not latents:
        return torch.cat([_resized(picture, SMALL_SIDE, SMALL_SIDE).flatten(1) for picture in pictures])
    samples = [latent.samples for latent in latents]
    if len({each.shape[1:] for each in samples}) > 1:
        raise BadInput("The latents differ in size.", mend="Make all pictures equally large, or connect a CLIP model.")
    return torch.cat(samples).flatten(1)


def _thumbnail(picture: Tensor) -> Array:
    """[h, w, 3] in 0..1, of at most `THUMBNAIL` pixels a side."""
    height, width = picture.shape[:2]
    share = min(1.0, THUMBNAIL / max(height, width))
    small = _resized(picture, max(1, round(height * share)), max(1, round(width * share)))
    return array_of(small[0].movedim(0, -1))


def _resized(picture: Tensor, height: int, width: int) -> Tensor:
    """[1, 3, height, width] of a picture [H, W, 3]."""
    return F.interpolate(picture.movedim(-1, 0)[None], size=(height, width), mode="area")


def _largest(values: Mapping[str, float]) -> dict[str, float]:
    """As many as are drawn, the largest first."""
    known = sorted(((value, name) for name, value in values.items() if not np.isnan(value)), reverse=True)
    return {name: value for value, name in known[:ROWS]}


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _progress(run: Run) -> Callable[[int, int], None]:
    def told(done: int, total: int) -> None:
        if done % TOLD_EVERY == 0 or done == total:
            run.step(done, total)

    return told


def _told(run: Run, pictures: Tensor, data: Mapping[str, object]) -> Tensor:
    """Show pictures, and tell what they were drawn from."""
    preview_image(images=pictures, run=run)
    run.inspection(plain(data))
    return pictures


def _said(run: Run, lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    run.text(text)
    return text
