"""Pictures turned into what ControlNets are shown, by networks of the library controlnet-aux."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from safelight.errors import BadInput

SOURCE = "https://huggingface.co/lllyasviel/Annotators"


@dataclass(frozen=True)
class Annotator:
    """A way to turn a picture into another.

    Attributes:
        detector: The library's class.
        files: Weights, by the names that they have at `SOURCE`.
        options: What it is called with.
    """

    detector: str
    files: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


ANNOTATORS: dict[str, Annotator] = {
    "depth": Annotator("MidasDetector", ("dpt_hybrid-midas-501f0c75.pt",)),
    "hed": Annotator("HEDdetector", ("ControlNetHED.pth",)),
    "lineart": Annotator("LineartDetector", ("sk_model.pth", "sk_model2.pth")),
    "lineart_anime": Annotator("LineartAnimeDetector", ("netG.pth",)),
    "mlsd": Annotator("MLSDdetector", ("mlsd_large_512_fp32.pth",)),
    "normal": Annotator("NormalBaeDetector", ("scannet.pt",)),
    "openpose": Annotator("OpenposeDetector", ("body_pose_model.pth", "hand_pose_model.pth", "facenet.pth")),
    "pidi": Annotator("PidiNetDetector", ("table5_pidinet.pth",)),
    "scribble": Annotator("HEDdetector", ("ControlNetHED.pth",), {"scribble": True}),
}


def annotate(image: Tensor, kind: str, *, resolution: int, folders: tuple[Path, ...], device: torch.device) -> Tensor:
    """Turn pictures into what a kind of ControlNet is shown.

    Args:
        image: [B, H, W, 3 or more] in 0..1; channels after the third are not looked at.
        kind: A key of `ANNOTATORS`.
        resolution: The shorter side of the result, which is rounded to what the network takes.
        folders: Where weights are looked for.
        device: Where it runs.

    Returns:
        [B, H', W', 3] in 0..1, float32, on the CPU.

    Raises:
        BadInput: The library or the weights are not there.
    """
    library = _library(kind)
    detector = _detector(library, kind, folders).to(device)
    drawn = []
    for picture in (image[..., :3] * 255).round().to(torch.uint8).numpy(force=True):
        sides = {"detect_resolution": resolution, "image_resolution": resolution}
        found = detector(picture, output_type="np", **sides, **ANNOTATORS[kind].options)
        drawn.append(torch.from_numpy(np.ascontiguousarray(found)))
    return torch.stack(drawn).float() / 255


def _detector(library: ModuleType, kind: str, folders: tuple[Path, ...]) -> Any:
    annotator = ANNOTATORS[kind]
    missing = list(annotator.files)
    for folder in folders:
        missing = [name for name in annotator.files if not (folder / name).is_file()]
        if not missing:
            return getattr(library, annotator.detector).from_pretrained(str(folder))
    raise BadInput(
        what=f"The preprocessor {kind} needs {' and '.join(missing)}, which is not in models/annotators.",
        mend=f"Download it from {SOURCE}.",
    )


def _library(kind: str) -> ModuleType:
    # Imported late: it is an extra, and takes seconds.
    try:
        import controlnet_aux  # noqa: PLC0415
    except (ImportError, RuntimeError) as error:  # the latter where torchvision was built for another torch
        raise BadInput(
            what=f"The preprocessor {kind} needs the library controlnet-aux, which cannot be used here ({error}).",
            mend="Run `pip install 'safelight[preprocess]'`, with a torchvision that was built for your torch.",
        ) from error
    library: ModuleType = controlnet_aux
    return library
