"""Cache keys: what a node gives is known by what produces it, wherever and whenever it runs."""

import logging
from collections.abc import Callable, Sequence
from hashlib import blake2b

from safelight.graph.catalog import NodeSpec
from safelight.graph.node import Registry
from safelight.graph.plan import Step

log = logging.getLogger(__name__)

Stamp = Callable[[str, str], object]
"""(folder, file name) -> what changes when the file does: path, size and time of change; None for no such file.

The empty name stands for all files of the folder."""

Key = str | None
"""Of a node's outputs; None where they can never be used again."""


def cache_keys(steps: Sequence[Step], registry: Registry, stamp: Stamp, origin: Key = "") -> dict[str, Key]:
    """The keys of the steps of a plan, by node.

    A key holds the node's type and version, its literals, the keys of what it is linked to, the stamps
    of the files it names, its fingerprint, and its id where the node says that it matters; not titles or the
    place in the workflow. Texts, whole numbers, fractions and truth values never share one: 1, 1.0, "1" and true
    differ, as do 0.0 and -0.0.

    A node is never cached where its fingerprint fails or is not equal to itself (NaN, to run every time), where
    the name of a file reaches it by a link, or where it uses a node that is never cached.

    Args:
        steps: Of one plan.
        registry: The nodes, for their fingerprints.
        stamp: Of files.
        origin: The key of the node that expanded into these steps; it stands for the live values that it gave them.
    """
    around = _Surroundings(registry, stamp, origin)
    classes: dict[str, tuple[str, bool]] = {}  # how keys begin, and whether more than the inputs counts
    keys: dict[str, Key] = {}
    unknown: set[str] = set()
    for place, step in enumerate(steps):
        spec = step.spec
        known = classes.get(spec.class_type)
        if known is None:
            known = classes[spec.class_type] = repr((spec.class_type, spec.version)), around.matter(spec)
        head, watched = known
        linked = step.links + step.lazy if step.lazy else step.links
        try:
            if unknown and not unknown.isdisjoint([link.node for _, link in linked]):
                raise _UnknowableError("it uses a node that is not cached")
            # Each part ends where it can be seen to end, so that two steps never make one text.
            text = f"{head}{step.literals!r}"
            for name, link in linked:
                text += f"{name!r}{keys[link.node]}.{link.output}"
            if watched or step.values:
                text += around.text(step, place)
        except _UnknowableError as reason:
            log.debug("%s (node %s) is not cached: %s", spec.class_type, step.node, reason)
            unknown.add(step.node)
            keys[step.node] = None
        else:
            keys[step.node] = blake2b(text.encode(), digest_size=16).hexdigest()
    return keys


class _UnknowableError(Exception):
    """Why nothing that is known beforehand says what a node will give."""


class _Surroundings:
    """What a node's result hangs on besides its inputs: files, live values, its fingerprint."""

    def __init__(self, registry: Registry, stamp: Stamp, origin: Key) -> None:
        self._registry = registry
        self._stamp = stamp
        self._origin = origin
        self._stamps: dict[tuple[str, str], object] = {}
        self._files: dict[str, list[tuple[str, str]]] = {}  # by class: inputs that name files, and their folders
        self._mentions: dict[str, list[tuple[str, str, str]]] = {}  # by class: texts, prefixes, folders

    def matter(self, spec: NodeSpec) -> bool:
        """Whether they count for every node of a type."""
        self._files[spec.class_type] = [(port.name, port.folder) for port in spec.inputs if port.folder is not None]
        mentions = [(port.name, *port.mentions) for port in spec.inputs if port.mentions is not None]
        self._mentions[spec.class_type] = mentions
        fingerprint = self._registry[spec.class_type].fingerprint
        by_place = self._registry[spec.class_type].by_place
        return bool(self._files[spec.class_type] or mentions) or by_place or fingerprint is not None

    def text(self, step: Step, place: int) -> str:
        """Their share of the key.

        Raises:
            _UnknowableError: They cannot be known beforehand.
        """
        files = self._files[step.spec.class_type]
        fingerprint = self._registry[step.spec.class_type].fingerprint
        parts = [self._file(step, name, folder) for name, folder in files]
        for name, prefix, folder in self._mentions[step.spec.class_type]:
            text = step.literals.get(name)
            if not isinstance(text, str) or prefix in text:  # what a linked text says is not known beforehand
                parts.append((folder, self._stamped(folder, "")))
        if step.values:
            if self._origin is None:
                raise _UnknowableError("it was given values by a node that is not cached")
            parts.append((self._origin, place, sorted(step.values)))
        if self._registry[step.spec.class_type].by_place:
            parts.append(step.node)
        if fingerprint is not None:
            parts.append(_fingerprint(fingerprint, step))
        return repr(parts)

    def _file(self, step: Step, name: str, folder: str) -> object:
        if any(linked == name for linked, _ in step.links + step.lazy):
            raise _UnknowableError("the name of its file comes from another node")
        file = step.literals.get(name)
        if not isinstance(file, str):
            return None
        return folder, self._stamped(folder, file)

    def _stamped(self, folder: str, file: str) -> object:
        if (folder, file) not in self._stamps:
            self._stamps[folder, file] = self._stamp(folder, file)
        return self._stamps[folder, file]


def _fingerprint(function: Callable[..., object], step: Step) -> object:
    linked = dict.fromkeys([name for name, _ in step.links + step.lazy])
    try:
        value = function(**linked, **step.literals)
        same = bool(value == value)  # noqa: PLR0124 (NaN is how a node says that it changes every time)
    except Exception as error:
        raise _UnknowableError(f"its fingerprint failed with {error!r}") from error
    if not same:
        raise _UnknowableError("it is to run every time")
    if not _is_plain(value):
        raise _UnknowableError(f"its fingerprint is a {type(value).__name__}, which the next process would not know")
    return value


def _is_plain(value: object) -> bool:
    """Whether the representation of a value says all of it, and the same in every process."""
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, [*value, *value.values()]))
    return value is None or isinstance(value, str | bytes | int | float)
