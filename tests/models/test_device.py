"""Where tensors are computed: what a setting means on a machine with and without an accelerator."""

import pytest
import torch

from safelight.errors import BadInput
from safelight.models.device import find_device


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
