"""Messages as JSON: a frozen dataclass becomes its tag and its fields, and is read back strictly."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Generic, TypeVar

from safelight.errors import BadInput

Message = TypeVar("Message")


@dataclass(frozen=True)
class Vocabulary(Generic[Message]):
    """The messages that go one way.

    Attributes:
        key: The name under which the tag stands, such as `event`.
        types: Message types by tag.
    """

    key: str
    types: Mapping[str, type[Message]]

    def tag_of(self, message: Message) -> str:
        """The tag of a message."""
        return next(tag for tag, kind in self.types.items() if kind is type(message))

    def to_json(self, message: Message) -> dict[str, object]:
        """The message as JSON data: its tag, and its fields; bytes in base64."""
        values = {each.name: _written(getattr(message, each.name)) for each in fields(message)}  # type: ignore[arg-type]
        return {self.key: self.tag_of(message)} | values

    def from_json(self, document: object) -> Message:
        """The message that `to_json` wrote.

        Raises:
            BadInput: It is none; the message says why.
        """
        if not isinstance(document, Mapping):
            raise BadInput(f"{str(document)[:80]!r} is not a message.", mend=f"A {self.key} is an object.")
        tag = document.get(self.key)
        kind = self.types.get(tag) if isinstance(tag, str) else None
        if kind is None:
            raise BadInput(f"{tag!r} is not one of the {self.key}s.", mend=f"They are: {', '.join(self.types)}.")
        known = {each.name: each for each in fields(kind)}  # type: ignore[arg-type]
        given = {name: value for name, value in document.items() if name != self.key}
        try:
            missing = [
                name
                for name, each in known.items()
                if name not in given and each.default is MISSING and each.default_factory is MISSING
            ]
            if missing:
                raise TypeError(f"it lacks {', '.join(missing)}")
            return kind(**{name: _READERS[known[name].type](value) for name, value in given.items()})
        except (KeyError, TypeError, ValueError) as error:
            mend = f"Its fields are: {', '.join(known)}."
            raise BadInput(f"The {self.key} {tag} is malformed: {error}.", mend=mend) from error


def _written(value: object) -> object:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return list(value) if isinstance(value, tuple) else value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is not true or false")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list")
    return tuple(_text(item) for item in value)


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"{value!r} is not an object")
    return value


_READERS: dict[object, Callable[[object], Any]] = {
    str: _text,
    int: _whole,
    bool: _truth,
    bytes: lambda value: b64decode(_text(value), validate=True),
    tuple[str, ...]: _texts,
    tuple[str, ...] | None: lambda value: None if value is None else _texts(value),
    Mapping[str, object]: _object,
}
"""How a field is read, by its type."""
