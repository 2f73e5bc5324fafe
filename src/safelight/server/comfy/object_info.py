"""`/object_info`: what nodes there are."""

import json

from starlette.responses import Response

from safelight.server.comfy.asking import Asked, answer


def show(asked: Asked) -> Response:
    """`GET /object_info`: all nodes by class."""
    written = asked.comfy.nodes.of(asked.studio.shelf.catalog())
    nodes = ",".join(f"{json.dumps(name)}:{text}" for name, text in written.nodes.items())
    return Response(written.filled(f"{{{nodes}}}", asked.folders), media_type="application/json")


def show_one(asked: Asked) -> Response:
    """`GET /object_info/{node_class}`: the same with one node, or with none where there is none of that class."""
    name = asked.path("node_class")
    written = asked.comfy.nodes.of(asked.studio.shelf.catalog())
    if name not in written.nodes:
        return answer({})
    text = f"{{{json.dumps(name)}:{written.nodes[name]}}}"
    return Response(written.filled(text, asked.folders), media_type="application/json")
