"""A real server as a process, with real engines, to be killed and started again."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx2

from safelight.store.database import FILE_NAME
from tests.serving import workflow

PATIENCE = 120.0  # seconds
SERVE = "from safelight.cli import main; main()"
Found = TypeVar("Found")


@dataclass
class House:
    """One home folder, and the server that works in it.

    Attributes:
        home: The home folder.
        settings: Environment of the server, `SAFELIGHT_…`.
    """

    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    port: int = 0
    _server: "subprocess.Popen[bytes] | None" = None

    def start(self) -> float:
        """Start the server; the seconds until its first answer."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        begun = time.monotonic()
        environment = {**os.environ, "SAFELIGHT_HOME": str(self.home), "OMP_NUM_THREADS": "1", **self.settings}
        with (self.home.parent / f"{self.home.name}.log").open("ab") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-c", SERVE, "serve", "--port", str(self.port)],
                env=environment,
                stdout=log,
                stderr=log,
            )
        wait_for(self._answers)
        return time.monotonic() - begun

    def kill(self) -> None:
        """`kill -9` of the server; its engines are to notice by themselves."""
        assert self._server is not None, "it has been started"
        engines = self.engines()
        self._server.kill()
        self._server.wait()
        wait_for(lambda: not any(is_alive(pid) for pid in engines))

    def stop(self) -> None:
        """Have the server end as Ctrl-C does."""
        if self._server is None or self._server.poll() is not None:
            return
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
            raise

    def engines(self) -> list[int]:
        """Process ids of the engines."""
        assert self._server is not None, "it has been started"
        children = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text(encoding="ascii")
        return [int(pid) for pid in children.split()]

    def kill_engines(self) -> None:
        """`kill -9` of every engine."""
        for pid in self.engines():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def renew_engines(self) -> None:
        """Have new engines, which have nothing loaded."""
        before = set(self.engines())
        self.kill_engines()
        wait_for(lambda: self.is_ready() and not before & set(self.engines()))

    def is_ready(self) -> bool:
        """Whether a job would be begun now."""
        health = self.get("/api/v1/health")
        return isinstance(health, dict) and health["ready"] is True

    def is_idle(self) -> bool:
        """Whether no engine has a job."""
        health = self.get("/api/v1/health")
        return isinstance(health, dict) and all(engine["state"] == "idle" for engine in health["engines"])

    def get(self, path: str) -> object:
        """What the server answers with, as JSON."""
        return httpx2.get(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE).raise_for_status().json()

    def submit(self, prompt: str = "a cat", *, seed: int = 1, steps: int = 2, **size: int) -> str:
        """Put a job into the queue; its id."""
        document = workflow(prompt, steps=steps, seed=seed)
        for node in document.values():
            if isinstance(node, dict) and node["class_type"] == "EmptyLatentImage":
                node["inputs"] |= {"width": 64, "height": 64, **size}
        answer = httpx2.post(f"http://127.0.0.1:{self.port}/prompt", json={"prompt": document}, timeout=PATIENCE)
        return str(answer.raise_for_status().json()["prompt_id"])

    def memory(self) -> float:
        """What the web process takes, in MiB."""
        assert self._server is not None, "it has been started"
        lines = Path(f"/proc/{self._server.pid}/status").read_text(encoding="ascii").splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

    def states(self) -> dict[str, str]:
        """Every job's state, from the database."""
        return dict(self.rows("SELECT id, state FROM jobs"))  # type: ignore[arg-type]

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What a query finds in the database."""
        connection = sqlite3.connect(f"file:{self.home / FILE_NAME}?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def tags(self, job: str) -> list[str]:
        """The kinds of events that were kept of a job, in order."""
        return [str(tag) for (tag,) in self.rows("SELECT tag FROM events WHERE job_id = ? ORDER BY id", job)]

    def node_types(self, job: str) -> list[str]:
        """The types of the nodes that were begun for a job, in order."""
        rows = self.rows("SELECT data FROM events WHERE job_id = ? AND tag = 'node' ORDER BY id", job)
        return [str(json.loads(str(data))["class_type"]) for (data,) in rows]

    def error(self, job: str) -> str:
        """What is said of a job that failed."""
        [(error,)] = self.rows("SELECT error FROM jobs WHERE id = ?", job)
        return str(json.loads(str(error))["what"]) if error else ""

    def pictures(self) -> list[str]:
        """The files in the output folder, whole or not."""
        return sorted(path.name for path in (self.home / "output").iterdir() if path.is_file())

    def named(self) -> list[str]:
        """The files that history names."""
        named = []
        for entry in dict(self.get("/history")).values():  # type: ignore[call-overload]
            for output in entry["outputs"].values():
                named += [image["filename"] for image in output.get("images", [])]
        return sorted(named)

    def _answers(self) -> bool:
        assert self._server is not None, "it has been started"
        assert self._server.poll() is None, "the server ended while it was starting"
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}/api/v1/health", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False


@contextlib.contextmanager
def house(home: Path, **settings: str) -> Iterator[House]:
    """A house whose server is running until the block ends."""
    home.mkdir(parents=True, exist_ok=True)
    made = House(home, {"SAFELIGHT_SPARE_BYTES": "0", **settings})
    try:
        made.start()
        yield made
    finally:
        made.stop()


def wait_for(condition: Callable[[], Found], seconds: float = PATIENCE) -> Found:
    """What a function gives once it gives something true.

    Raises:
        TimeoutError: It did not in that time.
    """
    until = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > until:
            raise TimeoutError("it did not come about")
        time.sleep(0.01)
    return found


def is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
