"""Writing a file so that everybody sees the old one or the new one, never a part."""

import secrets
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write or replace a file; its folder is created, and nothing is left behind where writing fails.

    Raises:
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
