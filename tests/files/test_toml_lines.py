"""Single settings of a file that people write too."""

import tomllib

import pytest

from safelight.files.toml_lines import Setting, changed

FILE = """\
# mine
vram = "low"  # because # of it

model_roots = [
  "/a#b",  # the old one
  "/c",
] # end
port = 1"""


@pytest.mark.parametrize("value", ["", 'a "b" \\ \n\t☃\x7f', True, 0, -5, 2**60, 1.5, 1e30, [], ["a", "C:\\b"]])
def test_a_value_is_read_as_it_was_written(value: Setting) -> None:
    assert tomllib.loads(changed(FILE, {"x": value})) == tomllib.loads(FILE) | {"x": value}


def test_other_lines_and_all_comments_but_those_inside_a_value_stay() -> None:
    text = changed(FILE, {"vram": "high", "model_roots": ["/x#y"], "job_seconds": 5.0})
    assert text == (
        '# mine\nvram = "high"  # because # of it\n\nmodel_roots = ["/x#y"] # end\nport = 1\njob_seconds = 5.0\n'
    )


def test_nothing_takes_a_line_out_and_what_is_not_there_stays_so() -> None:
    assert changed(FILE, {"model_roots": None, "dtype": None}) == '# mine\nvram = "low"  # because # of it\n\nport = 1'


def test_ends_of_lines_stay_as_they_are() -> None:
    assert changed("a = 1\r\nb = 2 # x\r\n", {"b": 3}) == "a = 1\r\nb = 3 # x\r\n"
    assert changed('text = """\na = 1\n"""\na = 2\n', {"a": 3}) == 'text = """\na = 1\n"""\na = 3\n'


@pytest.mark.parametrize("text", ["x y", "a = 1\na = 2", "[table]\na = 1", "a.b = 1", 'a = "'])
def test_what_is_no_list_of_settings_is_left_alone(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        changed(text, {"a": 3})
