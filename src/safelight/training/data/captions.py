"""The caption of a picture as the network is shown it: the trigger in front, tags in another order, some left out."""

import random
import re

from safelight.runs.settings import Data

TAG_MARK = ","


def tags_of(caption: str) -> list[str]:
    """What stands between the commas of a caption."""
    return [tag for part in caption.split(TAG_MARK) if (tag := part.strip())]


def shown(caption: str | None, data: Data, source: random.Random, *, is_prior: bool = False) -> str:
    """The caption for one showing.

    The first `keep_tags` tags keep their places, as kohya's scripts mean it, and so does the trigger; where the
    caption has the trigger already, it is not put in front again.

    Args:
        caption: As it was written; None where there is none.
        data: What is to be done with it.
        source: Of the draws.
        is_prior: Whether the picture is one of those that must not change, which never get the trigger.
    """
    if source.random() < data.drop_caption:
        return ""
    trigger = "" if is_prior else data.trigger.strip()
    text = (caption or "").strip()
    if data.shuffle_tags or data.drop_tags:
        text = ", ".join(_varied(tags_of(text), trigger, data, source))
    return with_trigger(text, trigger)


def with_trigger(caption: str, trigger: str) -> str:
    """A caption with the trigger in front, if it does not have it somewhere."""
    if not trigger or _has(caption, trigger):
        return caption
    return f"{trigger}{TAG_MARK} {caption}" if caption else trigger


def _varied(tags: list[str], trigger: str, data: Data, source: random.Random) -> list[str]:
    is_kept = [place < data.keep_tags or (trigger != "" and _has(tag, trigger)) for place, tag in enumerate(tags)]
    kept = [tag for tag, stays in zip(tags, is_kept, strict=True) if stays]
    others = [tag for tag, stays in zip(tags, is_kept, strict=True) if not stays]
    if data.shuffle_tags:
        source.shuffle(others)
    return kept + [tag for tag in others if source.random() >= data.drop_tags]


def _has(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None
