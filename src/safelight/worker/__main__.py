"""A worker as a process: settings and commands come as lines of JSON on the standard input, reports go out likewise.

It ends by itself when the standard input does, as that means that the server is gone.
"""

import json
import os
import sys
import threading

from safelight.errors import BadInput
from safelight.logs import log_as_json
from safelight.protocol import commands, reports
from safelight.protocol.pipes import reserved_output
from safelight.protocol.reports import Report
from safelight.settings import read_settings
from safelight.worker.service import Service


def main() -> None:
    """Serve until told to stop."""
    out = reserved_output()
    log_as_json()
    settings = read_settings(**json.loads(sys.stdin.buffer.readline()))

    def tell(report: Report) -> None:
        try:
            out.write(json.dumps(reports.to_json(report)).encode() + b"\n")
            out.flush()
        except OSError:  # nobody is there to be told anything
            os._exit(1)

    service = Service(settings, tell)
    threading.Thread(target=_listen, args=(service,), daemon=True).start()
    service.serve()


def _listen(service: Service) -> None:
    for line in sys.stdin.buffer:
        try:
            service.take(commands.from_json(json.loads(line)))
        except (BadInput, ValueError) as error:
            print(f"not a command: {error}", file=sys.stderr)
    os._exit(0)


if __name__ == "__main__":
    main()
