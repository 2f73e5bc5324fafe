import asyncio
import threading
import time

from safelight.graph.document import Link
from safelight.graph.node import AnyNode, Anything, node
from safelight.protocol.events import Cancelled, Done, Failed
from tests.graph.samples import NODES, call
from tests.worker.bench import Bench


@node("Later", category="test")
async def later(*, value: int) -> int:
    """The same number, later."""
    await asyncio.sleep(0)
    return value


def bench(*more: AnyNode) -> Bench:
    return Bench([*NODES.values(), later, *more])


def test_an_async_node_is_awaited() -> None:
    b = bench()
    workflow = {"l": call("Later", value=3), "a": call("Add", a=Link("l"), b=1)}
    assert b.run(workflow, ["a"]).outputs == {"a": (4,)}
    b.run(workflow, ["a"])
    assert not b.ran()


def test_an_async_node_that_fails_is_told_like_any_other() -> None:
    @node("Never", category="test")
    async def never() -> Anything:
        """Fails."""
        await asyncio.sleep(0)
        raise ValueError("no")

    end = bench(never).run({"n": call("Never")}, ["n"]).end
    assert isinstance(end, Failed)
    assert "ValueError" in end.what


def test_an_async_node_that_waits_is_stopped_when_the_job_is_cancelled() -> None:
    stopped = []

    @node("Wait", category="test")
    async def wait() -> Anything:
        """Waits for long."""
        try:
            await asyncio.sleep(60)
        finally:
            stopped.append(True)

    cancelled = threading.Event()
    timer = threading.Timer(0.2, cancelled.set)
    timer.start()
    begin = time.monotonic()
    outcome = bench(wait).run({"w": call("Wait")}, ["w"], cancelled.is_set)
    timer.join()
    assert outcome.end == Cancelled("job")
    assert stopped == [True]
    assert time.monotonic() - begin < 10


def test_the_job_after_an_async_node_failed_runs() -> None:
    b = bench()
    assert b.run({"l": call("Later", value=3)}, ["l"]).end == Done("job")
