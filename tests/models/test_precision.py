"""What runs in what."""

import pytest
import torch

from safelight.models.precision import Precision, PrecisionName, precision

FP32, FP16, BF16 = torch.float32, torch.float16, torch.bfloat16


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("auto", Precision(FP32, FP32, FP32)),
        ("fp32", Precision(FP32, FP32, FP32)),
        ("fp16", Precision(FP16, FP16, FP32)),
        ("bf16", Precision(BF16, BF16, BF16)),
    ],
)
def test_precision_on_the_cpu(name: PrecisionName, expected: Precision) -> None:
    assert precision(name, torch.device("cpu")) == expected


@pytest.mark.parametrize(("capability", "vae"), [((7, 5), FP32), ((8, 0), BF16), ((9, 0), BF16)])
@pytest.mark.parametrize("name", ["auto", "fp16"])
def test_an_autoencoder_never_runs_in_fp16(
    monkeypatch: pytest.MonkeyPatch, name: PrecisionName, capability: tuple[int, int], vae: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert precision(name, torch.device("cuda")) == Precision(FP16, FP16, vae)
