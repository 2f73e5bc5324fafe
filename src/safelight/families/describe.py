"""What a file is, in a few words."""

from safelight.families.additions import identify_addition
from safelight.families.base import PredictionName
from safelight.families.detect import identify
from safelight.families.elsewhere import NOT_YET
from safelight.families.layouts import prefixes
from safelight.families.shapes import FileContents, FileKind, Variant
from safelight.files.tensors import Header

KINDS: dict[FileKind, str] = {"checkpoint": "checkpoint", "unet": "denoiser", "vae": "VAE", "text": "text encoder"}
PREDICTIONS: dict[PredictionName, str] = {"v": "v-prediction", "flow": "flow"}
VARIANTS: dict[Variant, str] = {"base": "", "inpaint": "inpainting", "ip2p": "instruct-pix2pix", "upscale": ""}


def describe_file(header: Header) -> str:
    """What any file of weights is, those included that `identify` refuses.

    Raises:
        BadInput: It is none of the kinds that are known.
    """
    addition = identify_addition(header)
    if addition and addition.kind == "lora":  # one for Flux may have the names of a Flux model, with more behind them
        return str(addition)
    if later := NOT_YET.recognise(header.tensors):
        return f"{later.title} (not supported yet)"
    known = identify(header) if prefixes(header.tensors) else None
    if known and known.kind != "text":  # CLIP's text and vision towers may come in one file
        return describe(known)
    if known and addition:
        return f"{describe(known)}, and {addition}"
    return str(addition) if addition else describe(identify(header))


def describe(contents: FileContents) -> str:
    """A line such as `SDXL inpainting checkpoint, v-prediction, zero terminal SNR`."""
    family = contents.family.title if contents.family else ""
    towers = "CLIP " + "+".join(tower.shape.tower.upper() for tower in contents.text) if contents.kind == "text" else ""
    words = (family, VARIANTS[contents.variant], towers, KINDS[contents.kind])
    marks = [" ".join(word for word in words if word)]
    if contents.prediction in PREDICTIONS and contents.unet:
        marks.append(PREDICTIONS[contents.prediction])
    if contents.unet and contents.unet.shape.label_width and contents.family and not contents.family.size_conditioning:
        marks.append("unCLIP")  # of the families without sizes in it, only these take a label
    if contents.zero_terminal_snr:
        marks.append("zero terminal SNR")
    if contents.kind == "checkpoint":
        marks += [f"without {KINDS[kind]}" for kind, part in _missing(contents) if not part]
    return ", ".join(marks)


def _missing(contents: FileContents) -> tuple[tuple[FileKind, object], ...]:
    return ("unet", contents.unet), ("vae", contents.vae), ("text", contents.text)
