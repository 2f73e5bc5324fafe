import logging
import os
import time
from pathlib import Path

import pytest

from safelight.files.naming import write_again, write_numbered
from safelight.worker.claims import Claims, remove_old_claims


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "claims"


@pytest.fixture
def output(tmp_path: Path) -> Path:
    path = tmp_path / "output"
    path.mkdir()
    return path


def save(claims: Claims, output: Path, content: bytes, number: int = 0, claimant: str = "key") -> Path:
    """Save a file as nodes do."""
    claim = claims.of(claimant, number)
    if claim.earlier is not None:
        write_again(claim.earlier, lambda file: _put(file.write(content)), claim)
        return claim.earlier
    path, _ = write_numbered(output, "cat", ".png", 1, lambda file: _put(file.write(content)), claim)
    return path


def _put(_: int) -> None:
    """Leaves out how many bytes were written."""


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_job_that_is_run_again_gives_its_files_their_names_again(folder: Path, output: Path) -> None:
    for content in (b"first", b"second", b"third"):
        claims = Claims(folder, "job")
        paths = [save(claims, output, content, number) for number in range(2)]
        assert [path.name for path in paths] == ["cat_00001_.png", "cat_00002_.png"]
        assert [path.read_bytes() for path in paths] == [content] * 2
    assert names(output) == ["cat_00001_.png", "cat_00002_.png"]


def test_files_of_other_jobs_and_other_nodes_are_never_replaced(folder: Path, output: Path) -> None:
    save(Claims(folder, "job"), output, b"old")
    save(Claims(folder, "other job"), output, b"new")
    save(Claims(folder, "job"), output, b"new", claimant="other key")
    save(Claims(folder, "job"), output, b"new", number=1)
    assert (output / "cat_00001_.png").read_bytes() == b"old"
    assert len(names(output)) == 4


def test_nothing_is_replaced_within_one_run(folder: Path, output: Path) -> None:
    claims = Claims(folder, "job")
    assert save(claims, output, b"a") != save(claims, output, b"b")
    again = Claims(folder, "job")
    assert {save(again, output, b"c"), save(again, output, b"d")} == set(output.iterdir())
    assert len(names(output)) == 2


def test_a_file_that_has_taken_the_name_meanwhile_is_left_alone(folder: Path, output: Path) -> None:
    save(Claims(folder, "job"), output, b"ours").unlink()
    (output / "cat_00001_.png").write_bytes(b"theirs")
    assert save(Claims(folder, "job"), output, b"ours again").name == "cat_00002_.png"
    assert (output / "cat_00001_.png").read_bytes() == b"theirs"


def test_a_name_that_was_claimed_and_never_given_is_free(folder: Path, output: Path) -> None:
    part = output / ".0123456789abcdef.part"
    part.write_bytes(b"half")
    Claims(folder, "job").of("key", 0).note(part, output / "cat_00001_.png")
    assert Claims(folder, "job").of("key", 0).earlier is None
    assert save(Claims(folder, "other"), output, b"theirs").name == "cat_00001_.png"
    assert save(Claims(folder, "job"), output, b"ours").name == "cat_00002_.png"


def test_killed_before_the_new_file_takes_the_place_of_the_old_one_the_old_one_is_known(
    folder: Path, output: Path
) -> None:
    first = save(Claims(folder, "job"), output, b"first")
    part = output / ".0123456789abcdef.part"
    part.write_bytes(b"second")
    Claims(folder, "job").of("key", 0).note(part, first)
    assert Claims(folder, "job").of("key", 0).earlier == first


def test_a_job_that_has_ended_has_no_claims(folder: Path, output: Path) -> None:
    claims = Claims(folder, "job")
    save(claims, output, b"first")
    assert len(names(folder)) == 1
    claims.forget()
    claims.forget()
    assert names(folder) == []
    assert save(Claims(folder, "job"), output, b"second").name == "cat_00002_.png"


def test_half_a_line_does_not_spoil_those_before_and_after_it(folder: Path, output: Path) -> None:
    first = save(Claims(folder, "job"), output, b"first")
    (file,) = folder.iterdir()
    with file.open("a") as claims:
        claims.write('{"claimant": "key", "number"')
    second = save(Claims(folder, "job"), output, b"second", number=1)
    again = Claims(folder, "job")
    assert (again.of("key", 0).earlier, again.of("key", 1).earlier) == (first, second)


@pytest.mark.parametrize("job", ["../../escape", "a/b", "\0", "x" * 10_000, "\ud800", ""])
def test_no_id_of_a_job_leads_out_of_the_folder(job: str, folder: Path, output: Path, tmp_path: Path) -> None:
    path = save(Claims(folder, job), output, b"cat")
    assert sorted(tmp_path.iterdir()) == [folder, output]
    assert len(names(folder)) == 1
    assert Claims(folder, job).of("key", 0).earlier == path


def test_a_picture_is_saved_even_where_no_claim_can_be_written(
    output: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        assert save(Claims(tmp_path / "file", "job"), output, b"cat").read_bytes() == b"cat"
    assert "cat_00001_.png may be saved twice" in caplog.text


def test_only_old_claims_are_removed(folder: Path, output: Path) -> None:
    remove_old_claims(folder, 60)
    for job in ("old", "new"):
        save(Claims(folder, job), output, b"cat")
    old = min(folder.iterdir())
    os.utime(old, (time.time() - 61, time.time() - 61))
    remove_old_claims(folder, 60)
    assert old not in list(folder.iterdir())
    assert len(names(folder)) == 1
