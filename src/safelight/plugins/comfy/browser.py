"""What packs import as `server`: messages to the browser and routes, which go nowhere while there is no server."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Routes:
    """Takes handlers as a web server does, and leaves them as they are."""

    def get(self, path: str, **options: object) -> Callable[[F], F]:
        """A decorator for the handler of a path."""
        del path, options
        return lambda handler: handler

    post = put = delete = patch = head = view = get


class PromptServer:
    """The server, of which packs take `PromptServer.instance`."""

    instance: ClassVar["PromptServer"]

    def __init__(self) -> None:
        self.routes = Routes()
        self.client_id: str | None = None
        self.last_node_id: str | None = None

    def send_sync(self, event: str, data: object, sid: str | None = None) -> None:
        """A message to the pack's own page in the browser, which nobody reads."""
        del event, data, sid

    send_progress_text = send_sync

    def add_on_prompt_handler(self, handler: Callable[..., Any]) -> None:
        """A function that would change workflows before they run; they are run as they are."""
        del handler


PromptServer.instance = PromptServer()
