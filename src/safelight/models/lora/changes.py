"""What LoRA and its relatives do to a weight: a record for each kind, called with the weight and a strength.

A weight is [O, I], or [O, I, k, k] of a convolution, which counts as the matrix [O, I k k]. Parts are kept as the file
stores them, memory-mapped, and become float32 where the weight is when they are used.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Change(Protocol):
    """How a weight is changed."""

    def fits(self, shape: torch.Size) -> bool:
        """Whether it was made for a weight of this shape."""
        ...

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        """The changed weight, of the same shape.

        Args:
            weight: In float32, contiguous; it may be written to, and be what is given back.
            strength: 1 for the change as it was trained, 0 for none.
        """
        ...


def _like(part: Tensor, weight: Tensor) -> Tensor:
    return part.to(weight.device, torch.float32)


@dataclass(frozen=True, eq=False)
class Factors:
    """A matrix as a product of two, or of three, where a convolution is split along each axis (CP, Tucker).

    Attributes:
        up: [O, r], or [O, r, 1, 1].
        down: [r, I] or [r, I, k, k].
        core: [r, r, k, k] between them; `down` has no k then.
    """

    up: Tensor
    down: Tensor
    core: Tensor | None = None

    @property
    def rank(self) -> int:
        return self.down.shape[0]

    @property
    def sizes(self) -> tuple[int, int]:
        """Rows and columns of the product."""
        kernel = 1 if self.core is None else self.core[0, 0].numel()
        return self.up.shape[0], self.down[0].numel() * kernel

    def pair(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """[O, r] and [r, I k k], in float32 where `weight` is."""
        up, down = _like(self.up, weight).flatten(1), _like(self.down, weight).flatten(1)
        if self.core is not None:
            down = torch.einsum("rs...,si->ri...", _like(self.core, weight), down).flatten(1)
        return up, down

    def product(self, weight: Tensor) -> Tensor:
        """[O, I k k], in float32 where `weight` is."""
        up, down = self.pair(weight)
        return up @ down


@dataclass(frozen=True, eq=False)
class LowRank:
    """W + scale · up · down (LoRA, Hu et al. 2021, arXiv:2106.09685; LoCon, Yeh et al. 2023, arXiv:2309.14859)."""

    factors: Factors
    scale: float

    def fits(self, shape: torch.Size) -> bool:
        return self.factors.sizes == _sizes(shape)

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        up, down = self.factors.pair(weight)
        weight.view(len(weight), -1).addmm_(up, down, alpha=self.scale * strength)
        return weight


@dataclass(frozen=True, eq=False)
class Hadamard:
    """W + scale · (first ⊙ second), number by number (LoHa; Hyeon-Woo et al. 2022, arXiv:2108.06098)."""

    first: Factors
    second: Factors
    scale: float

    def fits(self, shape: torch.Size) -> bool:
        return self.first.sizes == self.second.sizes == _sizes(shape)

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        first, second = self.first.product(weight), self.second.product(weight)
        return weight.addcmul_(first.view(weight.shape), second.view(weight.shape), value=self.scale * strength)


@dataclass(frozen=True, eq=False)
class Kronecker:
    """W + scale · (first ⊗ second), each whole or in factors (LoKr; Edalati et al. 2022, arXiv:2212.10650)."""

    first: Tensor | Factors
    second: Tensor | Factors
    scale: float

    def fits(self, shape: torch.Size) -> bool:
        (rows, columns), (more_rows, more_columns) = (
            part.sizes if isinstance(part, Factors) else _sizes(part.shape) for part in (self.first, self.second)
        )
        return (rows * more_rows, columns * more_columns) == _sizes(shape)

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        first, second = (
            part.product(weight) if isinstance(part, Factors) else _like(part, weight).flatten(1)
            for part in (self.first, self.second)
        )
        return weight.add_(torch.kron(first, second).view(weight.shape), alpha=self.scale * strength)


@dataclass(frozen=True, eq=False)
class Generalised:
    """W + scale · (W · inner + outer): also what the weight itself makes of it (GLoRA, arXiv:2306.07967).

    Attributes:
        inner: A map [I, I] before the weight, at each place of a convolution the same.
        outer: A matrix [O, I k k] beside it.
        scale: Of both.
    """

    inner: Factors
    outer: Factors
    scale: float

    def fits(self, shape: torch.Size) -> bool:
        return self.inner.sizes == (shape[1], shape[1]) and self.outer.sizes == _sizes(shape)

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        into, out_of = self.inner.pair(weight)
        through = torch.einsum("oi...,ir,rj->oj...", weight, into, out_of)
        beside = self.outer.product(weight).view(weight.shape)
        return weight.add_(through + beside, alpha=self.scale * strength)


@dataclass(frozen=True, eq=False)
class Scaled:
    """W, each row or column times 1 + its share ((IA)³, Liu et al. 2022, arXiv:2205.05638).

    Attributes:
        shares: One number for each row or column, in any shape.
        axis: 0 for what the map gives, 1 for what it takes.
    """

    shares: Tensor
    axis: int

    def fits(self, shape: torch.Size) -> bool:
        return self.shares.numel() == shape[self.axis]

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        shares = _along(_like(self.shares, weight), self.axis, weight.ndim)
        return weight.mul_(1 + strength * shares)


@dataclass(frozen=True, eq=False)
class Rotated:
    """W, its rows turned in blocks (OFT, Qiu et al. 2023, arXiv:2306.07280).

    Attributes:
        blocks: [n, b, b], n b = O: what `cayley` makes rotations of; or the rotations themselves.
        constraint: The largest norm of the blocks per row of W; 0 for no limit, None where they are rotations.
        rescale: A factor for each row, or None.
    """

    blocks: Tensor
    constraint: float | None
    rescale: Tensor | None

    def fits(self, shape: torch.Size) -> bool:
        return self.blocks.shape[0] * self.blocks.shape[1] == shape[0]

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        blocks = _like(self.blocks, weight)
        turn = blocks if self.constraint is None else cayley(blocks, self.constraint * len(weight))
        rows = weight.view(*blocks.shape[:2], -1)
        turned = (turn.transpose(1, 2) @ rows).view(weight.shape)
        return weight.lerp_(_rescaled(turned, self.rescale), strength)


@dataclass(frozen=True, eq=False)
class Butterfly:
    """W, its rows turned in blocks several times, shuffled in between (BOFT, Liu et al. 2024, arXiv:2311.06243).

    Attributes:
        blocks: [m, n, b, b], n b = O: m turns, each as in `Rotated`; the i-th mixes rows that are 2^i b / 2 apart.
        constraint: As in `Rotated`.
        rescale: As in `Rotated`.
    """

    blocks: Tensor
    constraint: float
    rescale: Tensor | None

    def fits(self, shape: torch.Size) -> bool:
        stages, count, size = self.blocks.shape[:3]
        return count * size == shape[0] and shape[0] % (2**stages * size // 2) == 0

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        blocks = _like(self.blocks, weight)
        size = blocks.shape[-1]
        turns = torch.eye(size, device=weight.device).lerp(cayley(blocks, self.constraint * len(weight)), strength)
        rows = weight.flatten(1)
        for stage, turn in enumerate(turns):
            apart = 2**stage * size // 2
            shuffled = rows.view(-1, 2, apart, rows.shape[1]).transpose(1, 2).reshape(-1, size, rows.shape[1])
            rows = (turn @ shuffled).view(-1, apart, 2, rows.shape[1]).transpose(1, 2).reshape(rows.shape)
        turned = rows.view(weight.shape)
        return turned if self.rescale is None else turned.lerp(_rescaled(turned, self.rescale), strength)


@dataclass(frozen=True, eq=False)
class Added:
    """W + difference."""

    difference: Tensor

    def fits(self, shape: torch.Size) -> bool:
        return _sizes(self.difference.shape) == _sizes(shape)

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        return weight.add_(_like(self.difference, weight).view(weight.shape), alpha=strength)


@dataclass(frozen=True, eq=False)
class Put:
    """Another weight in the place of W, whatever the strength."""

    weight: Tensor

    def fits(self, shape: torch.Size) -> bool:
        return _sizes(self.weight.shape) == _sizes(shape)

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        del strength
        return weight.copy_(self.weight.view(weight.shape))


@dataclass(frozen=True, eq=False)
class Decomposed:
    """W changed, then brought to a learned length, row by row or column by column (DoRA, arXiv:2402.09353).

    Attributes:
        change: What turns the rows or columns.
        magnitude: Their lengths: [O], [O, 1, …] or [1, I, …].
    """

    change: Change
    magnitude: Tensor

    def fits(self, shape: torch.Size) -> bool:
        return self.change.fits(shape) and self.magnitude.numel() == shape[self._axis]

    @property
    def _axis(self) -> int:
        return 1 if self.magnitude.ndim > 1 and self.magnitude.shape[0] == 1 else 0

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        turned = self.change(weight.clone(), 1.0)
        lengths = torch.linalg.vector_norm(turned, dim=[d for d in range(weight.ndim) if d != self._axis], keepdim=True)
        magnitude = _along(_like(self.magnitude, weight), self._axis, weight.ndim)
        # a row of zeros has no direction: it stays one
        return weight.lerp_(turned * (magnitude / lengths.clamp_min(torch.finfo(torch.float32).tiny)), strength)


def cayley(blocks: Tensor, limit: float) -> Tensor:
    """Rotations (I + Q)(I − Q)⁻¹ of the skew parts Q = B − Bᵀ.

    Args:
        blocks: Square matrices B, [..., b, b].
        limit: The largest norm of all Q together; they are shrunk to it. 0 for no limit.
    """
    skew = blocks - blocks.transpose(-1, -2)
    if limit:
        skew = skew * (limit / skew.norm()).clamp_max(1.0)
    eye = torch.eye(blocks.shape[-1], device=blocks.device)
    # (I + Q) and (I − Q)⁻¹ commute
    rotations: Tensor = torch.linalg.solve(eye - skew, eye + skew)
    return rotations


def _sizes(shape: torch.Size) -> tuple[int, int]:
    """Rows and columns of a weight as a matrix."""
    return shape[0], math.prod(shape[1:])


def _along(numbers: Tensor, axis: int, ndim: int) -> Tensor:
    """Numbers for the places of an axis, in the shape that spreads them over the others."""
    return numbers.reshape([-1 if d == axis else 1 for d in range(ndim)])


def _rescaled(weight: Tensor, factors: Tensor | None) -> Tensor:
    return weight if factors is None else weight * _along(_like(factors, weight), 0, weight.ndim)
