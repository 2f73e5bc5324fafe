"""Pictures and words compared by CLIP: how alike they are, and how far looking at pictures is."""

from importlib.util import find_spec
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, UploadFile
from pydantic import BaseModel, Field, StringConstraints

from safelight.errors import BadInput
from safelight.server.access import Me, Person
from safelight.server.api.answers import ID, TEXT, refusals
from safelight.server.api.assets import MOST_ALIKE, Sought, Wanted, find_all, path_of, view_of
from safelight.server.looking import packed
from safelight.server.studio import Studio, TheStudio
from safelight.store.assets import assets_by_id

router = APIRouter(prefix="/clip", tags=["clip"])

MOST = 64  # pictures or texts of one request
MOST_ON_MAP = 2000

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=TEXT)]
Pictures = Annotated[list[Annotated[str, Field(pattern=ID)]], Field(min_length=1, max_length=MOST)]


class LookingView(BaseModel):
    """How far looking at your pictures is.

    `waiting` pictures have not been looked at yet, and no search finds them; `unreadable` ones are damaged or gone.
    `problem` is why it does not go on, empty where it does. `on` is whether pictures are looked at here at all.
    """

    on: bool
    model: str
    total: int
    looked_at: int
    waiting: int
    unreadable: int
    problem: str


class VectorView(BaseModel):
    """A picture as CLIP sees it, to be searched with."""

    vector: str


Method = Literal["pca", "umap"]


class PlacedView(BaseModel):
    """A picture on a map; `x` grows to the right and `y` upwards."""

    id: str
    x: float
    y: float
    prompt: str
    path: str
    width: int
    height: int
    thumbnail: str


class MapView(BaseModel):
    """Pictures on a plane, those that show alike things close together; the newest 2,000, where there are more.

    `explained` is the share of all differences that lies along x and along y. `total` counts the pictures that were
    meant, `waiting` those of them that have not been looked at yet. `methods` are the ways there are to draw it: `umap`
    keeps neighbours together, and is an extra; what it draws has no directions, so `explained` is zero.
    """

    pictures: list[PlacedView]
    explained: tuple[float, float]
    total: int
    waiting: int
    methods: list[Method]


class Comparison(BaseModel):
    """Stored pictures, and texts that each is compared with."""

    assets: Pictures
    texts: Annotated[list[Phrase], Field(min_length=1, max_length=MOST)]


class ScoresView(BaseModel):
    """For each picture its similarity to each text, -1 to 1; `notes` say which texts were too long."""

    scores: list[list[float]]
    notes: list[str]


class Ranking(BaseModel):
    """Stored pictures to be put in order by a text; `keep` says how many are wanted."""

    assets: Pictures
    text: Phrase
    keep: Annotated[int, Field(ge=1)] | None = None


class RankedView(BaseModel):
    """A picture in an order, and its similarity to the text, -1 to 1."""

    asset: str
    score: float


class RankingView(BaseModel):
    """Pictures, the best first."""

    ranked: list[RankedView]
    notes: list[str]


class Labelling(BaseModel):
    """Stored pictures, and labels to choose from; `template` is a sentence with `{}` where a label goes."""

    assets: Pictures
    labels: Annotated[list[Phrase], Field(min_length=2, max_length=MOST)]
    template: Annotated[str, Field(max_length=1000, pattern=TEXT)] = ""


class LabelView(BaseModel):
    """How well a label fits: its share of all labels, 0 to 1, and the similarity, -1 to 1."""

    label: str
    share: float
    score: float


class LabelledView(BaseModel):
    """A picture and its labels, the best first."""

    asset: str
    labels: list[LabelView]


class LabellingView(BaseModel):
    """Pictures with their labels."""

    pictures: list[LabelledView]
    notes: list[str]


@router.get("", responses=refusals())
def show_looking(studio: TheStudio, me: Me) -> LookingView:
    """How far looking at your pictures is."""
    state = studio.looking.state(me.id)
    counts = state.counts
    return LookingView(
        on=studio.settings.find_pictures,
        model=state.model,
        total=counts.total,
        looked_at=counts.looked_at,
        waiting=counts.waiting,
        unreadable=counts.unreadable,
        problem=state.problem,
    )


@router.get("/map", responses=refusals(400, 404))
def lay_out(studio: TheStudio, wanted: Wanted, sought: Sought, method: Method = "pca") -> MapView:
    """Your pictures as a map, by what CLIP sees in them; which ones as of `/assets`."""
    among = [near.asset for near in studio.looking.find(sought, wanted, MOST_ALIKE)] if sought else None
    laid = studio.looking.lay_out(wanted, among, MOST_ON_MAP, method)
    with studio.database.read() as connection:
        found = assets_by_id(connection, list(laid.points))
    pictures = [
        PlacedView(
            id=asset.id,
            x=laid.points[asset.id][0],
            y=laid.points[asset.id][1],
            prompt=asset.prompt,
            path=asset.path,
            width=asset.width or 1,
            height=asset.height or 1,
            thumbnail=view_of(asset).thumbnail or "",
        )
        for asset in found
    ]
    total = laid.counts.total if among is None else len(among)
    methods: list[Method] = ["pca", "umap"] if find_spec("umap") else ["pca"]
    return MapView(
        pictures=pictures, explained=laid.explained, total=total, waiting=laid.counts.waiting, methods=methods
    )


@router.post("/vector", responses=refusals(400, 413))
def make_vector(
    studio: TheStudio, me: Me, file: Annotated[UploadFile, File(description="A picture. It is not kept.")]
) -> VectorView:
    """What CLIP sees in a picture, with which `/assets` finds pictures like it."""
    content = file.file.read(studio.settings.upload_bytes + 1)
    return VectorView(vector=packed(studio.looking.vector_of_picture(content)))


@router.post("/score", responses=refusals(400, 404))
def score(comparison: Comparison, studio: TheStudio, me: Me) -> ScoresView:
    """How like each picture is to each text."""
    result = _judged(studio, me, "score", comparison.assets, comparison.texts)
    return ScoresView(scores=result["scores"], notes=result["cut"])


@router.post("/rank", responses=refusals(400, 404))
def rank(ranking: Ranking, studio: TheStudio, me: Me) -> RankingView:
    """Put pictures in order, the one that a text describes best first."""
    result = _judged(studio, me, "score", ranking.assets, [ranking.text])
    scored = zip(ranking.assets, result["scores"], strict=True)
    ranked = [RankedView(asset=asset, score=scores[0]) for asset, scores in scored]
    return RankingView(ranked=sorted(ranked, key=lambda one: -one.score)[: ranking.keep], notes=result["cut"])


@router.post("/labels", responses=refusals(400, 404))
def choose_labels(labelling: Labelling, studio: TheStudio, me: Me) -> LabellingView:
    """Choose the label that fits each picture best."""
    labels = list(dict.fromkeys(labelling.labels))
    result = _judged(studio, me, "labels", labelling.assets, labels, labelling.template)
    pictures = [
        LabelledView(asset=asset, labels=[LabelView(**label) for label in row])
        for asset, row in zip(labelling.assets, result["labels"], strict=True)
    ]
    return LabellingView(pictures=pictures, notes=result["cut"])


def _judged(
    studio: Studio, me: Person, how: str, ids: list[str], texts: list[str], template: str = ""
) -> dict[str, Any]:
    with studio.database.read() as connection:
        found = {asset.id: asset for asset in find_all(connection, me, ids)}
    no_picture = next((asset for asset in found.values() if not asset.width), None)
    if no_picture is not None:
        raise BadInput(f"{no_picture.path} is no picture.", mend="Leave it out.")
    paths = [path_of(studio, found[asset]) for asset in ids]
    return dict(studio.looking.judge(how, paths, texts, template).result)
