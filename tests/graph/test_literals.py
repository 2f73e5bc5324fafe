import math

import pytest

from safelight.graph.catalog import InputSpec
from safelight.graph.literals import Unfit, reader

STEPS = InputSpec("steps", "INT", minimum=1, maximum=100)
CFG = InputSpec("cfg", "FLOAT", minimum=0.0, maximum=30.0)
TEXT = InputSpec("text", "STRING")
FLAG = InputSpec("flag", "BOOLEAN")
CHOICE = InputSpec("choice", "COMBO", choices=("euler", "heun"))
NUMBERS = InputSpec("choice", "COMBO", choices=(1, 2))
CURVE = InputSpec("curve", "CURVE")
SEED = InputSpec("seed", "INT", minimum=0, maximum=2**64 - 1)


def read(port: InputSpec, value: object) -> object:
    read_value = reader(port)
    assert read_value is not None
    return read_value(value)


@pytest.mark.parametrize(
    ("port", "value", "expected"),
    [
        (STEPS, 20, 20),
        (STEPS, "20", 20),
        (STEPS, 20.0, 20),
        (STEPS, True, 1),
        (STEPS, 1, 1),
        (STEPS, 100, 100),
        (SEED, 2**64 - 1, 2**64 - 1),
        (CFG, 7, 7.0),
        (CFG, "7.5", 7.5),
        (CFG, 0.0, 0.0),
        (CFG, 30, 30.0),
        (TEXT, "", ""),
        (TEXT, 5, "5"),
        (TEXT, 0.5, "0.5"),
        (FLAG, False, False),
        (FLAG, 1, True),
        (FLAG, 0.0, False),
        (FLAG, "true", True),
        (FLAG, "False", False),
        (CHOICE, "heun", "heun"),
        (NUMBERS, 2.0, 2),
        (CURVE, [[0, 0], [0.5, 0.25], [1, 1]], ((0.0, 0.0), (0.5, 0.25), (1.0, 1.0))),
        (InputSpec("any", "*"), [1], [1]),
        (InputSpec("either", "INT,STRING"), "x", "x"),
        (InputSpec("either", "INT,STRING"), "3", 3),
    ],
)
def test_a_value_is_read_as_the_type_of_its_input(port: InputSpec, value: object, expected: object) -> None:
    result = read(port, value)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("port", "value", "kind"),
    [
        (STEPS, "many", "invalid_input_type"),
        (STEPS, "9" * 5000, "invalid_input_type"),
        (STEPS, 20.5, "invalid_input_type"),
        (STEPS, math.nan, "invalid_input_type"),
        (STEPS, math.inf, "invalid_input_type"),
        (STEPS, [20], "invalid_input_type"),
        (STEPS, {}, "invalid_input_type"),
        (STEPS, 0, "value_smaller_than_min"),
        (STEPS, 101, "value_bigger_than_max"),
        (SEED, -1, "value_smaller_than_min"),
        (SEED, 2**64, "value_bigger_than_max"),
        (CFG, "much", "invalid_input_type"),
        (CFG, math.nan, "invalid_input_type"),
        (CFG, "nan", "invalid_input_type"),
        (CFG, math.inf, "invalid_input_type"),
        (CFG, "-Infinity", "invalid_input_type"),
        (CFG, 10**400, "invalid_input_type"),
        (CFG, -0.1, "value_smaller_than_min"),
        (CFG, 30.01, "value_bigger_than_max"),
        (InputSpec("x", "FLOAT"), math.inf, "invalid_input_type"),
        (InputSpec("any", "*"), math.nan, "invalid_input_type"),
        (TEXT, {"a": 1}, "invalid_input_type"),
        (FLAG, "maybe", "invalid_input_type"),
        (FLAG, 2, "invalid_input_type"),
        (FLAG, math.nan, "invalid_input_type"),
        (CHOICE, "Heun", "value_not_in_list"),
        (CHOICE, 1, "value_not_in_list"),
        (CHOICE, {}, "value_not_in_list"),
        (InputSpec("either", "INT,FLOAT"), "x", "invalid_input_type"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_reason(port: InputSpec, value: object, kind: str) -> None:
    with pytest.raises(Unfit) as caught:
        read(port, value)
    assert caught.value.kind == kind
    assert caught.value.mend
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("straight", "is no curve"),
        (0.5, "is no curve"),
        ({"points": [[0, 0], [1, 1]]}, "is no curve"),
        ([], "at least 2 points"),
        ([[0, 0]], "at least 2 points"),
        ([[place / 64, 0] for place in range(65)], "at most 64 points, and this has 65"),
        ([0, 1], "Point 1 of the curve, 0, is not two numbers"),
        ([[0, 0], [1]], "Point 2"),
        ([[0, 0], [1, "1"]], "not two numbers"),
        ([[0, 0], [1, True]], "not two numbers"),
        ([[0, 0], [1, None]], "not two numbers"),
        ([[0, 0], ["x"] * 500], "not two numbers"),
        ([[0, 0], [1, 1.01]], "outside"),
        ([[-0.1, 0], [1, 1]], "outside"),
        ([[0, 0], [1, math.nan]], "outside"),
        ([[0, 0], [10**400, 1]], "outside"),
        ([[0, 0], [0, 1]], "Point 2 of the curve, at 0.0, does not lie to the right"),
        ([[0, 0], [0.7, 1], [0.3, 1]], "Point 3"),
    ],
)
def test_what_is_no_curve_is_told_what_is_wrong_with_it(value: object, words: str) -> None:
    with pytest.raises(Unfit) as caught:
        read(CURVE, value)
    assert words in caught.value.message
    assert caught.value.mend
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(("value", "words"), [(0, "from 1 to 100"), (101, "from 1 to 100")])
def test_a_number_out_of_range_is_told_the_range(value: int, words: str) -> None:
    with pytest.raises(Unfit) as caught:
        read(STEPS, value)
    assert words in caught.value.mend


def test_a_type_that_nobody_writes_has_no_reader() -> None:
    assert reader(InputSpec("model", "MODEL")) is None


def test_a_file_name_is_read_as_text() -> None:
    assert read(InputSpec("name", "COMBO", choices=(), folder="vae"), "any.pt") == "any.pt"
