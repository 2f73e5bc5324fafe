"""Why two pictures are not the same."""

import io
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from safelight.files.picture_differences import difference_picture, pixel_difference
from safelight.graph.differences import Effect, Kind, differences
from safelight.graph.told import Told, told_of
from safelight.server.access import Me
from safelight.server.api.answers import ID, refusals
from safelight.server.api.assets import FOREVER, find, path_of
from safelight.server.api.recipes import kept_in
from safelight.server.studio import Studio, TheStudio
from safelight.store.assets import Asset

router = APIRouter(prefix="/compare", tags=["assets"])

One = Annotated[str, Query(pattern=ID, description="The id of a picture.")]
Other = Annotated[str, Query(pattern=ID, description="The id of another one.")]
FORMS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


class DifferenceView(BaseModel):
    """One thing that is not the same, and what it is likely to do.

    `a` and `b` are how each picture has it; `subject` says of which file, node or program it is told; `removed` and
    `added` are the words of a prompt that A or B alone has.
    """

    kind: Kind
    effect: Effect
    title: str
    subject: str
    a: str
    b: str
    removed: list[str]
    added: list[str]


class PixelsView(BaseModel):
    """How far two pictures are apart, in steps of the 255 that a colour has; null where they are of two sizes.

    `changed` is the share of the pixels that are not the same. `gain` is how many times brighter than the difference
    its picture is.
    """

    identical: bool
    a: tuple[int, int]
    b: tuple[int, int]
    mean: float | None
    most: int | None
    changed: float | None
    gain: float | None


class ComparisonView(BaseModel):
    """Two pictures beside each other: `silent` are those that tell nothing of how they were made."""

    silent: list[Literal["a", "b"]]
    differences: list[DifferenceView]
    pixels: PixelsView


@router.get("", responses=refusals(400, 404))
def compare(a: One, b: Other, studio: TheStudio, me: Me) -> ComparisonView:
    """Why a picture is different from another one, the likeliest reason first."""
    one, other = find(studio, me, a), find(studio, me, b)
    told, theirs = _told(studio, one), _told(studio, other)
    pixels = pixel_difference(path_of(studio, one), path_of(studio, other))
    letters: tuple[tuple[Literal["a", "b"], Told], ...] = (("a", told), ("b", theirs))
    return ComparisonView(
        silent=[letter for letter, each in letters if each.is_silent],
        differences=[
            DifferenceView(
                kind=each.kind,
                effect=each.effect,
                title=each.title,
                subject=each.subject,
                a=each.one,
                b=each.other,
                removed=list(each.removed),
                added=list(each.added),
            )
            for each in differences(told, theirs)
        ],
        pixels=PixelsView(
            identical=pixels.is_none,
            a=pixels.size,
            b=pixels.other_size,
            mean=pixels.mean,
            most=pixels.most,
            changed=pixels.changed,
            gain=pixels.gain,
        ),
    )


@router.get("/picture", response_class=Response, responses=refusals(400, 404) | {200: {"content": {"image/png": {}}}})
def show_difference(a: One, b: Other, studio: TheStudio, me: Me) -> Response:
    """Where two pictures of one size differ, as a PNG; black where they are the same."""
    one, other = (path_of(studio, find(studio, me, each)) for each in (a, b))
    file = io.BytesIO()
    difference_picture(one, other)[0].save(file, "PNG", compress_level=1)
    return Response(file.getvalue(), media_type="image/png", headers={"Cache-Control": FOREVER})


def _told(studio: Studio, asset: Asset) -> Told:
    kept, job = kept_in(studio, asset)
    form = FORMS.get(asset.mime, asset.mime)
    return told_of(kept.workflow, asset.node if job else "", kept.record, kept.parameters, form)
