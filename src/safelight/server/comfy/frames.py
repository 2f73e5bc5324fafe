"""Binary messages of ComfyUI's socket: a number that says what it is, then a head, then the content."""

import json
import struct

from safelight.protocol.events import Preview
from safelight.server.comfy.story import names_of

PREVIEW = 1
PREVIEW_WITH_DATA = 4
FORMATS = {"image/jpeg": 1, "image/png": 2}


def preview_frame(preview: Preview, *, with_data: bool) -> bytes:
    """A preview as a message.

    Args:
        preview: The picture, a JPEG or PNG.
        with_data: Whether the client has said that it knows the kind that names the node.
    """
    if not with_data:
        return struct.pack(">II", PREVIEW, FORMATS[preview.mime]) + preview.data
    about = {"node_id": preview.node, "prompt_id": preview.job, "image_type": preview.mime, **names_of(preview.node)}
    data = json.dumps(about).encode()
    return struct.pack(">II", PREVIEW_WITH_DATA, len(data)) + data + preview.data
