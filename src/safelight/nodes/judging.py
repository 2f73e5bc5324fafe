"""CLIP as a judge: how well pictures suit a text, which are the best, what they show; and guidance by it."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from safelight.clip.asking import TEMPLATE, Label, in_template, labels, rank, read_labels, similarity
from safelight.clip.guidance import guided_by_clip
from safelight.clip.model import ClipModel, load_clip_model
from safelight.errors import BadInput
from safelight.files.folders import STARTER_CLIP
from safelight.graph.node import File, Output, Range, Socket, Text, node
from safelight.models.model import Model
from safelight.models.vae import Vae
from safelight.nodes.run import Run
from safelight.nodes.sockets import Image

CATEGORY = "clip/judge"

LongText = Annotated[str, Text(multiline=True)]
Scores = Annotated[list[float], Socket("FLOAT"), Output("scores", is_list=True)]
Told = Annotated[str, Output("text")]
Moment = Annotated[float, Range(0.0, 1.0, step=0.001)]


class Scored(NamedTuple):
    """How well each picture suits the text, and the same in words."""

    scores: Scores
    text: Told


class Best(NamedTuple):
    """The best pictures in order, their scores, and the same in words."""

    images: Annotated[Image, Output("images")]
    scores: Scores
    text: Told


class Labelled(NamedTuple):
    """The label that fits each picture best, how sure that is, and all labels in words."""

    labels: Annotated[list[str], Socket("STRING"), Output("labels", is_list=True)]
    shares: Annotated[list[float], Socket("FLOAT"), Output("shares", is_list=True)]
    table: Annotated[str, Output("table")]


@node("CLIPModelLoader", category=CATEGORY, title="Load CLIP Model (pictures and texts)")
def clip_model_loader(*, clip_name: Annotated[str, File("clip_vision")] = STARTER_CLIP, run: Run) -> ClipModel:
    """Load a whole CLIP model, which can compare pictures and texts.

    Args:
        clip_name: A file in the clip_vision folder with both halves of a CLIP model. The embedded one is small and
            knows drawings; for photographs take ViT-L/14 or larger.
    """
    return run.models.get(load_clip_model, run.folders.resolve("clip_vision", clip_name))


@node("CLIPScore", category=CATEGORY, title="CLIP Score", output=True)
def clip_score(*, clip_model: ClipModel, images: Image, text: LongText, run: Run) -> Scored:
    """Say how well pictures suit a text: the cosine of their vectors, -1 to 1.

    A picture and a text that describes it have about 0.3. Compare pictures with each other, not with a fixed number.

    Args:
        clip_model: The CLIP model.
        images: One picture or several.
        text: What they are compared with, as a sentence: "a picture of a cat".
    """
    scores = _scores(clip_model, images, text, run)
    told = "\n".join(f"{place}: {score:.3f}" for place, score in enumerate(scores, start=1))
    run.text(told)
    return Scored(scores, told)


@node("CLIPRank", category=CATEGORY, title="Keep the Best (CLIP)")
def clip_rank(
    *, clip_model: ClipModel, images: Image, text: LongText, keep: Annotated[int, Range(1, 4096)] = 4, run: Run
) -> Best:
    """Keep the pictures of a batch that suit a text best, the best first.

    Args:
        clip_model: The CLIP model.
        images: A batch of pictures.
        text: What they should show, as a sentence.
        keep: How many are kept; all where there are fewer.
    """
    best = rank(_scores(clip_model, images, text, run), keep)
    told = "\n".join(f"picture {entry.index + 1}: {entry.score:.3f}" for entry in best)
    run.text(told)
    return Best(images[[entry.index for entry in best]], [entry.score for entry in best], told)


@node("CLIPLabels", category=CATEGORY, title="Label Pictures (CLIP)", output=True)
def clip_labels(
    *, clip_model: ClipModel, images: Image, labels: LongText, template: str = TEMPLATE, run: Run
) -> Labelled:
    """Choose the label that fits each picture best, among any that are written down.

    Args:
        clip_model: The CLIP model.
        images: One picture or several.
        labels: What it may be, one label a line. The shares are of these alone, so write "something else" too.
        template: The sentence that each label is put into, at {}.
    """
    found = _labelled(clip_model, images, read_labels(labels, "\n"), template, run)
    table = "\n\n".join(
        (f"picture {place}\n" if len(found) > 1 else "")
        + "\n".join(f"{label.share:6.1%}  {label.label}" for label in picture)
        for place, picture in enumerate(found, start=1)
    )
    run.text(table)
    return Labelled([picture[0].label for picture in found], [picture[0].share for picture in found], table)


@node("CLIPCompareImages", category=CATEGORY, title="Compare Pictures (CLIP)", output=True)
def clip_compare_images(*, clip_model: ClipModel, images: Image, reference: Image, run: Run) -> Scored:
    """Say how alike pictures are in what they show, whatever their pixels: 1 is the same, 0 nothing in common.

    Args:
        clip_model: The CLIP model.
        images: One picture or several.
        reference: The picture that they are compared with; of a batch, each with its own, or all with the only one.
    """
    if len(reference) not in (1, len(images)):
        raise BadInput(
            f"{len(images)} pictures cannot be compared with {len(reference)}.",
            mend="Give one picture to compare all with, or as many as there are pictures.",
        )
    seen, wanted = clip_model.images(images), clip_model.images(reference)
    scores: list[float] = (seen * wanted).sum(dim=-1).clamp(-1, 1).tolist()
    told = "\n".join(f"{place}: {score:.3f}" for place, score in enumerate(scores, start=1))
    run.text(told)
    return Scored(scores, told)


@node("CLIPGuidance", category=CATEGORY, title="Guide by CLIP")
def clip_guidance(
    *,
    model: Model,
    clip_model: ClipModel,
    vae: Vae,
    text: LongText,
    strength: Annotated[float, Range(-2.0, 2.0, step=0.01)] = 0.2,
    from_percent: Moment = 0.0,
    to_percent: Moment = 1.0,
    run: Run,
) -> Model:
    """Draw the picture towards what CLIP finds like a text, beside the prompt; each step takes longer.

    At every step the estimate of the picture is decoded, and moved a little to where CLIP finds it more like the text.

    Args:
        model: The model that denoises.
        clip_model: The CLIP model; the larger it is, the better it knows the way.
        vae: The VAE of the model.
        text: What the picture is to be like, as a sentence.
        strength: How far each step goes; below 0 away from the text. Too much gives grain.
        from_percent: When it begins; 0 is the first step.
        to_percent: When it ends; 1 is the last step.
    """
    _tell_of_cut(clip_model, [text], run)
    return guided_by_clip(model, clip_model, vae, text, strength=strength, start=from_percent, end=to_percent)


def _scores(clip: ClipModel, images: Image, text: str, run: Run) -> list[float]:
    _tell_of_cut(clip, [text], run)
    scores: list[float] = similarity(clip.images(images), clip.texts([text]))[:, 0].tolist()
    return scores


def _labelled(clip: ClipModel, images: Image, names: Sequence[str], template: str, run: Run) -> list[list[Label]]:
    sentences = in_template(names, template)
    _tell_of_cut(clip, sentences, run)
    return labels(clip.images(images), clip.texts(sentences), names, clip.scale)


def _tell_of_cut(clip: ClipModel, texts: Sequence[str], run: Run) -> None:
    for message in clip.cut(texts):
        run.warn(message)
