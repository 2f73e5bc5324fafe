"""What the routes of ComfyUI's API have in common: who asks, what with, and errors as such clients parse them."""

import json
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from safelight.errors import BadInput, SafelightError
from safelight.files.folders import Folders
from safelight.server.access import Person, person_of
from safelight.server.comfy.clients import Clients
from safelight.server.comfy.json_body import read_json
from safelight.server.comfy.log_ring import LogRing
from safelight.server.comfy.node_texts import NodeTexts
from safelight.server.errors import RETRY_AFTER, status_of
from safelight.server.studio import Studio, studio_of

log = logging.getLogger(__name__)

MOST_FIELDS = 20
FIELD_BYTES = 64 * 1024
"""Of a form, what is no file."""
TYPES: Mapping[int, str] = {
    400: "invalid_prompt",
    403: "forbidden",
    404: "not_found",
    409: "exists",
    413: "too_large",
    429: "queue_full",
    503: "not_ready",
}
"""Status of an answer -> the type of its error, for programs."""


@dataclass(frozen=True)
class Comfy:
    """What is kept for clients of ComfyUI's kind while the server lives.

    Attributes:
        clients: Who is connected.
        log: The last lines of the log.
        nodes: The catalog as these clients read it.
        naming: Held while an upload looks for a free name and takes it.
    """

    clients: Clients
    log: LogRing
    nodes: NodeTexts
    naming: threading.Lock


@dataclass(frozen=True)
class Asked:
    """One request.

    Attributes:
        request: As it came.
        studio, comfy: What it works with.
        me: Who asks.
        body: All of it; empty for a form.
        form: A form's fields; empty for all else.
    """

    request: Request
    studio: Studio
    comfy: Comfy
    me: Person
    body: bytes
    form: FormData

    @property
    def query(self) -> Mapping[str, str]:
        """What stands behind the question mark."""
        return self.request.query_params

    @property
    def folders(self) -> Folders:
        """The folders as the person sees them."""
        return self.studio.folders_of(self.me.id)

    def path(self, name: str) -> str:
        """A part of the request's path."""
        return cast(str, self.request.path_params[name])

    def document(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty one.

        Raises:
            BadInput: It is none.
        """
        document = read_json(self.body) if self.body.strip() else {}
        if not isinstance(document, dict):
            raise BadInput("The body of the request is JSON, but not an object.", mend='Send {"name": value, …}.')
        return document

    def number(self, name: str) -> int | None:
        """A whole number of the query; None where it is not given.

        Raises:
            BadInput: It is none.
        """
        text = self.query.get(name)
        if not text:
            return None
        try:
            return int(text[:20])
        except ValueError as error:
            raise BadInput(f"{name} is {text[:80]!r}.", mend="Give a whole number.") from error


class Refused(BadInput):
    """Cannot be done, and clients know why by the status.

    Attributes:
        status: Of the answer.
    """

    def __init__(self, status: int, what: str, *, mend: str) -> None:
        super().__init__(what, mend=mend)
        self.status = status


Handle = Callable[[Asked], Response]
"""A route: called in a thread, as files and the database are slow."""


def comfy_of(connection: HTTPConnection) -> Comfy:
    """What is kept for clients of this kind."""
    return cast(Comfy, connection.app.state.comfy)


def endpoint(handle: Handle) -> Callable[[Request], Awaitable[Response]]:
    """A route as Starlette calls it."""

    async def respond(request: Request) -> Response:
        is_form = request.headers.get("content-type", "").startswith("multipart/form-data")
        if not is_form:
            return await run_in_threadpool(_answer, handle, request, await request.body(), FormData())
        try:
            form = await request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=FIELD_BYTES)
        except HTTPException as error:
            return refusal(Refused(400, f"The form cannot be read: {error.detail}.", mend="Send multipart/form-data."))
        try:
            return await run_in_threadpool(_answer, handle, request, b"", form)
        finally:
            await form.close()

    return respond


def answer(content: object, status: int = 200) -> Response:
    """JSON, in which whatever JSON texts hold can be written."""
    return Response(json.dumps(content, separators=(",", ":")), status, media_type="application/json")


def refusal(error: SafelightError) -> Response:
    """An error as such clients parse it: `details` says what is wrong, and how to mend it."""
    status = error.status if isinstance(error, Refused) else status_of(error)
    if status >= 500:
        log.warning("%s", error)
    told = {"type": TYPES.get(status, "server_error"), "message": error.what, "details": str(error), "extra_info": {}}
    response = answer({"error": told, "node_errors": {}}, status)
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _answer(handle: Handle, request: Request, body: bytes, form: FormData) -> Response:
    try:
        return handle(Asked(request, studio_of(request), comfy_of(request), person_of(request), body, form))
    except SafelightError as error:
        return refusal(error)
