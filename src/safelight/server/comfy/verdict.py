"""What is wrong with a workflow, in the shape that ComfyUI's clients parse."""

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from safelight.graph.problems import Problem, ProblemKind
from safelight.jobs.admission import WorkflowRejected
from safelight.server.comfy.asking import answer

PROMPT_KINDS: dict[ProblemKind, str] = {
    "no_prompt": "no_prompt",
    "invalid_prompt": "invalid_prompt",
    "prompt_no_outputs": "prompt_no_outputs",
    "missing_node_type": "invalid_prompt",
}
"""Problems of a workflow as a whole -> the name under which clients know them."""
SHOWN = 20  # problems in the details of the whole; each is with its node
FAILED = "prompt_outputs_failed_validation"
CUSTOM: frozenset[ProblemKind] = frozenset({"wrong_kind", "family_mismatch"})
"""Problems that clients know as found by a check of the node's own."""
TITLES: dict[ProblemKind, str] = {
    "no_prompt": "There is no workflow",
    "invalid_prompt": "The workflow is malformed",
    "prompt_no_outputs": "Nothing to run for",
    "missing_node_type": "Unknown node type",
    "dependency_cycle": "Nodes wait for each other",
    "required_input_missing": "An input is missing",
    "bad_linked_input": "A link is wrong",
    "return_type_mismatch": "Types do not fit",
    "invalid_input_type": "A value of the wrong type",
    "value_smaller_than_min": "A value is too small",
    "value_bigger_than_max": "A value is too large",
    "value_not_in_list": "A value is none of the choices",
    "wrong_kind": "A file of the wrong kind",
    "family_mismatch": "Made for another family of models",
}
"""What clients put above the details."""


def verdict(rejected: WorkflowRejected) -> Response:
    """The answer to a workflow that is not run."""
    whole = [problem for problem in rejected.problems if problem.kind in PROMPT_KINDS]
    first = (whole or rejected.problems)[0]
    error = {
        "type": PROMPT_KINDS.get(first.kind, FAILED),
        "message": TITLES[first.kind] if whole else "The workflow cannot be run as it stands",
        "details": "\n".join(str(problem) for problem in (whole or rejected.problems)[:SHOWN]),
        "extra_info": dict(first.extra) if whole else {},
    }
    return answer({"error": error, "node_errors": node_errors(rejected.problems, rejected.outputs)}, 400)


def node_errors(problems: Sequence[Problem], outputs: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """Problems by node.

    Args:
        problems: What is wrong.
        outputs: By node, the outputs that cannot be made because of it.
    """
    by_node: dict[str, list[Problem]] = {}
    for problem in problems:
        if problem.node:
            by_node.setdefault(problem.node, []).append(problem)
    return {
        node: {
            "errors": [_error(problem) for problem in found],
            "dependent_outputs": list(outputs.get(node, ())),
            "class_type": found[0].class_type,
        }
        for node, found in by_node.items()
    }


def _error(problem: Problem) -> dict[str, object]:
    place = f"{problem.input}: " if problem.input else ""
    named = {"input_name": problem.input} if problem.input else {}
    return {
        "type": "custom_validation_failed" if problem.kind in CUSTOM else problem.kind,
        "message": TITLES[problem.kind],
        "details": f"{place}{problem.message} {problem.mend}",
        "extra_info": {**named, **problem.extra},
    }
