import pytest
import torch

from safelight.diffusion.batch import repeat_to


@pytest.mark.parametrize(("length", "wanted"), [(5, [0, 1, 0, 1, 0]), (2, [0, 1]), (1, [0])])
def test_a_batch_is_repeated_or_cut_to_a_length(length: int, wanted: list[int]) -> None:
    assert repeat_to(torch.arange(2), length).tolist() == wanted
