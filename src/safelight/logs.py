"""The log of servers and workers: a line of JSON for each record, with the job it is about."""

import json
import logging
import re
import sys
from contextvars import ContextVar
from typing import TextIO

JOB: ContextVar[str] = ContextVar("job", default="")
"""Id of the job that is being worked on."""
ENGINE: ContextVar[str] = ContextVar("engine", default="")
"""Name of the engine that it is about."""

PERSON: ContextVar[str] = ContextVar("person", default="")
"""Name of the account that asked for it."""

_SECRETS = (
    # A header, field, setting or parameter that is called so, and what it is set to: in quotes, or up to the next one.
    re.compile(
        r"""(?ix) (?<![\w-]) ([\w-]*(?:authorization|password|token|secret|session|api[_-]?key)
        (?: (?:\\?["'])? \s*[:=] | \\?["']\s*, ) \s*(?:b(?=["']))? )
        (?: \\"(?:[^"\\]|\\[^"])*\\" | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*'
          | (?:bearer|basic)\s+[^\s,;"'&]+ | [^\s,;"'&]+ )"""
    ),
    re.compile(r"(?i)(cookie[\"']?\s*[:=,]\s*)[^\r\n]+"),
    re.compile(r"(\b[a-zA-Z][\w+.-]*://[^\s/@:]*:)[^\s/@]+(?=@)"),
    re.compile(r"(\bsl_)[\w-]{16,}"),
)


class JsonLines(logging.Formatter):
    """Records as JSON: time, level, logger, job, person, engine, message and, of errors, the trace."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03}",
            "level": record.levelname.lower(),
            "logger": record.name,
            "job": JOB.get(),
            "person": PERSON.get(),
            "engine": ENGINE.get(),
            "message": without_secrets(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps({name: value for name, value in line.items() if value}, ensure_ascii=False)


def log_as_json(stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """Send all records of this process to a stream, as lines of JSON."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(True)


def without_secrets(text: str) -> str:
    """A text whose passwords and tokens are left out."""
    for secret in _SECRETS:
        text = secret.sub(r"\1…", text)
    return text
