"""The inputs of a pack's class, read from what its `INPUT_TYPES` gives."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from safelight.files.folders import FILE_FOLDERS, MODEL_FOLDERS
from safelight.graph.catalog import ANY_TYPE, CURVE, WIDGET_TYPES, InputSpec

ANY_NAME = "\0 any name"
"""No input is called so: where it is among the optional ones, every name is."""


class FileNames(list[str]):
    """Names of the files in a folder, as `folder_paths` lists them: a menu made of them follows the folder."""

    def __init__(self, folder: str, names: Collection[str]) -> None:
        super().__init__(names)
        self.folder = folder


@dataclass(frozen=True)
class Inputs:
    """What a class takes.

    Attributes:
        ports: Its inputs, required ones first.
        further: What inputs of any other name are like; None where it takes none.
        hidden: By parameter, what the engine fills in (`UNIQUE_ID`, `PROMPT`, …).
    """

    ports: tuple[InputSpec, ...]
    further: InputSpec | None
    hidden: Mapping[str, str]


def read_inputs(cls: Any, sockets: Collection[str]) -> Inputs:
    """Ask a class for its inputs.

    Args:
        cls: Of a pack.
        sockets: Types that can only be linked. What else is no number, text or choice has a widget of the pack's own,
            of which only the pack knows what may be written there.
    """
    declared = cls.INPUT_TYPES()
    read = _Reader(
        sockets,
        asks_lazily=hasattr(cls, "check_lazy_status"),
        own=_parameters(getattr(cls, "VALIDATE_INPUTS", None)),
    )
    ports = [read.port(name, entry, True) for name, entry in declared.get("required", {}).items()]
    optional = declared.get("optional", {})
    ports += [read.port(name, entry, False) for name, entry in optional.items()]
    further = read.port("*", _of_any_name(optional), False) if ANY_NAME in optional else None
    hidden = declared.get("hidden", {})
    return Inputs(tuple(ports), further, {name: plain(_head(entry)[0]) for name, entry in hidden.items()})


def plain(kind: object) -> str:
    """The name of a type as plain text; `*` for one that says it is equal to every other."""
    assert isinstance(kind, str)
    return ANY_TYPE if not kind != "\0" else str.__str__(kind)  # noqa: SIM202 (such types define `!=` alone)


def accepted(function: Callable[..., object], given: Mapping[str, object]) -> dict[str, object]:
    """Those of `given` that a function has parameters for."""
    names, takes_all = _parameters(function)
    return {name: value for name, value in given.items() if takes_all or name in names}


def _parameters(function: Callable[..., object] | None) -> tuple[frozenset[str], bool]:
    """Names of a function's parameters, and whether it takes any other as well."""
    if function is None:
        return frozenset(), False
    parameters = inspect.signature(function).parameters
    takes_all = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    return frozenset(parameters), takes_all


class _Reader:
    """Reads the entries of one class."""

    def __init__(self, sockets: Collection[str], *, asks_lazily: bool, own: tuple[frozenset[str], bool]) -> None:
        self._sockets = sockets
        self._asks_lazily = asks_lazily
        self._own, self._own_all = own

    def port(self, name: str, entry: object, required: bool) -> InputSpec:
        head, options = _head(entry)
        choices = head if isinstance(head, list | tuple) else None
        kind = "COMBO" if choices is not None else plain(head)
        if kind == "COMBO" and choices is None:
            choices = options.get("options", ())
        folder = _folder(choices, options)
        if folder is not None:
            choices = ()
        known = {*WIDGET_TYPES, *self._sockets, ANY_TYPE} - {CURVE}  # how packs write one is theirs
        return InputSpec(
            name=name,
            type=kind,
            required=required,
            default=options.get("default"),
            minimum=_number(options.get("min")),
            maximum=_number(options.get("max")),
            step=_number(options.get("step")),
            round=_number(options.get("round")),
            choices=None if choices is None else tuple(choices),
            folder=folder,
            multiline=bool(options.get("multiline")),
            dynamic_prompts=bool(options.get("dynamicPrompts")),
            control_after_generate=bool(options.get("control_after_generate")),
            upload=bool(options.get("image_upload")),
            force_input=bool(options.get("forceInput") or options.get("defaultInput")),
            lazy=bool(options.get("lazy")) and self._asks_lazily,
            any_value=self._own_all or name in self._own or not known & set(kind.split(",")),
            any_link="input_types" in self._own,
            tooltip=str(options.get("tooltip") or ""),
        )


def _head(entry: object) -> tuple[object, Mapping[str, Any]]:
    """The type of an input, or its choices; and its options."""
    if isinstance(entry, str):
        return entry, {}
    kind, *rest = cast(Sequence[object], entry)
    return kind, cast(Mapping[str, Any], rest[0]) if rest and isinstance(rest[0], Mapping) else {}


def _of_any_name(optional: Mapping[str, object]) -> object:
    """The entry that a dict with every name in it has for a name."""
    try:
        return optional[ANY_NAME]
    except LookupError:  # it says only that names are there
        return ANY_TYPE


def _folder(choices: object, options: Mapping[str, Any]) -> str | None:
    """The folder that a menu lists, if it is one that is known here."""
    if options.get("image_upload"):
        folder = str(options.get("image_folder") or "input")
    elif isinstance(choices, FileNames):
        folder = choices.folder
    else:
        return None
    return folder if folder in MODEL_FOLDERS | FILE_FOLDERS else None


def _number(value: object) -> float | None:
    """A limit; False stands for none there."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
