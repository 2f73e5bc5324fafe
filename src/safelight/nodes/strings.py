"""Text: joined, cut, compared, searched and replaced."""

import re
from collections.abc import Callable
from typing import Annotated

from safelight.errors import BadInput
from safelight.graph.node import OPTIONAL, Choice, Output, Range, Text, node

LongText = Annotated[str, Text(multiline=True)]

CASES: dict[str, Callable[[str], str]] = {
    "UPPERCASE": str.upper,
    "lowercase": str.lower,
    "Capitalize": str.capitalize,
    "Title Case": str.title,
}
TRIMS: dict[str, Callable[[str], str]] = {"Both": str.strip, "Left": str.lstrip, "Right": str.rstrip}
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "Starts With": str.startswith,
    "Ends With": str.endswith,
    "Equal": str.__eq__,
}


def _first_match(pattern: re.Pattern[str], text: str, group: int) -> list[str | None]:
    return [match[0] for match in [pattern.search(text)] if match]


def _all_matches(pattern: re.Pattern[str], text: str, group: int) -> list[str | None]:
    return [match[min(pattern.groups, 1)] for match in pattern.finditer(text)]


def _first_group(pattern: re.Pattern[str], text: str, group: int) -> list[str | None]:
    return [match[group] for match in [pattern.search(text)] if match]


def _all_groups(pattern: re.Pattern[str], text: str, group: int) -> list[str | None]:
    return [match[group] for match in pattern.finditer(text)]


# (pattern, text, group number) -> what was found; None for a group that took no part
EXTRACTIONS: dict[str, Callable[[re.Pattern[str], str, int], list[str | None]]] = {
    "First Match": _first_match,
    "All Matches": _all_matches,
    "First Group": _first_group,
    "All Groups": _all_groups,
}


@node("StringConcatenate", category="utils/string", title="Concatenate")
def string_concatenate(*, string_a: LongText, string_b: LongText, delimiter: str = "") -> str:
    """Join two texts.

    Args:
        delimiter: What is put between them.
    """
    return delimiter.join((string_a, string_b))


@node("StringSubstring", category="utils/string", title="Substring")
def string_substring(*, string: LongText, start: int, end: int) -> str:
    """Cut a part out of a text.

    Args:
        start: Its first character, counted from 0; below 0 from the end.
        end: The character after its last.
    """
    return string[start:end]


@node("StringLength", category="utils/string", title="Length")
def string_length(*, string: LongText) -> Annotated[int, Output("length")]:
    """Count the characters of a text."""
    return len(string)


@node("CaseConverter", category="utils/string", title="Case Converter")
def case_converter(*, string: LongText, mode: Annotated[str, Choice(CASES)]) -> str:
    """Change between capital and small letters."""
    return CASES[mode](string)


@node("StringTrim", category="utils/string", title="Trim")
def string_trim(*, string: LongText, mode: Annotated[str, Choice(TRIMS)]) -> str:
    """Take the blanks off the ends of a text."""
    return TRIMS[mode](string)


@node("StringReplace", category="utils/string", title="Replace")
def string_replace(*, string: LongText, find: LongText, replace: LongText) -> str:
    """Replace every occurrence of a text by another."""
    return string.replace(find, replace)


@node("StringContains", category="utils/string", title="Contains")
def string_contains(
    *, string: LongText, substring: LongText, case_sensitive: bool = True
) -> Annotated[bool, Output("contains")]:
    """Tell whether one text occurs in another."""
    return substring in string if case_sensitive else substring.lower() in string.lower()


@node("StringCompare", category="utils/string", title="Compare")
def string_compare(
    *, string_a: LongText, string_b: LongText, mode: Annotated[str, Choice(COMPARISONS)], case_sensitive: bool = True
) -> bool:
    """Compare two texts."""
    if not case_sensitive:
        string_a, string_b = string_a.lower(), string_b.lower()
    return COMPARISONS[mode](string_a, string_b)


@node("RegexMatch", category="utils/string", title="Regex Match")
def regex_match(
    *,
    string: LongText,
    regex_pattern: LongText,
    case_insensitive: bool = True,
    multiline: bool = False,
    dotall: bool = False,
) -> Annotated[bool, Output("matches")]:
    """Tell whether a pattern occurs in a text.

    Args:
        multiline: Let ^ and $ match at each line.
        dotall: Let . match the end of a line too.
    """
    return _compiled(regex_pattern, case_insensitive, multiline, dotall).search(string) is not None


@node("RegexExtract", category="utils/string", title="Regex Extract")
def regex_extract(
    *,
    string: LongText,
    regex_pattern: LongText,
    mode: Annotated[str, Choice(EXTRACTIONS)],
    case_insensitive: bool = True,
    multiline: bool = False,
    dotall: bool = False,
    group_index: Annotated[int, Range(0, 100)] = 1,
) -> str:
    """Take out of a text what a pattern finds, one find a line; empty where there is none.

    Args:
        mode: `All Matches` gives the first group of each where the pattern has groups.
        multiline: Let ^ and $ match at each line.
        dotall: Let . match the end of a line too.
        group_index: Which group the group modes give; 0 is the whole match.
    """
    pattern = _compiled(regex_pattern, case_insensitive, multiline, dotall)
    if "Group" in mode and group_index > pattern.groups:
        return ""
    return "\n".join(found or "" for found in EXTRACTIONS[mode](pattern, string, group_index))


@node("RegexReplace", category="utils/string", title="Regex Replace")
def regex_replace(
    *,
    string: LongText,
    regex_pattern: LongText,
    replace: LongText,
    case_insensitive: Annotated[bool, OPTIONAL] = True,
    multiline: Annotated[bool, OPTIONAL] = False,
    dotall: Annotated[bool, OPTIONAL] = False,
    count: Annotated[int, Range(0, 100), OPTIONAL] = 0,
) -> str:
    r"""Replace what a pattern finds.

    Args:
        replace: May name groups, as `\1`.
        multiline: Let ^ and $ match at each line.
        dotall: Let . match the end of a line too.
        count: How many at most; 0 for all.
    """
    pattern = _compiled(regex_pattern, case_insensitive, multiline, dotall)
    try:
        return pattern.sub(replace, string, count=count)
    except (re.error, IndexError) as error:
        raise BadInput(
            what=f"The replacement {replace!r} cannot be used: {error}.",
            mend="Name only groups that the pattern has, and write a backslash as two.",
        ) from error


def _compiled(pattern: str, case_insensitive: bool, multiline: bool, dotall: bool) -> re.Pattern[str]:
    flags = re.NOFLAG
    for wanted, flag in ((case_insensitive, re.IGNORECASE), (multiline, re.MULTILINE), (dotall, re.DOTALL)):
        if wanted:
            flags |= flag
    try:
        return re.compile(pattern, flags)
    except re.error as error:
        raise BadInput(
            what=f"{pattern!r} is not a regular expression: {error}.",
            mend="Put a backslash before signs that are meant as themselves, such as ( [ * + ?",
        ) from error
