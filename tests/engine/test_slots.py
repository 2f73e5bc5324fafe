from safelight.engine.slots import slots_of


def node(host: str, alive: bool = True, **resources: float) -> dict[str, object]:
    return {
        "NodeManagerHostname": host,
        "NodeManagerAddress": f"address of {host}",
        "Alive": alive,
        "Resources": resources,
    }


def names(*nodes: dict[str, object]) -> list[str]:
    return [slot.name for slot in slots_of(nodes)]


def test_each_gpu_has_an_engine() -> None:
    nodes = node("one", GPU=2.0, CPU=16.0), node("two", GPU=1.0, CPU=8.0), node("head", CPU=4.0)
    assert names(*nodes) == ["one/cuda:0", "one/cuda:1", "two/cuda:0"]
    assert [(slot.gpus, slot.threads) for slot in slots_of(nodes)] == [(1, 8), (1, 8), (1, 8)]


def test_without_gpus_each_machine_has_one_engine() -> None:
    assert names(node("one", CPU=4.0), node("two", CPU=4.0)) == ["one/cpu", "two/cpu"]


def test_a_machine_without_gpus_may_declare_engines() -> None:
    assert names(node("one", CPU=4.0, safelight=2.0), node("two", CPU=4.0)) == ["one/cpu:0", "one/cpu:1"]
    assert [slot.threads for slot in slots_of([node("one", CPU=4.0, safelight=2.0)])] == [2, 2]


def test_machines_that_have_left_have_no_engines() -> None:
    assert names(node("gone", alive=False, GPU=1.0), node("there", CPU=2.0)) == ["there/cpu"]
