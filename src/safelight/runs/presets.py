"""Settings to begin with: what suits a style, and what suits one subject."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """Settings that differ from the defaults.

    Attributes:
        title: What it is called.
        about: When to take it.
        values: By table and name, as in the settings.
    """

    title: str
    about: str
    values: Mapping[str, Any]


PRESETS: Mapping[str, Preset] = {
    "style": Preset(
        "A style",
        "How pictures look, whatever they show: 15 pictures or more, with captions that say what is to be seen.",
        {
            "data": {"flip": True, "drop_caption": 0.1},
            "adapter": {"rank": 16, "layers": ["attentions"]},
            "loss": {"weighting": "min_snr"},
            "run": {"steps": 800, "batch": 4},
        },
    ),
    "subject": Preset(
        "A subject",
        "One thing, person or animal: 5 to 20 pictures of it, from several sides and with different backgrounds.",
        {
            "data": {"flip": False, "drop_caption": 0.05},
            "adapter": {"rank": 8, "layers": ["attentions"]},
            "run": {"steps": 600, "batch": 4},
        },
    ),
}
