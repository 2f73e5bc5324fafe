"""The workflows that ship with Safelight."""

import json
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

from safelight.errors import BadInput
from safelight.files.templates import find_template, templates
from safelight.server.api.answers import TEXT, Document, NotThere, refusals

router = APIRouter(prefix="/templates", tags=["templates"])


class TemplateView(BaseModel):
    """One of them, and what it makes."""

    name: str
    about: str


class TemplateList(BaseModel):
    """All of them, the easiest first."""

    templates: list[TemplateView]


class TemplateDetails(TemplateView):
    """One as graph editors save it, and as jobs take it."""

    editor: Document
    workflow: Document


@router.get("", responses=refusals())
def list_templates() -> TemplateList:
    """What there is to begin with."""
    return TemplateList(templates=[TemplateView(name=each.name, about=each.about) for each in templates().values()])


@router.get("/{name}", responses=refusals(404))
def show_template(name: Annotated[str, Path(max_length=255, pattern=TEXT)]) -> TemplateDetails:
    """One of them, with its workflow."""
    try:
        found = find_template(name)
    except BadInput as error:
        raise NotThere(error.what, mend=error.mend) from error
    editor, workflow = (json.loads(path.read_text(encoding="utf-8")) for path in (found.editor, found.api))
    return TemplateDetails(name=found.name, about=found.about, editor=editor, workflow=workflow)
