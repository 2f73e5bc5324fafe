import json
import time

from safelight.graph.document import Link
from safelight.graph.formats import load_api
from safelight.graph.validate import validate
from safelight.protocol.events import Done
from tests.graph.samples import CATALOG, FILES, NODES, call
from tests.timing import uncollected
from tests.worker.bench import Bench


def chain(length: int) -> str:
    """A chain of additions with an end, as JSON."""
    document: dict[str, object] = {"0": {"class_type": "Number", "inputs": {"value": 0}}}
    for index in range(1, length - 1):
        document[str(index)] = {"class_type": "Add", "inputs": {"a": [str(index - 1), 0], "b": 1}}
    document["end"] = {"class_type": "Show", "inputs": {"value": [str(length - 2), 0]}}
    return json.dumps(document)


def seconds(length: int) -> tuple[float, float]:
    """Processor time to read, check and run a chain, and to do so again when all is cached."""
    bench = Bench(list(NODES.values()))
    times = []
    for expected in (length, 0):
        with uncollected():
            begin = time.process_time()
            workflow, problems = load_api(chain(length))
            outcome = bench.run(workflow, [str(length - 2), "end"])
            times.append(time.process_time() - begin)
        assert not problems
        assert outcome.end == Done("job")
        assert outcome.outputs[str(length - 2)] == (length - 2,)
        assert len(bench.ran()) == expected
    return times[0], times[1]


def test_a_chain_of_fifty_thousand_nodes_takes_time_that_grows_with_its_length() -> None:
    seconds(500)
    small, large = seconds(5_000), seconds(50_000)
    for short, long in zip(small, large, strict=True):
        assert long < 10 * short * 6  # about 10 to 20; a square law gives 100


def test_a_problem_at_the_far_end_of_fifty_thousand_nodes_is_found() -> None:
    workflow, _ = load_api(chain(50_000))
    workflow["0"] = call("Number", value="x")
    (problem,) = validate(workflow, CATALOG, FILES.__getitem__)
    assert (problem.kind, problem.node) == ("invalid_input_type", "0")


def test_a_circle_of_fifty_thousand_nodes_is_found() -> None:
    workflow, _ = load_api(chain(50_000))
    workflow["0"] = call("Add", a=Link("49998"), b=1)
    (problem,) = validate(workflow, CATALOG, FILES.__getitem__)
    assert problem.kind == "dependency_cycle"
    assert problem.extra["nodes"] == [str(index) for index in range(49_999)]
    assert len(problem.message) < 300
