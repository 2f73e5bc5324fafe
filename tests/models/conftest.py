"""Where the tests of models run."""

import pytest
import torch

from safelight.models.placement import Placement
from safelight.models.precision import Precision, precision


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def placement() -> Placement:
    return Placement(torch.device("cpu"))


@pytest.fixture
def fp32() -> Precision:
    return precision("fp32", torch.device("cpu"))
