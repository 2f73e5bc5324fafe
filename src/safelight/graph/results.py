"""What a node may return in place of its outputs: more nodes to run, or a stop for all that follows."""

from dataclasses import dataclass

from safelight.graph.document import Workflow


@dataclass(frozen=True)
class Expansion:
    """Nodes to be run in place of the node that returned them.

    Attributes:
        workflow: The nodes. Links stay among them; what comes from outside is written in as `Value`.
            Those that save or show something are run even where no output needs them.
        outputs: The outputs of the expanded node: links into `workflow`, or values.
    """

    workflow: Workflow
    outputs: tuple[object, ...] = ()


@dataclass(frozen=True)
class Blocked:
    """An output that stops every node which would use it; the rest of the workflow runs on.

    Attributes:
        message: Why, for the person: the job then ends as failed once the rest has run. None stops silently.
    """

    message: str | None = None
