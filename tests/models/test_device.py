"""Where tensors are computed: what a setting means on a machine with and without an accelerator."""

from pathlib import Path

import pytest
import torch

from safelight.errors import BadInput
from safelight.models.device import HOST, devices, empty_cache, find_device, memory


def pretend(monkeypatch: pytest.MonkeyPatch, kind: str | None, count: int) -> None:
    found = None if kind is None else torch.device(kind)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda check_available: found)
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: count)


def test_auto_is_the_cpu_where_there_is_nothing_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, None, 0)
    assert find_device("auto") == torch.device("cpu")


def test_auto_is_the_accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "cuda", 2)
    assert find_device("auto") == torch.device("cuda")


@pytest.mark.parametrize(("name", "count"), [("cpu", 0), ("cuda", 1), ("cuda:1", 2)])
def test_a_device_that_is_there_is_taken(name: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, "cuda" if count else None, count)
    assert find_device(name) == torch.device(name)


@pytest.mark.parametrize(("name", "kind", "count"), [("cuda", None, 0), ("cuda:2", "cuda", 2), ("mps", "cuda", 1)])
def test_a_device_that_is_not_there_is_named(
    name: str, kind: str | None, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, kind, count)
    with pytest.raises(BadInput) as caught:
        find_device(name)
    assert caught.value.what == f"There is no device {name} here."
    assert "`auto`" in caught.value.mend


@pytest.mark.parametrize(
    ("kind", "count", "expected"),
    [(None, 0, ["cpu"]), ("cuda", 2, ["cuda:0", "cuda:1"]), ("xpu", 1, ["xpu:0"]), ("mps", 1, ["mps:0"])],
)
def test_all_accelerators_are_found_and_without_one_the_cpu(
    kind: str | None, count: int, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, kind, count)
    assert devices() == tuple(map(torch.device, expected))


@pytest.mark.parametrize("kind", ["cuda", "xpu"])
def test_the_memory_of_an_accelerator_is_what_its_driver_says(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getattr(torch, kind), "mem_get_info", lambda device: (3, 8 + device.index))
    assert memory(torch.device(kind, 1)) == (9, 3)


@pytest.mark.parametrize("kind", ["cuda", "xpu", "mps"])
def test_what_torch_holds_in_reserve_is_given_back_on_every_kind(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(getattr(torch, kind), "empty_cache", lambda: called.append(kind))
    empty_cache(HOST)
    empty_cache(torch.device(kind))
    assert called == [kind]


def test_the_memory_of_a_mac_is_what_its_driver_recommends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.mps, "recommended_max_memory", lambda: 10_000)
    monkeypatch.setattr(torch.mps, "current_allocated_memory", lambda: 4_000)
    assert memory(torch.device("mps")) == (10_000, 6_000)


def test_the_memory_of_the_host_is_no_more_than_is_built_in() -> None:
    built_in = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    total, free = memory(HOST)
    assert 0 < free < total <= int(built_in.split()[1]) * 1024


def test_a_container_has_no_more_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "/proc/meminfo": "MemTotal: 8000 kB\nMemFree: 1 kB\nMemAvailable: 6000 kB\n",
        "/sys/fs/cgroup/memory.max": "5000000\n",
        "/sys/fs/cgroup/memory.current": "2000000\n",
    }
    monkeypatch.setattr(Path, "read_text", lambda path, encoding: files[str(path)])
    assert memory(HOST) == (5_000_000, 3_000_000)
