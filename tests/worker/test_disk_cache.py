import errno
import math
import os
from pathlib import Path

import pytest
import torch

from safelight.worker.cache import Cache
from safelight.worker.disk_cache import BYTES_PER_SECOND, LEAST_SECONDS, SMALLEST, DiskCache
from safelight.worker.stored import Entry
from tests.timing import processor_seconds

LARGE = 10**9


def a_cache(root: Path, limit: int = LARGE, kind: str = "kind") -> DiskCache:
    """The cache of a worker that has just started."""
    cache = DiskCache(root, kind, limit)
    cache.refresh()
    return cache


def entry(size: int = 100, value: int = 1) -> Entry:
    """A result of `size` bytes."""
    return Entry((torch.full([size], value, dtype=torch.uint8),))


def kept(root: Path) -> list[str]:
    return sorted(path.stem for path in root.rglob("*") if path.is_file())


def test_the_next_process_finds_what_took_long(tmp_path: Path) -> None:
    a_cache(tmp_path).put("a", entry(value=7), 1.0)
    found = a_cache(tmp_path).get("a")
    assert found is not None
    assert torch.equal(found.outputs[0], torch.full([100], 7, dtype=torch.uint8))  # type: ignore[arg-type]
    assert a_cache(tmp_path).get("b") is None


def test_what_was_quick_is_not_written_and_what_must_not_be_repeated_always(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.put("quick", entry(), LEAST_SECONDS - 0.01)
    cache.put("slow", entry(), LEAST_SECONDS)
    cache.put("saved", Entry(()), math.inf)
    assert kept(tmp_path) == ["saved", "slow"]


def test_what_is_made_as_fast_as_it_is_read_is_not_written(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.put("a", entry(BYTES_PER_SECOND), 0.9)
    assert kept(tmp_path) == []


def test_what_is_no_plain_data_is_passed_over(tmp_path: Path) -> None:
    a_cache(tmp_path).put("a", Entry((torch.nn.Linear(2, 2),)), 9.0)
    assert kept(tmp_path) == []


def test_nothing_is_kept_under_no_key(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.put(None, entry(), 9.0)
    assert kept(tmp_path) == []
    assert cache.get(None) is None


def test_workers_see_what_the_others_have_written_once_they_look(tmp_path: Path) -> None:
    ours, theirs = a_cache(tmp_path), a_cache(tmp_path)
    for key in "abc":
        ours.put(key, entry(), 9.0)
        theirs.refresh()
        assert theirs.get(key) is not None


def test_results_of_another_program_or_precision_are_not_used(tmp_path: Path) -> None:
    a_cache(tmp_path, kind="1-fp32").put("a", entry(), 9.0)
    assert a_cache(tmp_path, kind="1-fp16").get("a") is None


def test_the_bound_holds_for_all_kinds_together_and_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    limit = 10 * SMALLEST
    old = a_cache(tmp_path, limit, "old")
    for key in "abcd":
        old.put(key, entry(), 9.0)
    cache = a_cache(tmp_path, limit)
    for index in range(5):
        cache.put(str(index), entry(), 9.0)
    for place, path in enumerate(sorted(tmp_path.rglob("*.safetensors"), key=lambda path: path.stem)):
        os.utime(path, ns=(place, place))  # used in the order of their names: 0 to 4, then a to d
    assert cache.get("0") is not None
    for index in range(5, 30):
        cache.put(str(index), entry(), 9.0)
        assert len(kept(tmp_path)) * SMALLEST <= limit
    cache = a_cache(tmp_path, limit)
    assert cache.get("29") is not None
    assert not {"1", "2", "3", "4", "a", "b"} & set(kept(tmp_path))


def test_what_was_used_last_outlives_what_was_written_last(tmp_path: Path) -> None:
    cache = a_cache(tmp_path, 10 * SMALLEST)
    for place, key in enumerate("abcdefghij"):
        cache.put(key, entry(), 9.0)
        os.utime(tmp_path / "kind" / f"{key}.safetensors", (place, place))
    cache.get("a")
    cache.put("k", entry(), 9.0)
    assert kept(tmp_path) == list("adefghijk")


def test_two_workers_do_not_fill_the_folder_far_beyond_the_bound(tmp_path: Path) -> None:
    limit = 40 * SMALLEST
    caches = [a_cache(tmp_path, limit) for _ in range(2)]
    for index in range(200):
        caches[index % 2].put(str(index), entry(), 9.0)
        assert len(kept(tmp_path)) * SMALLEST <= limit * 1.1


def test_a_result_that_is_larger_than_the_bound_pushes_nothing_out(tmp_path: Path) -> None:
    cache = a_cache(tmp_path, 3 * SMALLEST)
    cache.put("a", entry(), 9.0)
    cache.put("b", entry(4 * SMALLEST), 9.0)
    assert kept(tmp_path) == ["a"]


def test_a_damaged_file_is_ignored_removed_and_written_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = a_cache(tmp_path)
    cache.put("a", entry(), 9.0)
    path = tmp_path / "kind" / "a.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert a_cache(tmp_path).get("a") is None
    assert "removed" in caplog.text
    assert kept(tmp_path) == []
    cache.put("a", entry(), 9.0)
    assert a_cache(tmp_path).get("a") is not None


def test_a_file_that_another_worker_has_removed_is_no_failure(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.put("a", entry(), 9.0)
    (tmp_path / "kind" / "a.safetensors").unlink()
    assert cache.get("a") is None


def test_a_full_disk_is_warned_of_and_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("safelight.worker.stored.write_safetensors", full)
    cache = a_cache(tmp_path)
    cache.put("a", entry(), 9.0)
    assert cache.get("a") is None
    assert kept(tmp_path) == []
    assert "No space left on device" in caplog.text


def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    cache = a_cache(tmp_path / "file")
    cache.put("a", entry(), 9.0)
    assert cache.get("a") is None
    assert "cannot be kept" in caplog.text


def test_a_memory_that_forgets_is_helped_by_the_disk_and_fills_up_again(tmp_path: Path) -> None:
    memory = Cache(LARGE, a_cache(tmp_path))
    memory.put("slow", entry(value=3), 9.0)
    memory.put("quick", entry(), 0.0)
    memory.clear()
    assert memory.get("quick") is None
    found = memory.get("slow")
    assert found is not None
    assert len(memory) == 1
    assert memory.get("slow") is found


def test_asking_for_what_is_not_there_costs_no_look_at_the_disk(tmp_path: Path) -> None:
    memory = Cache(LARGE, a_cache(tmp_path))
    memory.put("slow", entry(), 9.0)
    names = [str(index) for index in range(100_000)]
    taken = processor_seconds(lambda: [memory.get(name) for name in names])
    assert taken < 0.5  # 5 µs each; a look at the file system takes longer still
