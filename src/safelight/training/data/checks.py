"""Looking at all pictures of a run before it begins: what cannot be used is left out, what is odd is told."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from safelight.errors import BadInput
from safelight.prompts.bpe import token_ids
from safelight.prompts.tokenizer import CHUNK_LENGTH
from safelight.runs.data.caption_files import named
from safelight.runs.data.folder import Example, read_folder
from safelight.runs.data.problems import Problem, unreadable
from safelight.runs.settings import Data
from safelight.training.data.buckets import bucket_of, enlargement, in_words
from safelight.training.data.captions import tags_of, with_trigger
from safelight.training.data.looks import Look, look_of, nearly_same, pixel_hash
from safelight.training.data.report import DataReport
from safelight.training.data.views import whole_picture

ROOM = CHUNK_LENGTH - 2
"""Tokens of a caption that the text encoder reads at once."""
ENLARGED = 1.5
"""Pictures that have to be enlarged by more are told: they teach blur."""
ODD = 4.0
"""Sides of pictures that differ by more are told: much is cropped."""
FEW = 5
"""Fewer pictures are told: what they share cannot be known from so few."""
OFTEN = 200
"""Repeats in the name of a folder that are told: a year, perhaps."""
MOST_THREADS = 8  # each holds a decoded picture
TAGS = 200  # that are reported
LONGEST_TAG = 60  # letters; what is longer is a sentence

OnProgress = Callable[[int, int], None]
"""Told how many pictures are done, and how many there are."""


@dataclass(frozen=True)
class _Seen:
    """A picture, decoded once."""

    hash: str
    look: Look


def check_data(
    data: Data, side: int, on_progress: OnProgress | None = None, *, wants_controls: bool = False
) -> DataReport:
    """Read the folders of a run, decode every picture once, and tell what was found.

    Damaged pictures are left out rather than failing the run, unless none is left.

    Args:
        data: Where the pictures are, and how they are shown.
        side: Of the square that is trained on.
        on_progress: Told of each picture, in this thread; an error that it raises ends the check.
        wants_controls: Whether each picture needs the file that a ControlNet is shown; those without are left out.

    Raises:
        BadInput: One of the folders is not there.
    """
    listing = read_folder(data.folder, without=data.prior_folder)
    everything = [(example, data.folder) for example in listing.examples]
    problems = listing.problems
    if data.prior_folder:
        prior_listing = read_folder(data.prior_folder, without=data.folder)
        everything += [(example, data.prior_folder) for example in prior_listing.examples]
        problems += prior_listing.problems
    unread = sum(problem.kind == "unreadable" for problem in problems)
    seen = _seen(everything, partial(_look, has_masks=data.masks, wants_controls=wants_controls), problems, on_progress)
    usable = [example for example, _ in everything if example in seen]
    examples = tuple(example for example in listing.examples if example in seen)
    prior = tuple(usable[len(examples) :])
    problems += _of_captions(examples, data)
    problems += _of_likeness(examples, [seen[example] for example in examples], data)
    problems += _of_shapes(examples, data, side)
    problems += _of_set(examples, prior, data)
    buckets = Counter(bucket_of(example.size, side, is_square=not data.buckets) for example in examples)
    return DataReport(
        examples=examples,
        prior=prior,
        left_out=unread + len(everything) - len(usable),
        captioned=sum(bool(example.caption) for example in examples),
        in_epoch=sum(example.repeats * data.repeats for example in examples),
        buckets=tuple(sorted(buckets.items(), key=lambda entry: (-entry[1], entry[0]))),
        tags=_tags(examples),
        problems=tuple(problems),
    )


def _seen(
    everything: Sequence[tuple[Example, Path]],
    look: Callable[[Example, Path], tuple["_Seen | None", list[Problem]]],
    problems: list[Problem],
    on_progress: OnProgress | None,
) -> dict[Example, _Seen]:
    """All pictures that can be decoded; problems of the others and of masks are added to `problems`."""
    seen = {}
    with ThreadPoolExecutor(min(MOST_THREADS, os.cpu_count() or 1)) as pool, ExitStack() as stack:
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)  # where the person stops it
        looked = [pool.submit(look, example, folder) for example, folder in everything]
        for done, ((example, _), future) in enumerate(zip(everything, looked, strict=True), start=1):
            found, wrong = future.result()
            problems += wrong
            if found is not None:
                seen[example] = found
            if on_progress is not None:
                on_progress(done, len(everything))
    return seen


def _look(
    example: Example, folder: Path, *, has_masks: bool, wants_controls: bool
) -> tuple[_Seen | None, list[Problem]]:
    """What a picture looks like, None where it cannot be used; and what is wrong with it."""
    try:
        picture = whole_picture(example.picture)
    except BadInput as error:
        return None, [unreadable(named(example.picture, folder), error)]
    if wants_controls and example.control is None:
        what = "It has no control, which the ControlNet is shown with it."
        mend = 'Put it beside the picture as NAME.control.png, or set data.control to "canny" for its outlines.'
        return None, [Problem(named(example.picture, folder), what, mend, "control")]
    problems: list[Problem] = []
    mask, control = example.mask if has_masks else None, example.control if wants_controls else None
    for path, unfit in ((mask, _mask), (control, _control)):
        if path is None:
            continue
        file = named(path, folder)
        try:
            size = whole_picture(path).size
        except BadInput as error:
            return None, [unreadable(file, error)]
        if size != picture.size:
            problems.append(unfit(file, in_words(size), in_words(picture.size)))
    return _Seen(pixel_hash(picture), look_of(picture)), problems


def _mask(file: str, found: str, wanted: str) -> Problem:
    what = f"The mask is {found} pixels and its picture {wanted}; it will be stretched."
    return Problem(file, what, "Save the mask in the size of its picture.", "mask")


def _control(file: str, found: str, wanted: str) -> Problem:
    what = f"The control is {found} pixels and its picture {wanted}; it will be stretched."
    return Problem(file, what, "Save the control in the size of its picture.", "control")


def _of_captions(examples: Sequence[Example], data: Data) -> Iterable[Problem]:
    for example in examples:
        file = named(example.picture, data.folder)
        if not example.caption:
            if example.caption is not None:
                what = "Its caption is empty."
            elif data.trigger:
                continue  # the trigger stands for all that the picture shows
            else:
                what = "It has no caption."
            mend = "Write what it shows into a text file of the same name, NAME.txt."
            yield Problem(file, what, mend, "no caption")
            continue
        tokens = _tokens(with_trigger(example.caption, data.trigger))
        if tokens > ROOM:
            what = f"Its caption has {tokens} tokens, and {ROOM} are read at once."
            yield Problem(file, what, "Shorten it: what stands first counts most.", "long caption")


def _tokens(text: str) -> int:
    """Length of a text in tokens, none of which has less than a byte."""
    return len(token_ids(text)) if len(text.encode()) > ROOM else 0


def _of_likeness(examples: Sequence[Example], seen: Sequence[_Seen], data: Data) -> Iterable[Problem]:
    firsts: dict[str, Example] = {}
    different: list[tuple[Example, Look]] = []
    for example, found in zip(examples, seen, strict=True):
        first = firsts.setdefault(found.hash, example)
        if first is example:
            different.append((example, found.look))
            continue
        file, other = named(example.picture, data.folder), named(first.picture, data.folder)
        if (first.caption or "") == (example.caption or ""):
            yield Problem(file, f"It is the same picture as {other}.", "Take one of them out.", "same")
        else:
            what = f"It is the same picture as {other}, with another caption."
            yield Problem(file, what, "Take one of them out.", "same")
    for (example, _), index in zip(different, nearly_same([look for _, look in different]), strict=True):
        first = different[index][0]
        if first is not example:
            what = f"It is nearly the same as {named(first.picture, data.folder)}."
            mend = "Take one of them out, unless this picture is to count double."
            yield Problem(named(example.picture, data.folder), what, mend, "alike")


def _of_shapes(examples: Sequence[Example], data: Data, side: int) -> Iterable[Problem]:
    for example in examples:
        file = named(example.picture, data.folder)
        bucket = bucket_of(example.size, side, is_square=not data.buckets)
        factor = enlargement(example.size, bucket)
        if factor > ENLARGED:
            what = f"It is {in_words(example.size)} pixels and has to be enlarged {factor:.1f} times."
            yield Problem(file, what, "Look for a larger one; blur is learned too.", "small")
        if max(example.size) > ODD * min(example.size):
            what = f"It is {in_words(example.size)} pixels, more than {ODD:.0f} to 1: much of it is cropped."
            yield Problem(file, what, "Cut out the part that counts.", "odd")


def _of_set(examples: Sequence[Example], prior: Sequence[Example], data: Data) -> Iterable[Problem]:
    if not examples:
        what = f"There is no picture to learn from in {data.folder}."
        yield Problem("", what, "Put pictures there, PNG, JPEG or WebP, each with its caption.", "set", is_fatal=True)
    elif len(examples) < FEW:
        mend = "Add some more if you can; ten to twenty do for a subject or a style."
        yield Problem("", f"There are few pictures: {len(examples)}.", mend, "set")
    if data.prior_folder and not prior:
        what = f"There is no picture that must not change in {data.prior_folder}."
        yield Problem("", what, "Put pictures there, or take that folder out of the settings.", "set", is_fatal=True)
    often = {example.picture.parent: example.repeats for example in examples if example.repeats > OFTEN}
    for place, repeats in sorted(often.items()):
        what = f"By the folder's name, its pictures come {repeats:,} times an epoch."
        yield Problem(named(place, data.folder), what, "Give it another name if you did not mean that.", "set")


def _tags(examples: Sequence[Example]) -> tuple[tuple[str, int], ...]:
    counts = Counter(tag for example in examples for tag in set(tags_of(example.caption or "")))
    told = [(tag, count) for tag, count in counts.items() if len(tag) <= LONGEST_TAG]
    return tuple(sorted(told, key=lambda entry: (-entry[1], entry[0]))[:TAGS])
