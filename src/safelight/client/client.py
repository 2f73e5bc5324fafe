"""A server, as a Python program uses it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from safelight.client.connection import Connection
from safelight.client.views import (
    Asset,
    Job,
    Model,
    SavedWorkflow,
    State,
    asset_from,
    job_from,
    model_from,
    workflow_from,
)
from safelight.errors import SafelightError
from safelight.protocol.events import EVENTS, Cancelled, Done, Event, Failed, from_json

PAGE = 200  # entries asked for at once
TIMEOUT = 60.0  # seconds
_OF_THE_STREAM = ("time", "id")
"""What the stream adds to an event."""

Item = TypeVar("Item")


class Client:
    """A server.

    Every method raises `BadInput` where the server refuses what was asked for, with its own words of what is wrong and
    how to mend it, and `SafelightError` where it cannot be reached or fails.

    Args:
        url: Where it is, such as `http://127.0.0.1:8188`.
        token: Who asks; None where nobody signs in.
        timeout: Seconds that an answer may take.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float = TIMEOUT) -> None:
        self._server = Connection(url, token, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the server."""
        self._server.close()

    def health(self) -> dict[str, Any]:
        """How the server and its engines are."""
        answer: dict[str, Any] = self._server.ask("GET", "/health")
        return answer

    def images(self, prompt: str, **words: object) -> list[Job]:
        """Have pictures made from words; does not wait for them.

        Args:
            prompt: What to show.
            words: As `POST /api/v1/images` takes them: `negative`, `checkpoint`, `steps`, `seed`, `count`, …

        Returns:
            A job for each seed.
        """
        return _jobs(self._server.ask("POST", "/images", json={"prompt": prompt, **words}))

    def generate(self, prompt: str, into: str | Path, **words: object) -> list[Path]:
        """Make pictures from words, and save them.

        Args:
            prompt: What to show.
            into: The folder, which is made if need be; what is there is written over.
            words: As for `images`.

        Returns:
            Their paths.
        """
        ended = [self.wait(job) for job in self.images(prompt, **words)]
        return [self.download(asset, into) for job in ended for asset in job.files]

    def submit(
        self,
        workflow: Mapping[str, Any],
        *,
        targets: Sequence[str] | None = None,
        count: int = 1,
        seeds: Sequence[int] | None = None,
        priority: int = 0,
        front: bool = False,
        title: str = "",
        editor: Mapping[str, Any] | None = None,
    ) -> list[Job]:
        """Put a workflow into the queue.

        Args:
            workflow: In the API format.
            targets: Nodes to run for; None for all that save or show something.
            count: Runs, each with all seeds one higher.
            seeds: The seed of each run, in place of `count`.
            priority: Higher goes first.
            front: Before all others of its priority.
            title: What to call it.
            editor: The graph editor's document, to be kept in saved pictures.

        Returns:
            A job for each run.
        """
        sent = {
            "workflow": workflow,
            "targets": targets,
            "count": count,
            "seeds": seeds,
            "priority": priority,
            "front": front,
            "title": title,
            "editor": editor,
        }
        return _jobs(self._server.ask("POST", "/jobs", json=sent))

    def check(self, workflow: Mapping[str, Any]) -> dict[str, Any]:
        """What is wrong with a workflow (`problems`), or what it will take (`estimate`)."""
        answer: dict[str, Any] = self._server.ask("POST", "/jobs/check", json={"workflow": workflow})
        return answer

    def job(self, job: Job | str) -> Job:
        """A job as it stands now."""
        return job_from(self._server.ask("GET", f"/jobs/{_id(job)}"))

    def jobs(self, states: Collection[State] = (), *, batch: str | None = None) -> Iterator[Job]:
        """Your jobs, the newest first.

        Args:
            states: Only those in one of them; none for all.
            batch: Only those of one request.
        """
        sought = {"state": list(states), "batch": batch}
        return self._pages("/jobs", "jobs", job_from, sought)

    def follow(self, job: Job | str, *, after: int = 0) -> Iterator[Event]:
        """What happens to a job, from its beginning or behind an event of the id `after`, until it has ended.

        A server that is restarted meanwhile is waited for.
        """
        for told in self._server.events(after, _id(job)):
            if told["event"] not in EVENTS:
                continue
            event = from_json({name: value for name, value in told.items() if name not in _OF_THE_STREAM})
            yield event
            if isinstance(event, Done | Failed | Cancelled) and self.job(job).is_over:
                return

    def wait(self, job: Job | str) -> Job:
        """Wait until a job is done.

        Raises:
            SafelightError: It failed, in the words of what failed, or it was cancelled.
        """
        for _ in self.follow(job):
            pass
        ended = self.job(job)
        if ended.error is not None:
            raise ended.error
        if ended.state == "cancelled":
            raise SafelightError("The job was cancelled.", mend="`retry` puts it into the queue again.")
        return ended

    def cancel(self, job: Job | str) -> Job:
        """Cancel a job; one that is running stops after its step."""
        return job_from(self._server.ask("POST", f"/jobs/{_id(job)}/cancel"))

    def retry(self, job: Job | str) -> Job:
        """Put a job that failed or was cancelled into the queue again."""
        return job_from(self._server.ask("POST", f"/jobs/{_id(job)}/retry"))

    def delete(self, job: Job | str) -> None:
        """Forget a job that has ended; what it made stays."""
        self._server.ask("DELETE", f"/jobs/{_id(job)}")

    def upload(self, picture: str | Path) -> Asset:
        """Bring a picture, to be used as an input: workflows name it by its `path`, `images` also by its `id`."""
        path = Path(picture)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SafelightError(f"{path} cannot be read: {error.strerror}.", mend="Give a picture.") from error
        return asset_from(self._server.ask("POST", "/assets", files={"file": (path.name, content)}))

    def assets(self, **sought: object) -> Iterator[Asset]:
        """Your files, the newest first; `sought` as `GET /api/v1/assets` takes it: `folder`, `prompt`, `job`, …"""
        return self._pages("/assets", "assets", asset_from, sought)

    def content(self, asset: Asset) -> bytes:
        """What is in a file."""
        return self._server.fetch(f"/assets/{asset.id}/file")

    def download(self, asset: Asset, into: str | Path) -> Path:
        """Save a file into a folder, under its own name; its path there."""
        path = Path(into) / asset.path.rpartition("/")[2]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content(asset))
        return path

    def delete_asset(self, asset: Asset) -> None:
        """Delete a file on the server."""
        self._server.ask("DELETE", f"/assets/{asset.id}")

    def workflows(self) -> Iterator[SavedWorkflow]:
        """Your saved workflows, the last one saved first."""
        return self._pages("/workflows", "workflows", workflow_from, {})

    def save_workflow(self, name: str, document: Mapping[str, Any], note: str = "") -> SavedWorkflow:
        """Save a workflow under a new name, in either format."""
        sent = {"name": name, "document": document, "note": note}
        return workflow_from(self._server.ask("POST", "/workflows", json=sent))

    def save_version(self, workflow: SavedWorkflow, document: Mapping[str, Any], note: str = "") -> SavedWorkflow:
        """Save a workflow again."""
        sent = {"document": document, "note": note}
        return workflow_from(self._server.ask("PUT", f"/workflows/{workflow.id}/document", json=sent))

    def open_workflow(self, workflow: SavedWorkflow, version: int | None = None) -> dict[str, Any]:
        """The document of a saved workflow; None for its newest version."""
        sent = {} if version is None else {"version": version}
        answer: dict[str, Any] = self._server.ask("GET", f"/workflows/{workflow.id}/document", params=sent)
        return answer

    def models(self, folder: str = "checkpoints") -> Iterator[Model]:
        """The model files of a folder."""
        return self._pages(f"/models/{folder}", "models", model_from, {})

    def nodes(self) -> dict[str, Any]:
        """The nodes that there are (`nodes`), and the files that their inputs choose from (`files`)."""
        answer: dict[str, Any] = self._server.ask("GET", "/nodes")
        return answer

    def _pages(
        self, path: str, name: str, read: Callable[[Mapping[str, Any]], Item], sought: Mapping[str, object]
    ) -> Iterator[Item]:
        """All entries of a list, a page at a time."""
        offset = 0
        given = {key: value for key, value in sought.items() if value is not None}
        while True:
            page = self._server.ask("GET", path, params={**given, "limit": PAGE, "offset": offset})
            yield from map(read, page[name])
            offset += PAGE
            if offset >= page["total"]:
                return


def _jobs(answer: Mapping[str, Any]) -> list[Job]:
    return [job_from(document) for document in answer["jobs"]]


def _id(job: Job | str) -> str:
    return job if isinstance(job, str) else job.id
