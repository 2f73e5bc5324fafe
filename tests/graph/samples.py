"""Small nodes with which the engine is tested."""

from typing import Annotated, NamedTuple

from safelight.graph.catalog import Catalog
from safelight.graph.document import NodeCall
from safelight.graph.node import LAZY, OPTIONAL, Anything, Choice, File, Range, Socket, Text, node
from safelight.graph.validate import validate


class Latent:
    """Stands for a type that can only be linked."""


Picture = Annotated[object, Socket("IMAGE")]


@node("Number", category="test", title="A number")
def number(*, value: Annotated[int, Range(-100, 100)] = 20) -> int:
    """A number."""
    return value


@node("Fraction", category="test")
def fraction(*, value: Annotated[float, Range(0.0, 1.0)] = 0.5) -> float:
    """A fraction."""
    return value


@node("Add", category="test")
def add(*, a: int, b: int = 1) -> int:
    """The sum of two numbers."""
    return a + b


class Division(NamedTuple):
    quotient: int
    rest: int


@node("Divide", category="test")
def divide(*, a: int, b: int) -> Division:
    """Whole division."""
    return Division(a // b, a % b)


@node("MakeLatent", category="test")
def make_latent(*, size: int = 8) -> Latent:
    """A latent."""
    return Latent()


@node("Load", category="test")
def load(*, name: Annotated[str, File("checkpoints")]) -> Latent:
    """A latent from a file."""
    return Latent()


@node("Sample", category="test")
def sample(
    *,
    latent: Latent,
    sampler: Annotated[str, Choice(["euler", "heun", "dpm_2"])] = "euler",
    fast: bool = False,
    prompt: Annotated[str, Text(multiline=True)] = "",
    cfg: Annotated[float | None, Range(0.0, 30.0)] = None,
    note: Annotated[str, OPTIONAL] = "none",
    start: Picture | None = None,
) -> Picture:
    """A picture."""
    return prompt


@node("Switch", category="test", needs=lambda *, first, a, b: ["a"] if first else ["b"])
def switch(
    *, first: bool, a: Annotated[int | None, LAZY] = None, b: Annotated[int | None, LAZY] = None
) -> Annotated[int, Socket("INT")]:
    """One of two numbers; the other is not made."""
    chosen = a if first else b
    assert chosen is not None
    return chosen


@node("Show", category="test", output=True)
def show(*, value: Anything) -> None:
    """An end."""


NODES = {n.spec.class_type: n for n in (number, fraction, add, divide, make_latent, load, sample, switch, show)}
CATALOG: Catalog = {class_type: sample.spec for class_type, sample in NODES.items()}
FILES = {"checkpoints": ["starter-128.safetensors", "anime/pony.safetensors"]}


def call(class_type: str, **inputs: object) -> NodeCall:
    """A node of a workflow."""
    return NodeCall(class_type, inputs)


def problems_of(targets: list[str] | None = None, /, **workflow: NodeCall) -> list[tuple[str, str, str]]:
    """What is wrong with a workflow of the sample nodes: kinds, nodes and inputs."""
    found = validate(workflow, CATALOG, FILES.__getitem__, targets)
    return [(problem.kind, problem.node, problem.input) for problem in found]
