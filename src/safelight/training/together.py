"""Several processes that train one run, each on a device of its own, as torchrun and accelerate start them.

They share the batches of each step (`run.accumulate` of them), so that a run learns the same however many there are:
what one process adds up in turn, several add up at once. All hold all that is learned; the first alone writes.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol, TypeVar

import torch
from torch import Tensor
from torch import distributed as dist

from safelight.errors import BadInput, SafelightError

T = TypeVar("T")

BUCKET = 8 * 2**20
"""Numbers that are sent at once: small tensors together, and never a copy of all there are."""
PATIENCE = timedelta(days=1)
"""What the others wait while the first draws or saves. A process that has ended is noticed at once."""


class Team(Protocol):
    """The processes of a run, seen by one of them."""

    @property
    def rank(self) -> int:
        """Which it is; 0 is the first, which writes and talks."""

    @property
    def count(self) -> int:
        """How many there are."""

    def gathered(self, mine: T) -> list[T]:
        """What each of them brings, in the order of their ranks; all must come."""
        ...

    def add_gradients(self, tensors: Sequence[Tensor]) -> None:
        """Make the gradients of some tensors, the same in each process, the sums of those of all."""


@dataclass(frozen=True)
class Alone:
    """One process."""

    rank: int = 0
    count: int = 1

    def gathered(self, mine: T) -> list[T]:
        return [mine]

    def add_gradients(self, tensors: Sequence[Tensor]) -> None:
        del tensors


ALONE = Alone()


@dataclass(frozen=True)
class Together:
    """One of several, which have met."""

    rank: int
    count: int

    def gathered(self, mine: T) -> list[T]:
        found: list[T] = [mine] * self.count
        _met(partial(dist.all_gather_object, found, mine))
        return found

    def add_gradients(self, tensors: Sequence[Tensor]) -> None:
        # what a batch did not reach has none here, and may have one elsewhere
        reached = self.gathered([tensor.grad is not None for tensor in tensors])
        gradients = []
        for tensor, is_reached in zip(tensors, zip(*reached, strict=True), strict=True):
            if any(is_reached):
                if tensor.grad is None:
                    tensor.grad = torch.zeros_like(tensor)
                gradients.append(tensor.grad)
        for bucket in buckets(gradients, BUCKET):
            flat = torch.cat([gradient.flatten() for gradient in bucket])
            _met(partial(dist.all_reduce, flat))
            added = torch.split(flat, [gradient.numel() for gradient in bucket])
            for gradient, whole in zip(bucket, added, strict=True):
                gradient.copy_(whole.view(gradient.shape))


@contextmanager
def joined(device: str) -> Iterator[tuple[Team, str]]:
    """Meet the other processes that were started with this one; alone where there are none.

    Args:
        device: What trains: `auto`, `cpu`, `cuda`, ….

    Yields:
        The processes, and the device of this one.

    Raises:
        BadInput: There are more processes on this machine than GPUs.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Alone(), device
        return
    on_gpus = device in ("auto", "cuda") and torch.cuda.is_available()
    if on_gpus:
        place = int(os.environ.get("LOCAL_RANK", "0"))
        if place >= torch.cuda.device_count():
            raise BadInput(
                f"There are more processes than GPUs: {torch.cuda.device_count()} on this machine.",
                mend="Start as many as there are GPUs, with torchrun --nproc-per-node.",
            )
        torch.cuda.set_device(place)
        device = f"cuda:{place}"
    backend = "cpu:gloo,cuda:nccl" if on_gpus else "gloo"
    _met(partial(dist.init_process_group, backend, timeout=PATIENCE))
    try:
        yield Together(dist.get_rank(), count), device
    finally:
        dist.destroy_process_group()


@contextmanager
def first_before(team: Team) -> Iterator[None]:
    """Within, the first process is done before the others begin."""
    if team.rank:
        team.gathered(None)
    yield
    if not team.rank:
        team.gathered(None)


def buckets(tensors: Sequence[Tensor], most: int) -> Iterator[list[Tensor]]:
    """Tensors in turn, as many at a time as have `most` numbers together; larger ones alone."""
    bucket: list[Tensor] = []
    for tensor in tensors:
        if bucket and sum(each.numel() for each in bucket) + tensor.numel() > most:
            yield bucket
            bucket = []
        bucket.append(tensor)
    if bucket:
        yield bucket


def _met(meet: Callable[[], object]) -> None:
    try:
        meet()
    except RuntimeError as error:
        raise SafelightError(
            "Another process of this run has ended.",
            mend="Look at what it said; then go on with `safelight train --resume`.",
        ) from error
