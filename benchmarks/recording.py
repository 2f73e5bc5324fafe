"""What it costs to record how pictures come about: whole jobs with it and without, in turn."""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.rows import Row
from safelight.files.folders import RECORDINGS, Folders
from safelight.graph.formats import parse_api
from safelight.protocol.events import Event, Failed
from safelight.settings import Settings
from safelight.worker.session import Session

PAIRS = 9
STEPS = 20
LIMIT = 1.10  # times as long
ALWAYS = 65_536  # pixels: the setting's usual value
RUNS = {"starter-128": (128, "a cat on a blue background"), "sketch-256": (256, "a cat and a pizza")}


def measure() -> list[Row]:
    """Seconds of a job, recorded and not; a pair has seeds beside one another, and both do the same work."""
    rows = []
    with tempfile.TemporaryDirectory() as home:
        folders = Folders.at(Path(home), [])
        folders.make()
        session = Session(Settings(home=Path(home), disk_cache_bytes=0), folders)
        for checkpoint, (side, prompt) in RUNS.items():
            _run(session, checkpoint, side, prompt, seed=0, pixels=0)
            _run(session, checkpoint, side, prompt, seed=0, pixels=ALWAYS)
            pairs = []
            for pair in range(1, PAIRS + 1):
                order = (0, ALWAYS) if pair % 2 else (ALWAYS, 0)
                took = {pixels: _run(session, checkpoint, side, prompt, 2 * pair, pixels) for pixels in order}
                pairs.append((took[0], took[ALWAYS]))
            plain = statistics.median(off for off, _ in pairs)
            share = statistics.median(on / off for off, on in pairs)
            rows.append(Row(f"{checkpoint}: a job that is recorded, by one that is not", share, "x", limit=LIMIT))
            rows.append(Row(f"{checkpoint}: a job that is not", plain, "s"))
        files = [path.stat().st_size for path in (Path(home) / RECORDINGS).iterdir()]
        rows.append(Row("the largest recording", max(files) / 2**20, "MiB"))
    return rows


def _run(session: Session, checkpoint: str, side: int, prompt: str, seed: int, pixels: int) -> float:
    calls = {
        "1": ("CheckpointLoaderSimple", {"ckpt_name": f"{checkpoint}.safetensors"}),
        "2": ("CLIPTextEncode", {"text": prompt, "clip": ["1", 1]}),
        "3": ("CLIPTextEncode", {"text": "", "clip": ["1", 1]}),
        "4": ("EmptyLatentImage", {"width": side, "height": side, "batch_size": 1}),
        "5": (
            "KSampler",
            {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0], "latent_image": ["4", 0]}
            # a job that has run is not run again: which of a pair comes second must not know the first one's result
            | {"seed": seed + (pixels > 0), "steps": STEPS, "cfg": 5.0, "denoise": 1.0}
            | {"sampler_name": "euler_ancestral", "scheduler": "normal"},
        ),
        "6": ("VAEDecode", {"samples": ["5", 0], "vae": ["1", 2]}),
        "7": ("SaveImage", {"images": ["6", 0], "filename_prefix": "recording"}),
    }
    workflow, _ = parse_api({node: {"class_type": name, "inputs": given} for node, (name, given) in calls.items()})
    told: list[Event] = []
    begin = time.perf_counter()
    session.run(f"{checkpoint} {seed} {pixels}", workflow, told.append, record_pixels=pixels)
    seconds = time.perf_counter() - begin
    failed = next((event for event in told if isinstance(event, Failed)), None)
    if failed is not None:
        raise RuntimeError(failed.what)
    return seconds
