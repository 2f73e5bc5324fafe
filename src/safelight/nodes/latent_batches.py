"""Batches of latents: joined, repeated, taken apart; each item keeps its mask and its place in the seed's noise."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Annotated

import torch

from safelight.diffusion.latent import Latent
from safelight.graph.node import Choice, Output, Range, Socket, node
from safelight.nodes.noise_mask import item_mask, joined_masks
from safelight.nodes.resize import resize

SEED_BEHAVIORS = ("random", "fixed")


@node("LatentBatch", category="latent/batch")
def latent_batch(*, samples1: Latent, samples2: Latent) -> Latent:
    """Put two latents into one batch; the second is brought to the first's size, and both keep their noise."""
    rows, columns = samples1.samples.shape[-2:]
    second = samples2
    if second.samples.shape[-2:] != (rows, columns):
        second = replace(samples2, samples=resize(samples2.samples, columns, rows, "bilinear", "center"))
    return join([samples1, second])


@node("RepeatLatentBatch", category="latent/batch", title="Repeat Latent Batch")
def repeat_latent_batch(*, samples: Latent, amount: Annotated[int, Range(1, 64)] = 1) -> Latent:
    """Repeat a batch; each copy gets noise of its own.

    Args:
        amount: How many times it is there in the end.
    """
    mask = item_mask(samples)
    index = samples.batch_index
    if index is not None:
        stride = max(index) - min(index) + 1
        index = tuple(place + copy * stride for copy in range(amount) for place in index)
    return Latent(
        samples.samples.repeat(amount, 1, 1, 1), None if mask is None else mask.repeat(amount, 1, 1, 1), index
    )


@node("LatentFromBatch", category="latent/batch", title="Latent From Batch")
def latent_from_batch(
    *,
    samples: Latent,
    batch_index: Annotated[int, Range(0, 63)] = 0,
    length: Annotated[int, Range(1, 64)] = 1,
) -> Latent:
    """Take some latents out of a batch; sampled again, they get the noise they had in it.

    Args:
        batch_index: The first one, counted from 0.
        length: How many.
    """
    start = min(batch_index, samples.samples.shape[0] - 1)
    return take(samples, start, start + length)


@node("LatentBatchSeedBehavior", category="latent/advanced")
def latent_batch_seed_behavior(
    *, samples: Latent, seed_behavior: Annotated[str, Choice(SEED_BEHAVIORS)] = "fixed"
) -> Latent:
    """Choose whether the items of a batch start from noise of their own or all from the same.

    Args:
        seed_behavior: `random` gives each its own noise, `fixed` gives all that of the first.
    """
    if seed_behavior == "random":
        return replace(samples, batch_index=None)
    first = samples.batch_index[0] if samples.batch_index else 0
    return replace(samples, batch_index=(first,) * samples.samples.shape[0])


@node("RebatchLatents", category="latent/batch", title="Rebatch Latents", takes_lists=True)
def rebatch_latents(
    *,
    latents: Annotated[Sequence[Latent], Socket("LATENT")],
    batch_size: Annotated[int | Sequence[int], Socket("INT"), Range(1, 4096)] = 1,
) -> Annotated[list[Latent], Socket("LATENT"), Output(is_list=True)]:
    """Deal latents out into batches of a size; where the picture size changes, a new batch begins.

    Args:
        batch_size: Items in each batch; the last may have fewer.
    """
    # A node that takes lists is given its widgets as lists too.
    size = batch_size if isinstance(batch_size, int) else batch_size[0]
    batches = []
    for _, alike in groupby(_items(latents), key=lambda item: item.samples.shape):
        items = list(alike)
        batches += [join(items[start : start + size]) for start in range(0, len(items), size)]
    return batches


def join(latents: Sequence[Latent]) -> Latent:
    """One batch of several latents of one size, in their order."""
    samples = torch.cat([latent.samples for latent in latents])
    index = tuple(place for latent in latents for place in _places(latent))
    return Latent(samples, joined_masks(latents, dim=0), index)


def take(latent: Latent, start: int, stop: int) -> Latent:
    """The items from `start` to `stop`, with the places that they had in the batch."""
    mask = item_mask(latent)
    return Latent(latent.samples[start:stop], None if mask is None else mask[start:stop], _places(latent)[start:stop])


def _items(latents: Sequence[Latent]) -> Iterator[Latent]:
    """Each latent alone; those with no place of their own get the one they have in the whole row."""
    offset = 0
    for latent in latents:
        count = latent.samples.shape[0]
        placed = latent
        if latent.batch_index is None:
            placed = replace(latent, batch_index=tuple(range(offset, offset + count)))
        yield from (take(placed, number, number + 1) for number in range(count))
        offset += count


def _places(latent: Latent) -> tuple[int, ...]:
    return tuple(range(latent.samples.shape[0])) if latent.batch_index is None else latent.batch_index
