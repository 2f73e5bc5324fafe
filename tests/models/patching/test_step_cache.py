"""When an answer is used again (Zhou et al. 2025)."""

from math import inf

import torch
from torch import Tensor

from safelight.models.patching.step_cache import Reuse, Reused


def answers(threshold: float, questions: list[float], slope: float) -> tuple[list[float], list[int]]:
    """The answers to even latents, where the truth is `10 + slope * x`, and which were worked out."""
    reused = Reused(Reuse(threshold, inf, 0.0, told=False))
    worked_out: list[int] = []
    found: list[float] = []
    for index, value in enumerate(questions):
        x = torch.full((1, 1, 8, 8), float(value))

        def work_out(index: int = index, x: Tensor = x) -> Tensor:
            worked_out.append(index)
            return 10 + slope * x

        found.append(float(reused(x, torch.tensor(1.0), work_out)[0, 0, 0, 0]))
    return found, worked_out


def test_the_drift_is_summed_until_it_reaches_the_threshold() -> None:
    # the answer changes by 2 for each 1 and is about 12, so the steps away from 1 are off by 2/12, 4/12, …
    found, worked_out = answers(0.9, [0, 0.5, 1, 2, 3, 4, 5], slope=2)
    assert worked_out == [0, 1, 2, 5]
    assert found[3] == 10 + 2 * 1 + (2 - 1)  # the last answer, moved along with the question


def test_an_answer_that_moves_along_with_its_question_is_exact() -> None:
    found, worked_out = answers(3.0, [0, 1, 2, 3, 4], slope=1)
    assert found == [10, 11, 12, 13, 14]
    assert worked_out == [0, 1, 2]
