"""Help while a prompt is written: how long it is, words of earlier ones, and lists of words to draw from."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from safelight.errors import BadInput
from safelight.graph.wildcards import resolve, wildcard_names
from safelight.prompts.counting import Syntax, count_tokens
from safelight.prompts.words import words_beginning
from safelight.server.access import Me
from safelight.server.api.answers import MOST, TEXT, refusals
from safelight.server.studio import TheStudio
from safelight.store.prompts import prompts_holding

router = APIRouter(prefix="/prompts", tags=["prompts"])

LOOKED_AT = 2000  # different prompts that words are taken from, the newest

Text = Annotated[str, Field(max_length=100_000, pattern=TEXT)]


class ToCount(BaseModel):
    """Prompts whose tokens are to be counted."""

    texts: Annotated[list[Text], Field(max_length=100)]
    checkpoint: Annotated[
        str | None,
        Field(max_length=1000, description="What will read them. All families known today cut prompts alike."),
    ] = None
    syntax: Annotated[Syntax, Field(description="How brackets in them are read.")] = "comfyui"


class CountView(BaseModel):
    """The length of a prompt: tokens without marks, chunks of 75, and tokens until the next chunk begins."""

    tokens: int
    chunks: int
    room: int


class CountList(BaseModel):
    """The lengths, in the order of the prompts."""

    counts: list[CountView]


class WordView(BaseModel):
    """Words between two commas, and how many pictures they were used for."""

    text: str
    count: int


class WordList(BaseModel):
    """Those most used first."""

    words: list[WordView]


class WildcardList(BaseModel):
    """Names, which a prompt has between `__` and `__`."""

    wildcards: list[str]


@router.post("/tokens", responses=refusals(400))
def show_lengths(given: ToCount, studio: TheStudio, me: Me) -> CountList:
    """How long prompts are. Of each `{a|b}` one is counted."""
    folders = studio.folders_of(me.id)
    counts = []
    for text in given.texts:
        try:
            drawn = resolve(text, 0, folders.wildcards) if "{" in text or "__" in text else text
        except BadInput:  # half typed
            drawn = text
        counts.append(count_tokens(drawn, given.syntax, folders.directories["embeddings"]))
    return CountList(counts=[CountView.model_validate(count, from_attributes=True) for count in counts])


@router.get("/words", responses=refusals())
def show_words(
    studio: TheStudio,
    me: Me,
    prefix: Annotated[str, Query(min_length=1, max_length=100, pattern=TEXT, description="What was typed.")],
    limit: Annotated[int, Query(ge=1, le=MOST, description="At most so many.")] = 10,
) -> WordList:
    """Parts of your earlier prompts in which a word begins so."""
    with studio.database.read() as connection:
        prompts = prompts_holding(connection, me.id, prefix.strip(), LOOKED_AT)
    found = words_beginning(prefix, prompts, limit)
    return WordList(words=[WordView(text=text, count=count) for text, count in found])


@router.get("/wildcards", responses=refusals())
def show_wildcards(studio: TheStudio, me: Me) -> WildcardList:
    """The files of the folder `wildcards`, of which a prompt draws a line: `__name__`."""
    return WildcardList(wildcards=wildcard_names(studio.folders_of(me.id).wildcards))
