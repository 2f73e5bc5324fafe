"""`safelight serve`: the web service, and the engines behind it."""

from typing import Annotated

import typer

from safelight.logs import log_as_json
from safelight.settings import read_settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 is this machine only.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.")] = None,
    device: Annotated[str | None, typer.Option(help="auto (every accelerator), cpu, cuda, cuda:1, mps, xpu.")] = None,
    dtype: Annotated[str | None, typer.Option(help="auto, fp32, fp16, bf16.")] = None,
    vram: Annotated[str | None, typer.Option(help="auto, low, normal, high: what stays on the device.")] = None,
    cluster: Annotated[str | None, typer.Option(metavar="ADDRESS|auto", help="Use the GPUs of a Ray cluster.")] = None,
    insecure: Annotated[
        bool | None, typer.Option("--insecure", help="Listen elsewhere than on loopback without anybody signing in.")
    ] = None,
) -> None:
    """Serve the web interface and the API. Ctrl-C ends it; jobs that run are taken up again at the next start."""
    from safelight.server.listen import listen  # noqa: PLC0415 (the other commands need no web server)

    settings = read_settings(
        host=host, port=port, device=device, dtype=dtype, vram=vram, cluster=cluster, insecure=insecure
    )
    log_as_json()
    listen(settings)
