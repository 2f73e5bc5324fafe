"""Calls a node's function, plain or `async`, and reads what it returns."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Mapping

from safelight.errors import Cancelled, SafelightError
from safelight.graph.catalog import NodeSpec
from safelight.graph.node import AnyNode
from safelight.graph.results import Blocked, Expansion

POLL = 0.1  # seconds between looks at whether the job was cancelled, while a node waits for something


def call(node: AnyNode, inputs: Mapping[str, object], cancelled: Callable[[], bool]) -> tuple[object, ...] | Expansion:
    """What the node gives for `inputs`: its outputs, or an expansion.

    Raises:
        Cancelled: The job was cancelled while an `async` node waited.
        SafelightError: The node gave another number of outputs than it declares.
    """
    result = node.function(**inputs)
    if inspect.iscoroutine(result):
        result = asyncio.run(_await(result, cancelled))
    if isinstance(result, Expansion):
        return result
    return outputs_of(node.spec, result)


def outputs_of(spec: NodeSpec, result: object) -> tuple[object, ...]:
    """The outputs in what a function returned: nothing, the one output, or a tuple of several.

    Raises:
        SafelightError: There are more or fewer than `spec` has.
    """
    count = len(spec.outputs)
    if isinstance(result, Blocked):
        return (result,) * count
    if count == 1:
        return (result,)
    outputs = () if result is None else result if isinstance(result, tuple) else (result,)
    if len(outputs) != count:
        raise SafelightError(
            f"{spec.class_type} gave {len(outputs)} outputs, and declares {count}.",
            mend="This is a fault of the node; tell its author.",
        )
    return outputs


def blocker(inputs: Mapping[str, object]) -> Blocked | None:
    """What keeps a node from being called with `inputs`: a block among them, or in a list that it takes whole."""
    for value in inputs.values():
        if isinstance(value, Blocked):
            return value
        if type(value) is list:
            for element in value:
                if isinstance(element, Blocked):
                    return element
    return None


async def _await(coroutine: Coroutine[object, object, object], cancelled: Callable[[], bool]) -> object:
    task = asyncio.ensure_future(coroutine)
    while not task.done():
        await asyncio.wait([task], timeout=POLL)
        if cancelled() and not task.done():
            task.cancel()
            await asyncio.wait([task])
            raise Cancelled
    return task.result()
