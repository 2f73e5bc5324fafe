"""Steps of LoRA training on the starter, against a loop of diffusers and peft for the same work.

The peer works as diffusers' example for LoRA does: each step encodes pictures and captions, noises the latents, asks
the network, and takes a step of AdamW with gradients no longer than 1. A second peer is given latents and captions that
were encoded before, as ours are; what is left is the network with its LoRA and the optimizer.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler
from peft import LoraConfig
from tests.training.drawing import draw_set

from benchmarks.peer import BETAS, load_peer
from benchmarks.rows import Row
from safelight.files.folders import STARTER
from safelight.inspect.opening import open_checkpoint
from safelight.runs.data.folder import read_examples
from safelight.runs.settings import checked
from safelight.training.data.batches import Batches
from safelight.training.data.cache import LatentCache
from safelight.training.data.kept import Kept
from safelight.training.data.views import pixels
from safelight.training.lessons import LESSONS
from safelight.training.material import Pictures
from safelight.training.noising import generator_at
from safelight.training.trainer import Denoising, Trainer

CHECKPOINT = STARTER / "starter-128.safetensors"
SIDE, BATCH, RANK = 128, 4, 8
MAPS = ("to_q", "to_k", "to_v", "to_out.0")
ROUNDS, STEPS = 7, 10
LIMIT = 1 / 1.2
Step = Callable[[], object]


def measure() -> list[Row]:
    """Milliseconds of a step, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        draw_set(place / "pictures")
        trainer = _trainer(place)
        steps = trainer.steps()
        runs: dict[str, Step] = {
            "ours": lambda: next(steps),
            "peer": _peer(place, trainer, is_encoded=False),
            "peer, all encoded before": _peer(place, trainer, is_encoded=True),
        }
        took: dict[str, list[float]] = {name: [] for name in runs}
        for run in runs.values():
            run()
        for _ in range(ROUNDS):
            for name, run in runs.items():
                begin = time.perf_counter()
                for _ in range(STEPS):
                    run()
                took[name].append((time.perf_counter() - begin) / STEPS * 1000)
    found = {name: statistics.median(times) for name, times in took.items()}
    what = f"a step: {BATCH} pictures of {SIDE} pixels, rank {RANK} on attention, fp32"
    return [
        Row(what, found["ours"], "ms", found["peer"], ratio_limit=LIMIT),
        Row("the same, the peer given what was encoded before", found["ours"], "ms", found["peer, all encoded before"]),
    ]


def _trainer(place: Path) -> Trainer:
    settings = checked(
        {
            "name": "benchmark",
            "data": {"folder": str(place / "pictures"), "trigger": "zorb"},
            "adapter": {"rank": RANK, "layers": [f".{name}" for name in MAPS]},
            "run": {"steps": 100_000, "batch": BATCH},
        },
        "benchmark",
    )
    opened = open_checkpoint(CHECKPOINT, device="cpu", numbers="fp32")
    batches = Batches(read_examples(settings.data.folder), settings.data, SIDE, BATCH, 0)
    latents = LatentCache(Kept(place / "latents", most_bytes=10**8), "vae", opened.vae.encode)
    latents.fill(batches.views(range(batches.in_epoch)))
    pictures = Pictures(batches, latents, 1.0, has_masks=False)
    lesson = LESSONS["lora"](opened, settings, generator_at(0, -1))
    return Trainer(lesson, Denoising(lesson, pictures, settings), settings)


def _peer(place: Path, trainer: Trainer, *, is_encoded: bool) -> Step:
    pipeline = load_peer(CHECKPOINT, place / f"peer-{is_encoded}")
    unet, vae, text, tokenizer = pipeline.unet, pipeline.vae, pipeline.text_encoder, pipeline.tokenizer
    for part in (unet, vae, text):
        part.requires_grad_(False)
    unet.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, init_lora_weights="gaussian", target_modules=list(MAPS)))
    unet.train()
    learned = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    assert sum(tensor.numel() for tensor in learned) == sum(t.numel() for t in trainer.lesson.learned.values())
    optimizer = torch.optim.AdamW(learned, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.01)
    plan = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)
    noises = DDPMScheduler(**BETAS)

    def encode_pictures(shown: torch.Tensor) -> torch.Tensor:
        latents: torch.Tensor = vae.encode(shown).latent_dist.sample() * vae.config.scaling_factor
        return latents

    def encode_captions(captions: list[str]) -> torch.Tensor:
        ids = tokenizer(captions, max_length=77, padding="max_length", truncation=True, return_tensors="pt").input_ids
        context: torch.Tensor = text(ids)[0]
        return context

    def batches() -> Iterator[tuple[torch.Tensor, list[str]]]:
        number = 0
        assert isinstance(trainer.look, Denoising)
        source = trainer.look.source
        assert isinstance(source, Pictures)
        while True:
            batch = source.batches.at(number)
            shown = torch.stack([pixels(view) for view in batch.views]).movedim(-1, 1) * 2 - 1
            yield shown, list(batch.captions)
            number += 1

    drawn = batches()
    first = next(drawn)
    with torch.no_grad():
        before = encode_pictures(first[0]), encode_captions(first[1])

    def step() -> None:
        with torch.no_grad():
            if is_encoded:
                latents, context = before
            else:
                shown, captions = next(drawn)
                latents, context = encode_pictures(shown), encode_captions(captions)
        noise = torch.randn_like(latents)
        timesteps = torch.randint(0, noises.config.num_train_timesteps, (len(latents),))
        noisy = noises.add_noise(latents, noise, timesteps)
        output: Any = unet(noisy, timesteps, context, return_dict=False)[0]
        F.mse_loss(output.float(), noise.float()).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        plan.step()
        optimizer.zero_grad()

    return step
