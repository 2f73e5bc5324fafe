import pytest

from safelight.graph.order import arrange


def test_each_node_stands_after_its_sources() -> None:
    sources = {"end": ["a", "b"], "a": ["c"], "b": ["c", "d"], "c": [], "d": []}
    order, circles = arrange(["end"], sources.__getitem__)
    assert order == ["c", "a", "d", "b", "end"]
    assert circles == []


def test_only_what_the_roots_need_is_reached() -> None:
    assert arrange(["a"], {"a": [], "b": ["a"]}.__getitem__) == (["a"], [])


@pytest.mark.parametrize(
    ("sources", "circle"),
    [
        ({"a": ["a"]}, ("a",)),
        ({"a": ["b"], "b": ["a"]}, ("b", "a")),
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, ("c", "b", "a")),
    ],
)
def test_a_circle_is_named_in_the_direction_of_the_data(sources: dict[str, list[str]], circle: tuple[str, ...]) -> None:
    _, circles = arrange(["a"], sources.__getitem__)
    assert circles == [circle]
    for node, following in zip(circle, [*circle[1:], circle[0]], strict=True):
        assert node in sources[following]


def test_each_group_that_feeds_itself_is_named_once() -> None:
    sources = {"end": ["a", "x"], "a": ["b", "c"], "b": ["a"], "c": ["a"], "x": ["y"], "y": ["x"]}
    _, circles = arrange(["end"], sources.__getitem__)
    assert circles == [("b", "a"), ("y", "x")]


def test_a_hundred_thousand_circles_in_one_another_take_no_longer_than_the_graph() -> None:
    count = 100_000
    sources = {str(i): [str(i + 1)] if i + 1 < count else [] for i in range(count)}
    for i in range(count // 2, count):
        sources[str(i)].append(str(count - i))
    order, circles = arrange(["0"], sources.__getitem__)
    assert len(order) == count
    assert circles
