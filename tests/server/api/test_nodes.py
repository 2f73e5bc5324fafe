"""What nodes there are, and which files they can choose from."""

from safelight.graph.catalog_json import FORMAT, catalog_from_json
from safelight.nodes.registry import BUILTIN
from tests.serving import Served

NODES = "/api/v1/nodes"


def test_nodes_are_answered_as_the_catalog_has_them(served: Served) -> None:
    found = served.http.get(NODES).json()
    catalog = catalog_from_json({"format": FORMAT, "nodes": found["nodes"]})
    assert catalog == {name: node.spec for name, node in BUILTIN.items()}
    assert "starter-128.safetensors" in found["files"]["checkpoints"]


def test_they_are_sent_again_only_where_something_has_changed(served: Served) -> None:
    etag = served.http.get(NODES).headers["etag"]
    again = served.http.get(NODES, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    (served.settings.home / "models/loras/new.safetensors").write_bytes(b"")
    assert served.http.get(NODES, headers={"If-None-Match": etag}).json()["files"]["loras"] == ["new.safetensors"]


def test_one_node_comes_with_the_files_of_its_inputs(served: Served) -> None:
    found = served.http.get(f"{NODES}/CheckpointLoaderSimple").json()
    assert ([node["class_type"] for node in found["nodes"]], list(found["files"])) == (
        ["CheckpointLoaderSimple"],
        ["checkpoints"],
    )
    answer = served.http.get(f"{NODES}/KSampeler")
    assert (answer.status_code, answer.json()["error"]["mend"]) == (404, "Did you mean KSampler?")
