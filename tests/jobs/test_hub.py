import asyncio

import pytest

from safelight.jobs import hub as hub_module
from safelight.jobs.hub import Hub, News, QueueChanged, Told
from safelight.protocol.events import Event, NodeStarted, Preview, Progress


def told(event: Event, user: str = "ann") -> Told:
    return Told(None, 0.0, user, "", event)


def heard(*news: News, user: str | None = None) -> list[News]:
    """What one listener takes of all that, at once."""

    async def run() -> list[News]:
        hub = Hub()
        listener = hub.listen(user)
        hub.tell_all(news)
        return await listener.take()

    return asyncio.run(run())


def test_a_listener_hears_everything_in_order() -> None:
    news = [told(NodeStarted("j", str(node), "Any")) for node in range(10)]
    assert heard(*news) == news


def test_a_person_hears_of_their_own_jobs_and_of_the_queue() -> None:
    mine, theirs = told(NodeStarted("j", "1", "Any")), told(NodeStarted("k", "1", "Any"), "bob")
    assert heard(theirs, mine, QueueChanged(2), user="ann") == [mine, QueueChanged(2)]


def test_steps_and_previews_that_were_not_taken_in_time_are_overtaken_by_later_ones_of_the_node() -> None:
    first, other, last = (told(Progress("j", node, value, 9)) for node, value in (("1", 1), ("2", 5), ("1", 2)))
    pictures = [told(Preview("j", "1", bytes([n]), "image/jpeg")) for n in range(3)]
    begun = told(NodeStarted("j", "2", "Any"))
    assert heard(first, pictures[0], other, pictures[1], begun, last, pictures[2]) == [other, begun, last, pictures[2]]


def test_a_listener_that_is_too_far_behind_is_cut_off_and_costs_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "BACKLOG", 10)

    async def run() -> tuple[bool, list[News], list[News]]:
        hub = Hub()
        slow, quick = hub.listen(None), hub.listen(None)
        taken: list[News] = []
        for node in range(20):
            hub.tell(told(NodeStarted("j", str(node), "Any")))
            taken += await quick.take()
        return slow.cut_off, await slow.take(), taken

    cut_off, left, taken = asyncio.run(run())
    assert cut_off
    assert left == []
    assert len(taken) == 20


def test_whoever_has_left_hears_no_more() -> None:
    async def run() -> int:
        hub = Hub()
        hub.leave(hub.listen("ann"))
        assert not hub.is_watched("ann")
        return len(hub)

    assert asyncio.run(run()) == 0


def test_a_person_is_watched_by_themselves_and_by_who_sees_all() -> None:
    async def run() -> list[bool]:
        hub = Hub()
        nobody = hub.is_watched("ann")
        bob = hub.listen("bob")
        another = hub.is_watched("ann")
        hub.listen(None)
        everybody = hub.is_watched("ann")
        hub.leave(bob)
        return [nobody, another, everybody]

    assert asyncio.run(run()) == [False, False, True]
