"""Which clients are connected, each by the id that it gave itself."""

Name = tuple[str, str]
"""A person, and what a client of theirs calls itself: nobody hears of another's jobs by knowing an id."""


class Clients:
    """Sockets by client, of which the newest is told of the client's jobs; changed on the event loop's thread only."""

    def __init__(self) -> None:
        self._sockets: dict[Name, list[object]] = {}
        self._reading_log: set[Name] = set()

    def come(self, name: Name, socket: object) -> None:
        """A socket was opened."""
        self._sockets.setdefault(name, []).append(socket)

    def leave(self, name: Name, socket: object) -> None:
        """A socket was closed."""
        sockets = self._sockets[name]
        sockets.remove(socket)
        if not sockets:
            del self._sockets[name]
            self._reading_log.discard(name)

    def is_newest(self, name: Name, socket: object) -> bool:
        """Whether a socket is the one that is told of the client's jobs."""
        return self._sockets[name][-1] is socket

    def is_here(self, name: Name) -> bool:
        """Whether a client is connected; from any thread."""
        return name in self._sockets

    def read_log(self, name: Name, *, wanted: bool) -> None:
        """Note whether a client wants the lines of the log; from any thread."""
        if wanted and name in self._sockets:
            self._reading_log.add(name)
        else:
            self._reading_log.discard(name)

    def reads_log(self, name: Name) -> bool:
        """Whether a client wants the lines of the log."""
        return name in self._reading_log
