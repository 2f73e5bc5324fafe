"""One server: requests, its stream of events, and its errors in its own words."""

import json
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from safelight.errors import BadInput, SafelightError

if TYPE_CHECKING:
    from httpx2 import Response

API = "/api/v1"
SILENCE = 45.0  # seconds without a word after which a stream is taken for dead; a server says one every 15
TRIES = 20  # to come back to a server that is being restarted
BETWEEN = 0.5  # seconds between them


class Connection:
    """Speaks HTTP.

    Args:
        url: Where the server is.
        token: Who asks; None where nobody signs in.
        timeout: Seconds that an answer may take.

    Raises:
        BadInput: The URL is none.
    """

    def __init__(self, url: str, token: str | None, timeout: float) -> None:
        import httpx2  # noqa: PLC0415 (it takes longer to import than all else of the client)

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.url = url.rstrip("/")
        try:
            self._http = httpx2.Client(base_url=self.url + API, headers=headers, timeout=timeout)
        except httpx2.InvalidURL as error:
            raise BadInput(f"{url} is no address: {error}.", mend="Give one such as http://127.0.0.1:8188.") from error
        if not self.url.startswith(("http://", "https://")):
            raise BadInput(f"{url} is no address.", mend="Give one such as http://127.0.0.1:8188.")
        self._errors = httpx2.HTTPError
        self._no_timeout = httpx2.Timeout(timeout, read=SILENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the server."""
        self._http.close()

    def ask(self, method: str, path: str, **sent: Any) -> Any:
        """Send a request, and read its answer as JSON; None where it has none.

        Args:
            method: Of HTTP.
            path: Below `/api/v1`.
            sent: As `httpx2.Client.request` takes it.

        Raises:
            BadInput: The server refuses it.
            SafelightError: It cannot be reached, or failed.
        """
        response = self._answer(method, path, **sent)
        return response.json() if response.content else None

    def fetch(self, path: str) -> bytes:
        """What is at a path below `/api/v1`; errors as of `ask`."""
        return self._answer("GET", path).content

    def events(self, after: int | None, job: str | None) -> Iterator[dict[str, Any]]:
        """The stream of events, each as its JSON object, without end; a connection that was lost is taken up again.

        Args:
            after: Id of the last event seen; None for nothing older than now.
            job: The only one to be told of; None for all.

        Raises:
            BadInput: There is no such job.
            SafelightError: The server cannot be reached for a while.
        """
        failures = 0
        while True:
            parameters = {"after": after, "job": job}
            sent = {name: value for name, value in parameters.items() if value is not None}
            try:
                with self._http.stream("GET", "/events", params=sent, timeout=self._no_timeout) as response:
                    if response.status_code >= 400:
                        response.read()
                        raise _refused(response)
                    for line in response.iter_lines():
                        if line.startswith("data: "):
                            failures = 0
                            told = json.loads(line.removeprefix("data: "))
                            newest = told.get("id") if after is not None else told.get("last")
                            after = after if newest is None else newest
                            yield told
            except self._errors as error:
                failures += 1
                if failures > TRIES:
                    raise self._unreachable(error) from error
            time.sleep(BETWEEN)

    def _answer(self, method: str, path: str, **sent: Any) -> "Response":
        try:
            response = self._http.request(method, path, **sent)
        except self._errors as error:
            raise self._unreachable(error) from error
        if response.status_code >= 400:
            raise _refused(response)
        return response

    def _unreachable(self, error: Exception) -> SafelightError:
        return SafelightError(
            f"The server at {self.url} cannot be reached: {error or type(error).__name__}.",
            mend="Is it running? `safelight serve` starts one.",
        )


def _refused(response: "Response") -> SafelightError:
    """What a server says of a request that it did not do."""
    kind = BadInput if response.status_code < 500 else SafelightError
    try:
        error: Mapping[str, Any] = response.json()["error"]
        problems = error.get("problems") or ()
        listed = [f"\n  - {_sentence(problem)}" for problem in problems] if len(problems) > 1 else ()
        what = f"The workflow has {len(problems)} problems:{''.join(listed)}" if listed else error["what"]
        return kind(what, where=error["where"], mend="" if listed else error["mend"])
    except (ValueError, KeyError, TypeError):
        what = f"The server answered {response.status_code}, and not as Safelight does."
        return kind(what, mend="Is this the address of a Safelight server?")


def _sentence(problem: Mapping[str, str]) -> str:
    place = f"{problem['class_type'] or 'Node'} (node {problem['node']})" if problem["node"] else ""
    place += f", input {problem['input']}" if problem["input"] else ""
    return f"{place + ': ' if place else ''}{problem['message']} {problem['mend']}"
