from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.graph.document import Link, NodeCall
from tests.graph.samples import NODES, call
from tests.worker.bench import Bench

SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def workflows(draw: st.DrawFn) -> dict[str, NodeCall]:
    """Random graphs without circles, of nodes that each do work of their own, in any order."""
    nodes: dict[str, NodeCall] = {"0": call("Number", value=1)}
    for index in range(1, draw(st.integers(1, 25))):
        linked = [Link(str(draw(st.integers(0, index - 1))), 0) for _ in range(2)]
        kind = draw(st.sampled_from(["Number", "Add one", "Add both", "Switch"]))
        nodes[str(index)] = {
            "Number": call("Number", value=index),
            "Add one": call("Add", a=linked[0], b=1000 + index),
            "Add both": call("Add", a=linked[0], b=linked[1]),
            "Switch": call("Switch", first=index % 2 == 0, a=linked[0], b=linked[1]),
        }[kind]
    return dict(draw(st.permutations(list(nodes.items()))))


def evaluated(workflow: Mapping[str, NodeCall], node: str) -> tuple[int, set[str]]:
    """The value of a node by plain recursion, and the nodes it took."""
    inputs = workflow[node].inputs
    used = {node}

    def value_of(name: str) -> int:
        given = inputs[name]
        if not isinstance(given, Link):
            assert isinstance(given, int)
            return given
        value, more = evaluated(workflow, given.node)
        used.update(more)
        return value

    match workflow[node].class_type:
        case "Number":
            return value_of("value"), used
        case "Add":
            return value_of("a") + value_of("b"), used
    return value_of("a" if inputs["first"] else "b"), used


def content(workflow: Mapping[str, NodeCall], node: str) -> object:
    """What a node does, whatever its id."""
    call = workflow[node]
    inputs = {n: content(workflow, v.node) if isinstance(v, Link) else v for n, v in call.inputs.items()}
    return repr((call.class_type, inputs))


@SETTINGS
@given(workflows(), st.data())
def test_any_graph_gives_what_naive_evaluation_gives_and_runs_each_needed_node_once(
    workflow: dict[str, NodeCall], data: st.DataObject
) -> None:
    targets = data.draw(st.lists(st.sampled_from(sorted(workflow)), min_size=1, max_size=3, unique=True))
    expected = {target: evaluated(workflow, target) for target in targets}
    needed = set().union(*(used for _, used in expected.values()))

    bench = Bench(list(NODES.values()))
    outcome = bench.run(workflow, targets)
    assert outcome.outputs == {target: (value,) for target, (value, _) in expected.items()}
    assert set(bench.ran().values()) == {1}
    assert {content(workflow, node) for node in bench.ran()} == {content(workflow, node) for node in needed}
    assert len(bench.ran()) == len({content(workflow, node) for node in needed})

    again = bench.run(workflow, targets)
    assert again.outputs == outcome.outputs
    assert not bench.ran()

    forgetful = Bench(list(NODES.values()), limit=0)
    assert forgetful.run(workflow, targets).outputs == outcome.outputs
    assert forgetful.ran() == dict.fromkeys(needed, 1)


@SETTINGS
@given(workflows(), st.data())
def test_changing_one_number_runs_only_what_descends_from_it(
    workflow: dict[str, NodeCall], data: st.DataObject
) -> None:
    target = data.draw(st.sampled_from(sorted(workflow)))
    numbers = sorted(node for node, call in workflow.items() if call.class_type == "Number")
    changed = data.draw(st.sampled_from(numbers))
    bench = Bench(list(NODES.values()))
    bench.run(workflow, [target])

    other = {**workflow, changed: call("Number", value=77)}
    outcome = bench.run(other, [target])
    assert outcome.outputs == {target: (evaluated(other, target)[0],)}
    for node in bench.ran():
        assert changed in evaluated(workflow, node)[1] | reachable(workflow, node)


def reachable(workflow: Mapping[str, NodeCall], node: str) -> set[str]:
    """All that a node is linked to, lazily or not."""
    links = [value.node for value in workflow[node].inputs.values() if isinstance(value, Link)]
    return {node}.union(*(reachable(workflow, source) for source in set(links)))
