"""Work in pieces gives what the whole gives."""

import pytest
import torch
import torch.nn.functional as F

from safelight.models.memory import pieces
from safelight.models.memory.pieces import attention_in_pieces, in_pieces


@pytest.mark.parametrize("scores", [1, 1000, 2**24])
def test_attention_in_pieces_is_attention(scores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "SCORES", scores)
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 3, tokens, 8, generator=generator) for tokens in (40, 77, 77))
    expected = F.scaled_dot_product_attention(q, k, v)
    torch.testing.assert_close(attention_in_pieces(q, k, v), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("tokens", "calls"), [(1024, 1), (2500, 3)])
def test_a_map_of_each_token_sees_some_at_a_time(tokens: int, calls: int) -> None:
    sizes: list[int] = []

    def feed(x: torch.Tensor) -> torch.Tensor:
        sizes.append(x.shape[1])
        return x * 2

    x = torch.randn(2, tokens, 4)
    assert torch.equal(in_pieces(feed, x), x * 2)
    assert len(sizes) == calls
    assert max(sizes) <= pieces.TOKENS
