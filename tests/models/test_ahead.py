"""What is imported while nobody asks for anything."""

import sys

import pytest

from safelight.models import ahead


def test_importing_ahead_stops_as_soon_as_there_is_something_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "PARTS", ("json", "no_such_module"))
    answers = iter([True, False])
    ahead.import_ahead(lambda: next(answers))
    assert "json" in sys.modules


def test_the_parts_are_there() -> None:
    ahead.import_ahead(lambda: True)
    assert set(ahead.PARTS) <= set(sys.modules)
