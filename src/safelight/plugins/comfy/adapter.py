"""A class of a pack, made into a node."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from safelight.errors import SafelightError
from safelight.graph.catalog import NodeSpec, OutputSpec
from safelight.graph.node import AnyNode, Node, Registry
from safelight.nodes.run import Run
from safelight.plugins.comfy.inputs import Inputs, accepted, plain, read_inputs
from safelight.plugins.comfy.live import Live, living
from safelight.plugins.comfy.prompt import Prompt
from safelight.plugins.comfy.results import read_result
from safelight.plugins.comfy.values import to_pack

INSTANCES = 256
"""Nodes of a class, by id, that keep what their objects remember."""

HIDDEN: dict[str, Callable[[Run], object]] = {
    "UNIQUE_ID": lambda run: run.node,
    "PROMPT": lambda run: json.loads(json.dumps(run.workflow)),  # packs change it
    "EXTRA_PNGINFO": lambda run: dict(run.metadata),
    "DYNPROMPT": lambda run: Prompt(run.workflow),
}
"""What the engine fills in."""


def node_of(
    class_type: str, cls: Any, *, title: str, module: str, registry: Registry, sockets: Collection[str]
) -> AnyNode:
    """The node that a class describes.

    Args:
        class_type: Its name in workflows.
        cls: With `INPUT_TYPES`, `RETURN_TYPES`, `FUNCTION` and what else packs write.
        title: Its name on the screen.
        module: The plugin it is from.
        registry: The nodes there are when it runs, into which it may expand.
        sockets: Types that can only be linked.
    """
    inputs = read_inputs(cls, sockets)
    if "run" in {port.name for port in inputs.ports} | inputs.hidden.keys():
        raise ValueError("it has an input called run, which is the engine's own here")
    return _Adapter(cls, inputs, registry).node(class_type, title, module)


class _Adapter:
    """One class, and its objects: one for each node of a workflow, kept from run to run."""

    def __init__(self, cls: Any, inputs: Inputs, registry: Registry) -> None:
        self._cls = cls
        self._inputs = inputs
        self._registry = registry
        self._takes_lists = bool(getattr(cls, "INPUT_IS_LIST", False))
        self._instance = lru_cache(INSTANCES)(lambda _: cls())

    def node(self, class_type: str, title: str, module: str) -> AnyNode:
        cls = self._cls
        self._spec = NodeSpec(
            class_type=class_type,
            title=title,
            category=str(getattr(cls, "CATEGORY", module)),
            description=inspect.cleandoc(getattr(cls, "DESCRIPTION", None) or ""),
            inputs=self._inputs.ports,
            outputs=_outputs(cls),
            output_node=bool(getattr(cls, "OUTPUT_NODE", False)),
            takes_lists=self._takes_lists,
            deprecated=bool(getattr(cls, "DEPRECATED", False)),
            experimental=bool(getattr(cls, "EXPERIMENTAL", False)),
            module=module,
            further=self._inputs.further,
        )
        return Node(
            self._spec,
            self._run,
            wants_run=True,
            needs=self._needs if any(port.lazy for port in self._inputs.ports) else None,
            fingerprint=self._fingerprint if hasattr(cls, "IS_CHANGED") else None,
            check=self._check if hasattr(cls, "VALIDATE_INPUTS") else None,
            by_place="UNIQUE_ID" in self._inputs.hidden.values() or bool(getattr(cls, "NOT_IDEMPOTENT", False)),
        )

    def _run(self, /, *, run: Run, **inputs: object) -> object:
        method = getattr(self._instance(run.node), self._cls.FUNCTION)
        given = {name: to_pack(value) for name, value in inputs.items()}
        for name, kind in self._inputs.hidden.items():
            value = HIDDEN[kind](run) if kind in HIDDEN else None
            given[name] = [value] if self._takes_lists else value
        with living(run) as live:
            result = method(**given)
            if not inspect.isawaitable(result):
                return self._read(result, live)
        return self._awaited(result, run)

    async def _awaited(self, result: Awaitable[Any], run: Run) -> object:
        with living(run) as live:
            return self._read(await result, live)

    def _read(self, result: Any, live: Live) -> object:
        live.check()
        return read_result(self._spec, result, self._registry, live.run)

    def _needs(self, /, **inputs: object) -> Sequence[str]:
        given = {name: to_pack(value) for name, value in inputs.items()} | dict.fromkeys(self._inputs.hidden)
        asks = self._cls().check_lazy_status
        return cast(Sequence[str], _now(asks(**accepted(asks, given))) or ())

    def _fingerprint(self, /, **inputs: object) -> object:
        given = self._each_in_a_list(inputs | dict.fromkeys(self._inputs.hidden))
        asks = self._cls.IS_CHANGED
        return _now(asks(**accepted(asks, given)))

    def _check(self, literals: Mapping[str, object], linked: Mapping[str, str]) -> str | None:
        given = self._each_in_a_list({**dict.fromkeys(linked), **literals}) | {"input_types": dict(linked)}
        asks = self._cls.VALIDATE_INPUTS
        names = inspect.signature(asks).parameters
        if "input_types" not in names:
            given.pop("input_types")
        try:
            answer = _now(asks(**accepted(asks, given)))
        except SafelightError:
            raise
        except Exception as error:
            return f"{self._spec.class_type} could not look at its inputs: {type(error).__name__}: {error}."
        if answer is True:
            return None
        return answer if isinstance(answer, str) else f"{self._spec.class_type} finds its inputs wrong."

    def _each_in_a_list(self, given: Mapping[str, object]) -> dict[str, object]:
        """Values as nodes that take lists get them."""
        return {name: [value] for name, value in given.items()} if self._takes_lists else dict(given)


def _outputs(cls: Any) -> tuple[OutputSpec, ...]:
    kinds = ["COMBO" if isinstance(kind, list | tuple) else plain(kind) for kind in getattr(cls, "RETURN_TYPES", ())]
    names = list(getattr(cls, "RETURN_NAMES", None) or ())
    lists = list(getattr(cls, "OUTPUT_IS_LIST", None) or ())
    names += kinds[len(names) :]
    lists += [False] * (len(kinds) - len(lists))
    return tuple(
        OutputSpec(str(name), kind, bool(is_list)) for name, kind, is_list in zip(names, kinds, lists, strict=False)
    )


def _now(answer: Any) -> Any:
    """An answer, waited for where the function that gives it is `async`."""
    if not inspect.isawaitable(answer):
        return answer

    async def wait() -> Any:
        return await answer

    return asyncio.run(wait())
