import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from safelight.cli.models import app, readable_size
from safelight.errors import BadInput
from safelight.files.hashes import sha256
from tests.tiny import tiny_checkpoint


def test_the_list_says_what_each_file_is(home: Path) -> None:
    tiny_checkpoint(home / "models/checkpoints/sub/xl.safetensors", "sdxl-v-ztsnr", vae=False, dtype=torch.float16)
    torch.save({"lora_unet_a.lora_up.weight": torch.zeros(1)}, _made(home / "models/loras/style.pt"))
    _made(home / "models/vae/page.safetensors").write_text("<!doctype html>")
    result = CliRunner().invoke(app, ["--json"])
    assert result.exit_code == 0, result.output
    told = {(entry["folder"], entry["name"]): entry["what"] for entry in json.loads(result.output)}
    assert told["checkpoints", "sub/xl.safetensors"] == (
        "SDXL checkpoint, v-prediction, zero terminal SNR, without VAE"
    )
    assert told["checkpoints", "starter-128.safetensors"] == "SD 1.x checkpoint"
    assert told["loras", "style.pt"] == "a LoRA"
    assert told["vae", "page.safetensors"] == "page.safetensors is a web page."


def test_the_list_is_a_table_for_people(home: Path) -> None:
    result = CliRunner().invoke(app, [])
    assert "starter-128.safetensors" in result.output
    assert "34.5 MB" in result.output


def test_show_tells_family_prediction_parameters_metadata_and_hashes(home: Path) -> None:
    path = tiny_checkpoint(home / "models/checkpoints/m.safetensors", "sd2-v", metadata={"modelspec.title": "Mine"})
    result = CliRunner().invoke(app, ["show", "m.safetensors"])
    digest = sha256(path, home / "elsewhere")
    for fact in ("SD 2.x", "768x768", "4,473,572 parameters, fp32", "modelspec.title: Mine", digest, digest[:10]):
        assert fact in result.output
    assert " v\n" in result.output


def test_show_takes_a_path_and_any_kind_of_file(home: Path) -> None:
    torch.save({"emb_params": torch.zeros(2, 768)}, _made(home / "foo.pt"))
    result = CliRunner().invoke(app, ["show", str(home / "foo.pt"), "--json"])
    facts = json.loads(result.output)
    assert (facts["what"], facts["parameters"]) == ("a textual inversion embedding for SD 1.x", "1,536 in all")


def test_show_of_a_file_that_is_not_there_is_an_error_in_words(home: Path) -> None:
    result = CliRunner().invoke(app, ["show", "absent.safetensors"])
    assert isinstance(result.exception, BadInput)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (34_544_444, "34.5 MB"), (6_938_040_682, "6.94 GB")]
)
def test_sizes_are_written_to_three_digits(size: int, text: str) -> None:
    assert readable_size(size) == text


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
