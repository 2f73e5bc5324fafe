"""Hypernetworks, which teach a model a style from beside."""

from typing import Annotated

from safelight.graph.node import File, Range, node
from safelight.models.model import Model
from safelight.models.patching.hypernetwork import load_hypernetwork, with_hypernetwork
from safelight.nodes.run import Run


@node("HypernetworkLoader", category="loaders")
def hypernetwork_loader(
    *,
    model: Model,
    hypernetwork_name: Annotated[str, File("hypernetworks")],
    strength: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0,
    run: Run,
) -> Model:
    """Change a model with a hypernetwork.

    Args:
        model: The model.
        hypernetwork_name: A file in the hypernetworks folder.
        strength: How much; 0 changes nothing.
    """
    network = run.models.get(load_hypernetwork, run.folders.resolve("hypernetworks", hypernetwork_name))
    return model.with_patches(with_hypernetwork(network, strength))
