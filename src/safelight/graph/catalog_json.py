"""The catalog as JSON data: how a worker publishes the nodes it has, and how it is kept for a process without them."""

from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from typing import Any

from safelight.errors import BadInput
from safelight.graph.catalog import Catalog, InputSpec, NodeSpec, OutputSpec

FORMAT = 1
MEND = "It is written anew when a worker starts; remove the file."


def catalog_to_json(catalog: Catalog) -> dict[str, object]:
    """The catalog as JSON data; what has its default is left out.

    A default that JSON cannot hold, which no workflow could have either, becomes None, and tuples become lists.
    """
    return {"format": FORMAT, "nodes": [_written(spec) for spec in catalog.values()]}


def catalog_from_json(document: Mapping[str, object]) -> Catalog:
    """The catalog that `catalog_to_json` wrote; numbers that were whole still are, and fractions still are that.

    Raises:
        BadInput: It is none; the message says why.
    """
    if document.get("format") != FORMAT:
        raise BadInput(f"The list of nodes has the format {document.get('format')!r}, not {FORMAT}.", mend=MEND)
    try:
        specs = [_node(spec) for spec in _list(document["nodes"])]
    except (KeyError, TypeError) as error:
        raise BadInput(f"The list of nodes is malformed: {error}.", mend=MEND) from error
    return {spec.class_type: spec for spec in specs}


def _written(spec: NodeSpec | InputSpec | OutputSpec) -> dict[str, object]:
    known = _FIELDS[type(spec)]
    values = {name: getattr(spec, name) for name in known}
    return {name: _plain(value) for name, value in values.items() if not _is(value, known[name].default)}


def _is(value: object, default: object) -> bool:
    """Whether a value is the default itself: 0, 0.0 and False are three."""
    return type(value) is type(default) and value == default


def _plain(value: object) -> object:
    if isinstance(value, InputSpec | OutputSpec):
        return _written(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if isinstance(value, str | int | float) else None


def _reader(kind: type[Any]) -> Callable[[object], Any]:
    """Reads the data of a dataclass."""

    def read(document: object) -> Any:
        if not isinstance(document, dict):
            raise TypeError(f"{document!r} is no table")
        try:
            return kind(**{name: readers[name](value) for name, value in document.items()})
        except KeyError as error:
            raise TypeError(f"{kind.__name__} has no field {error}") from error

    readers = {name: _READERS[field.type] for name, field in _FIELDS[kind].items()}
    return read


def _exactly(*kinds: type) -> Callable[[object], Any]:
    """Reads a value of one of a few types, as it is."""

    def read(value: object) -> object:
        if type(value) not in kinds:
            raise TypeError(f"{value!r} is no {' or '.join(kind.__name__ for kind in kinds)}")
        return value

    return read


def _tuple_of(read: Callable[[object], Any]) -> Callable[[object], Any]:
    return lambda value: tuple([read(item) for item in _list(value)])


_FIELDS: dict[type, dict[str, Field[Any]]] = {
    kind: {field.name: field for field in fields(kind) if field.init} for kind in (InputSpec, OutputSpec, NodeSpec)
}
_list = _exactly(list)
_text = _exactly(str)
_number = _exactly(int, float, type(None))

_READERS: dict[object, Callable[[object], Any]] = {
    str: _text,
    bool: _exactly(bool),
    int: _exactly(int),
    object: lambda value: value,
    float | None: _number,
    str | None: _exactly(str, type(None)),
    tuple[object, ...] | None: _tuple_of(lambda value: value),
    tuple[str, str] | None: _tuple_of(_text),
}
"""How a field is read, by its type."""
_READERS[InputSpec | None] = _reader(InputSpec)
_READERS[tuple[InputSpec, ...]] = _tuple_of(_reader(InputSpec))
_READERS[tuple[OutputSpec, ...]] = _tuple_of(_reader(OutputSpec))
_node = _reader(NodeSpec)
