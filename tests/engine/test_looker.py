"""The process that looks at pictures, on the starter's CLIP; one test for all of it, as it takes seconds to start."""

import asyncio
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.engine import looker as module
from safelight.engine.interface import EngineLost
from safelight.engine.looker import Looker
from safelight.errors import BadInput
from safelight.files.folders import STARTER
from safelight.settings import read_settings

PATIENCE = 120.0


def test_pictures_and_texts_become_vectors_and_a_killed_process_is_started_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = home / "broken.png"
    home.mkdir()
    broken.write_bytes(b"no picture")
    wide = home / "wide.png"
    with Image.open(STARTER / "example.png") as picture:
        example = picture.convert("RGBA")
    space = Image.new("RGBA", (example.width * 3, example.height))
    space.paste(example, (example.width, 0))
    space.save(wide)

    async def story() -> None:
        looker = Looker(read_settings())
        try:
            whole = looker.look_at([broken, STARTER / "example.png", wide], background=True)
            text = looker.read(["a cat", "word " * 100])
            seen, read = await asyncio.gather(whole, text)
            assert [bool(problem) for problem in seen.problems] == [True, False, False]
            one, other = np.frombuffer(seen.vectors, "<f4").reshape(2, -1)
            assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
            assert one @ other == pytest.approx(1, abs=1e-4)  # the middle of a picture counts
            assert np.frombuffer(read.vectors, "<f4").reshape(2, -1).shape[1] == len(one)
            assert len(read.cut) == 1
            judged = await looker.judge("score", [wide], ["a cat", "a pizza"])
            assert len(judged.result["scores"][0]) == 2  # type: ignore[index]
            labels = await looker.judge("labels", [wide], ["cat", "pizza"])
            assert sum(label["share"] for label in labels.result["labels"][0]) == pytest.approx(1)  # type: ignore[index]
            captions = await looker.judge("captions", [broken, STARTER / "example.png"], ())
            assert captions.result == {"captions": {str(STARTER / "example.png"): "a cat on a white background"}}
            with pytest.raises(BadInput, match=r"broken\.png"):
                await looker.judge("score", [broken], ["a cat"])
            with pytest.raises(BadInput, match="template"):
                await looker.judge("labels", [wide], ["cat", "pizza"], "no place")
            pid = looker.pid or 0
            assert pid
            waiting = asyncio.ensure_future(looker.look_at([wide] * 400, background=True))
            await asyncio.sleep(0.05)
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(EngineLost, match="was killed"):
                await waiting
            monkeypatch.setattr(module, "LEFT_ALONE", 0.5)
            await looker.read(["a cat"])
            for _ in range(100):
                if looker.pid is None:
                    break
                await asyncio.sleep(0.1)
            assert looker.pid is None  # it leaves where nobody asks
        finally:
            await looker.stop()

    asyncio.run(asyncio.wait_for(story(), PATIENCE))
