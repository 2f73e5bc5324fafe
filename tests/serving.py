"""A server in this process, on a free port of loopback, with engines that pretend."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx2
import uvicorn

from safelight.graph.catalog_json import catalog_to_json
from safelight.nodes.registry import BUILTIN
from safelight.server.app import make_app
from safelight.server.studio import Studio
from safelight.settings import Settings, read_settings
from tests.pretend import PretendFleet

PATIENCE = 30.0  # seconds


@dataclass(frozen=True)
class Served:
    """A running server.

    Attributes:
        url: Where it is.
        http: Speaks to it.
        fleet: Its engines.
        settings: Its settings.
        app_state: Holds its studio.
        loop: Its event loop.
    """

    url: str
    http: httpx2.Client
    fleet: PretendFleet
    settings: Settings
    studio: Studio
    loop: asyncio.AbstractEventLoop


@cache
def catalog_document() -> dict[str, object]:
    """The catalog of the built-in nodes, as a worker publishes it."""
    return catalog_to_json({name: node.spec for name, node in BUILTIN.items()})


@contextlib.contextmanager
def serving(home: Path, *engines: str, **flags: object) -> Iterator[Served]:
    """Run a server until the block ends.

    Args:
        home: Its home folder.
        engines: Names of its engines; one where none is given.
        flags: Settings.
    """
    settings = read_settings(home=home, **{"spare_bytes": 0, **flags})
    fleet = PretendFleet(settings, catalog_document(), engines or ("pretend",))
    app = make_app(settings, fleet)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # as in server/listen.py
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve(sockets=[listening])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    try:
        until = time.monotonic() + PATIENCE
        while not server.started:
            assert thread.is_alive(), "the server ended while it was starting"
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)
        with httpx2.Client(base_url=url, timeout=PATIENCE) as http:
            yield Served(url, http, fleet, settings, app.state.studio, loops[0])
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listening.close()


def workflow(prompt: str = "a cat", *, steps: int = 3, seed: int = 1, prefix: str = "test") -> dict[str, object]:
    """A workflow of the usual seven nodes, in the API format, on the starter."""
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "starter-128.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": prompt, "clip": ["1", 1]}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "", "clip": ["1", 1]}},
        "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 128, "height": 128, "batch_size": 1}},
        "5": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["1", 0],
                "positive": ["2", 0],
                "negative": ["3", 0],
                "latent_image": ["4", 0],
                "seed": seed,
                "steps": steps,
                "cfg": 5.0,
                "sampler_name": "euler",
                "scheduler": "normal",
                "denoise": 1.0,
            },
        },
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": prefix}},
    }


def eventually(condition: object, seconds: float = PATIENCE) -> object:
    """What a function gives once it gives something true.

    Raises:
        AssertionError: It did not in that time.
    """
    assert callable(condition)
    until = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)
    return result
