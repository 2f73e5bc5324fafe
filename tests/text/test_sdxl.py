import math

import pytest
import torch

from safelight.text.sdxl import sinusoidal_embedding, size_conditioning


def test_an_embedding_is_cosines_then_sines_at_falling_frequencies() -> None:
    [row] = sinusoidal_embedding(torch.tensor([832.0]), 256)
    for index in (0, 1, 64, 127):
        angle = 832.0 * 10_000 ** (-index / 128)
        # an angle of 832 rad in float32 is known to about 3e-5
        assert row[index].item() == pytest.approx(math.cos(angle), abs=1e-4)
        assert row[128 + index].item() == pytest.approx(math.sin(angle), abs=1e-4)


def test_the_base_vector_is_the_pooled_text_then_sizes_in_the_papers_order() -> None:
    pooled = torch.randn(2, 1280, generator=torch.manual_seed(0))
    vector = size_conditioning(pooled, (1216, 832, 16, 8, 1024, 768))
    assert vector.shape == (2, 2816)
    sizes = sinusoidal_embedding(torch.tensor([1216.0, 832.0, 16.0, 8.0, 1024.0, 768.0]), 256)
    torch.testing.assert_close(vector[:, :1280], pooled)
    torch.testing.assert_close(vector[1, 1280:].reshape(6, 256), sizes)


def test_the_refiner_vector_ends_in_the_score() -> None:
    vector = size_conditioning(torch.zeros(1, 1280), (1024, 1024, 0, 0, 2.5))
    assert vector.shape == (1, 2560)
    torch.testing.assert_close(vector[:, -256:], sinusoidal_embedding(torch.tensor([2.5]), 256))


def test_the_vector_keeps_the_precision_of_the_pooled_text() -> None:
    assert size_conditioning(torch.zeros(1, 8, dtype=torch.float16), [1024.0]).dtype == torch.float16
