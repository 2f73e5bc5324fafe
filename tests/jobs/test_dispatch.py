from collections.abc import Sequence

from safelight.jobs.dispatch import PASSED_OVER, choose
from safelight.jobs.station import Station
from safelight.store.jobs import Waiting


class Named(Station):
    """An engine that is only looked at."""

    def __init__(self, name: str) -> None:
        self._named = name

    @property
    def name(self) -> str:
        return self._named


ONE = Named("one")
TWO = Named("two")


def job(name: str, user: str = "ann", priority: int = 0, models: Sequence[str] = ()) -> Waiting:
    return Waiting(name, user, priority, 0.0, tuple(models))


def chosen(waiting: Sequence[Waiting], turns: dict[str, float] | None = None) -> str:
    return choose(waiting, {ONE: ()}, turns or {}, {})[0].id


def test_the_first_job_of_the_queue_is_next() -> None:
    assert chosen([job("a"), job("b")]) == "a"


def test_people_take_turns() -> None:
    waiting = [job("a1"), job("a2"), job("b1", "bob")]
    assert chosen(waiting, {"ann": 2.0, "bob": 1.0}) == "b1"
    assert chosen(waiting, {"ann": 1.0, "bob": 2.0}) == "a1"


def test_who_has_never_had_a_turn_is_next() -> None:
    assert chosen([job("a"), job("b", "bob")], {"ann": 1.0}) == "b"


def test_a_higher_priority_goes_before_any_turn() -> None:
    assert chosen([job("a", priority=1), job("b", "bob")], {"ann": 9.0}) == "a"


def test_a_job_goes_to_the_engine_that_has_its_model() -> None:
    found, station = choose([job("a", models=["m"])], {ONE: ["n"], TWO: ["n", "m"]}, {}, {})
    assert (found.id, station) == ("a", TWO)


def test_a_job_whose_model_is_loaded_goes_before_one_whose_is_not_but_not_for_ever() -> None:
    waiting = [job("other", models=["n"]), *(job(f"same{number}", models=["m"]) for number in range(9))]
    passed: dict[str, int] = {}
    order = []
    while waiting:
        found, _ = choose(waiting, {ONE: ["m"]}, {}, passed)
        waiting.remove(found)
        order.append(found.id)
    assert order.index("other") == PASSED_OVER


def test_what_is_loaded_gives_no_turn_to_another_person() -> None:
    waiting = [job("a", models=["n"]), job("b", "bob", models=["m"])]
    assert choose(waiting, {ONE: ["m"]}, {"bob": 5.0, "ann": 1.0}, {})[0].id == "a"


def test_without_a_loaded_model_the_engine_is_taken_that_has_most_of_them() -> None:
    _, station = choose([job("a", models=["m", "n"])], {ONE: [], TWO: ["n"]}, {}, {})
    assert station is TWO
