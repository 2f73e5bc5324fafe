"""Writes web/openapi.json anew, from which the web interface has its types: `python -m tests.openapi_file`."""

import json
import tempfile
from pathlib import Path

from safelight.server.app import make_app
from safelight.settings import read_settings
from tests.pretend import PretendFleet

FILE = Path(__file__).parents[1] / "web/openapi.json"


def written() -> str:
    """The document as it is kept."""
    with tempfile.TemporaryDirectory() as home:
        settings = read_settings(home=Path(home))
        document = make_app(settings, PretendFleet(settings, {}, ("pretend",))).openapi()
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
