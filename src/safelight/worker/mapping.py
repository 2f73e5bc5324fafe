"""Lists between nodes: a node that gets one runs once for each element, unless it takes lists whole."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from safelight.errors import SafelightError
from safelight.graph.catalog import NodeSpec
from safelight.graph.results import Blocked


@dataclass(frozen=True)
class Many:
    """An output that goes downstream element by element."""

    values: tuple[object, ...]


def is_mapped(spec: NodeSpec, inputs: Mapping[str, object]) -> bool:
    """Whether the node runs once for each element of a list."""
    return not spec.takes_lists and any(type(value) is Many for value in inputs.values())


def each_call(spec: NodeSpec, inputs: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """The inputs of each call of the node.

    One call for each element of the longest list; shorter lists repeat their last element, plain values all. None
    when a list is empty; one where there are no lists. A node that takes lists is called once, and gets every
    input as a list.
    """
    if spec.takes_lists:
        yield {name: list(value.values) if type(value) is Many else [value] for name, value in inputs.items()}
        return
    lengths = [len(value.values) for value in inputs.values() if type(value) is Many]
    for index in range(max(lengths, default=1) if all(lengths) else 0):
        yield {
            name: value.values[min(index, len(value.values) - 1)] if type(value) is Many else value
            for name, value in inputs.items()
        }


def as_lists(spec: NodeSpec, outputs: tuple[object, ...]) -> tuple[object, ...]:
    """The outputs of one call, those that are declared as lists made to go downstream element by element.

    Raises:
        SafelightError: Such an output is no list.
    """
    return tuple([_as_list(spec, port.is_list, value) for port, value in zip(spec.outputs, outputs, strict=True)])


def joined(spec: NodeSpec, calls: Sequence[tuple[object, ...]]) -> tuple[object, ...]:
    """The outputs of several calls as lists, those of each call one after another."""
    columns = zip(*calls, strict=True) if calls else [()] * len(spec.outputs)
    return tuple([Many(tuple(_chained(column))) for column in columns])


def _as_list(spec: NodeSpec, is_list: bool, value: object) -> object:
    if not is_list or isinstance(value, Many | Blocked):
        return value
    if not isinstance(value, list | tuple):
        raise SafelightError(
            f"{spec.class_type} gave a {type(value).__name__} for an output that is a list.",
            mend="This is a fault of the node; tell its author.",
        )
    return Many(tuple(value))


def _chained(column: Iterable[object]) -> Iterator[object]:
    for value in column:
        if isinstance(value, Many):
            yield from value.values
        else:
            yield value
