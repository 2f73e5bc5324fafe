import pytest

from safelight.nodes.primitives import (
    preview_any,
    primitive_boolean,
    primitive_float,
    primitive_int,
    primitive_string,
    primitive_string_multiline,
)
from tests.nodes.running import RecordedRun


def test_a_primitive_gives_its_value_on() -> None:
    assert primitive_int(value=-(2**63) + 1) == -(2**63) + 1
    assert primitive_float(value=0.1) == 0.1
    assert primitive_boolean(value=True) is True
    assert primitive_string(value="é") == "é"
    assert primitive_string_multiline(value="a\nb") == "a\nb"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("text", "text"),
        (3, "3"),
        (True, "True"),
        (None, "None"),
        ({"é": [1, 2]}, '{"é": [1, 2]}'),
        ([object], "[\"<class 'object'>\"]"),
    ],
)
def test_any_value_is_shown_as_text(value: object, wanted: str, run: RecordedRun) -> None:
    preview_any(source=value, run=run)
    assert run.texts == [wanted]
