"""Which files it takes to show a picture to a model beside the prompt: an IP-Adapter, and the CLIP vision model that
it was trained with."""

import re
from collections.abc import Sequence

from safelight.errors import BadInput
from safelight.families.additions import Addition
from safelight.families.contents import Look, look_into
from safelight.families.shapes import FileContents
from safelight.files.folders import Folders
from safelight.files.header import read_header
from safelight.files.tensors import Header
from safelight.graph.problems import nearest
from safelight.graph.request import Prompted
from safelight.graph.wanted import Reference

FACE = "face"  # in the names of adapters that look at faces alone
_POOLED = re.compile(r"image_proj\.proj\.weight")  # of adapters that see a picture as one vector
_PATCHES = re.compile(r"image_proj\.proj(?:_in|\.0)\.weight")  # of those that see its patches
_WIDTH = re.compile(r"(?:.*\.)?class_embedding")
_PROJECTION = re.compile(r"(?:.*\.)?visual_projection\.weight")
_OPENCLIP_PROJECTION = re.compile(r"(?:.*\.)?visual\.proj")


def prompted(references: Sequence[Reference], folders: Folders, checkpoint: FileContents) -> tuple[Prompted, ...]:
    """Reference pictures with the files that show them to a model.

    Args:
        references: As they are wished for.
        folders: Where models are.
        checkpoint: The model.

    Raises:
        BadInput: There is no such adapter, none for this family, or not the CLIP vision model that it needs.
    """
    if not references:
        return ()
    look = look_into(folders)
    found = []
    for reference in references:
        adapter = _adapter(reference.model, folders, checkpoint, look)
        found.append(Prompted(reference.image, reference.weight, adapter, _vision(adapter, folders)))
    return tuple(found)


def _adapter(wanted: str | None, folders: Folders, checkpoint: FileContents, look: Look) -> str:
    names = folders.list("ipadapter")
    if wanted is not None:
        meant = folders.meant("ipadapter", wanted)
        if meant is None:
            near = nearest(wanted, names)
            mend = f"Did you mean {near}?" if near else "Put it there, or choose another."
            raise BadInput(f"There is no {wanted} in the folder ipadapter.", mend=mend)
        return meant
    family = checkpoint.family
    fitting = [name for name in names if family is not None and _fits(look, name, family.name)]
    if not fitting:
        title = family.title if family else "this model"
        raise BadInput(
            f"A reference picture needs an IP-Adapter for {title}, and there is none.",
            mend="Put one into the models folder ipadapter/, and its CLIP vision model into clip_vision/.",
        )
    return min(fitting, key=lambda name: FACE in name.lower())


def _fits(look: Look, name: str, family: str) -> bool:
    file = look("ipadapter", name)
    contents = file.contents if file else None
    if not isinstance(contents, Addition) or contents.kind != "ip_adapter" or contents.detail == "FaceID":
        return False
    return contents.family in (None, family)


def _vision(adapter: str, folders: Folders) -> str:
    """The CLIP vision model whose numbers an adapter takes."""
    header = read_header(folders.resolve("ipadapter", adapter))
    pooled, patches = _size(header, _POOLED, -1), _size(header, _PATCHES, -1)
    for name in folders.list("clip_vision"):
        try:
            vision = read_header(folders.resolve("clip_vision", name))
        except BadInput:  # another may be the one
            continue
        projection = _size(vision, _PROJECTION, 0) or _size(vision, _OPENCLIP_PROJECTION, -1)
        if (pooled and pooled == projection) or (patches and patches == _size(vision, _WIDTH, -1)):
            return name
    wanted = pooled or patches
    raise BadInput(
        f"The IP-Adapter {adapter} needs a CLIP vision model that gives {wanted} numbers, and there is none.",
        mend="Put it into the models folder clip_vision/: ViT-H for most adapters, ViT-bigG for the older SDXL ones.",
    )


def _size(header: Header, name: re.Pattern[str], axis: int) -> int | None:
    """One size of the first tensor of a name; None where there is none."""
    found = (tensor.shape for each, tensor in header.tensors.items() if name.fullmatch(each) and tensor.shape)
    return next((shape[axis] for shape in found), None)
