"""JSON that strangers send: what is no JSON, or none that could be kept, is refused in words."""

import json
import math

from safelight.errors import BadInput


def read_json(body: bytes) -> object:
    """What a body says; every number in it is finite, and every text can be written.

    Raises:
        BadInput: It is no JSON; the message says where.
    """
    mend = "Send JSON as UTF-8."
    try:
        text = body.decode()
        document = json.loads(text, parse_constant=_no_number, parse_float=_finite)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(document, ensure_ascii=False).encode()
    except RecursionError as error:
        raise BadInput("The JSON is nested too deep.", mend="Take out some levels.") from error
    except UnicodeEncodeError as error:
        raise BadInput("The JSON holds half of a character (a lone surrogate).", mend="Take it out.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"The body is not UTF-8: {error.reason} at byte {error.start}.", mend=mend) from error
    except json.JSONDecodeError as error:
        where = f"in line {error.lineno}, column {error.colno}"
        raise BadInput(f"The body is not JSON: {error.msg} {where}.", mend=mend) from error
    except ValueError as error:
        raise BadInput(f"The body is not JSON: {str(error)[:200]}.", mend=mend) from error
    return document


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number that JSON has")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large a number")
    return value
