import hashlib
import os
from pathlib import Path

from safelight.files.hashes import sha256, short


def test_the_hash_is_the_sha256_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"abc")
    digest = sha256(tmp_path / "model", tmp_path / "cache")
    # FIPS 180-2, appendix B.1
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert short(digest) == "ba7816bf8f"


def test_a_known_file_is_not_read_again_until_it_changes(tmp_path: Path) -> None:
    model, cache = tmp_path / "model", tmp_path / "cache"
    model.write_bytes(b"one")
    first = sha256(model, cache)
    status = model.stat()
    model.write_bytes(b"two")
    os.utime(model, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert sha256(model, cache) == first  # size and time say that it is the same
    os.utime(model, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert sha256(model, cache) == hashlib.sha256(b"two").hexdigest()


def test_a_damaged_cache_is_made_again(tmp_path: Path) -> None:
    model, cache = tmp_path / "model", tmp_path / "cache"
    model.write_bytes(b"abc")
    digest = sha256(model, cache)
    (entry,) = cache.iterdir()
    entry.write_text("{")
    assert sha256(model, cache) == digest


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path) -> None:
    model, cache = tmp_path / "model", tmp_path / "cache"
    model.write_bytes(b"abc")
    cache.write_text("a file where a folder should be")
    assert short(sha256(model, cache)) == "ba7816bf8f"
