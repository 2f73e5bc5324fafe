from io import BytesIO
from pathlib import Path

import pytest

from safelight.engine.arrivals import Arrivals
from safelight.errors import BadInput
from safelight.files.folders import Folders


@pytest.fixture
def arrivals(home: Path) -> Arrivals:
    folders = Folders.at(home)
    folders.make()
    return Arrivals(folders)


def put(arrivals: Arrivals, job: str, name: str, content: bytes = b"picture", node: str = "9", user: str = "") -> str:
    return arrivals.put(job, node, user, "output", name, BytesIO(content))


def test_files_of_two_machines_that_have_the_same_name_get_two(arrivals: Arrivals, home: Path) -> None:
    for job in ("one", "two"):
        arrivals.begin(job)
    assert put(arrivals, "one", "sub/cat_00001_.png", b"one") == "sub/cat_00001_.png"
    assert put(arrivals, "two", "sub/cat_00001_.png", b"two") == "sub/cat_00002_.png"
    assert (home / "output/sub/cat_00001_.png").read_bytes() == b"one"
    assert (home / "output/sub/cat_00002_.png").read_bytes() == b"two"


def test_a_job_that_is_run_again_leaves_no_file_twice(arrivals: Arrivals, home: Path) -> None:
    arrivals.begin("job")
    first = [put(arrivals, "job", f"cat_0000{number}_.png") for number in (1, 2)]
    arrivals.begin("job")
    again = [put(arrivals, "job", f"cat_0000{number}_.png", b"again") for number in (7, 8, 9)]
    assert again[:2] == first
    assert again[2] == "cat_00003_.png"
    assert (home / "output" / first[0]).read_bytes() == b"again"


def test_a_job_that_has_ended_leaves_its_files_to_no_other(arrivals: Arrivals) -> None:
    for _ in range(2):
        arrivals.begin("job")
        name = put(arrivals, "job", "cat_00001_.png")
        arrivals.end("job")
    assert name == "cat_00002_.png"


def test_a_file_without_a_number_is_given_one(arrivals: Arrivals) -> None:
    arrivals.begin("job")
    assert put(arrivals, "job", "table.csv") == "table_00001_.csv"


def test_files_go_to_the_folder_of_the_person(arrivals: Arrivals, home: Path) -> None:
    arrivals.begin("job")
    assert put(arrivals, "job", "cat_00001_.png", user="ann") == "cat_00001_.png"
    assert (home / "users/ann/output/cat_00001_.png").is_file()


def test_a_name_that_leads_out_of_the_folder_is_refused(arrivals: Arrivals) -> None:
    arrivals.begin("job")
    with pytest.raises(BadInput, match="not a name inside the folder"):
        put(arrivals, "job", "../settings.toml")
