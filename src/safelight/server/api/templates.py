"""The workflows that ship with Safelight."""

import json
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse
from pydantic import BaseModel

from safelight.errors import BadInput
from safelight.files.templates import Template, find_template, templates
from safelight.server.api.answers import TEXT, Document, NotThere, refusals

router = APIRouter(prefix="/templates", tags=["templates"])


class TemplateView(BaseModel):
    """One of them, and what it makes; `picture` is the address of a small one, where there is one."""

    name: str
    about: str
    picture: str | None


class TemplateList(BaseModel):
    """All of them, the easiest first."""

    templates: list[TemplateView]


class TemplateDetails(TemplateView):
    """One as graph editors save it, and as jobs take it."""

    editor: Document
    workflow: Document


Asked = Annotated[str, Path(max_length=255, pattern=TEXT)]


@router.get("", responses=refusals())
def list_templates() -> TemplateList:
    """What there is to begin with."""
    return TemplateList(templates=[_view(each) for each in templates().values()])


@router.get("/{name}", responses=refusals(404))
def show_template(name: Asked) -> TemplateDetails:
    """One of them, with its workflow."""
    found = _find(name)
    editor, workflow = (json.loads(path.read_text(encoding="utf-8")) for path in (found.editor, found.api))
    return TemplateDetails(**dict(_view(found)), editor=editor, workflow=workflow)


@router.get(
    "/{name}/picture",
    response_class=FileResponse,
    responses=refusals(404) | {200: {"content": {"image/webp": {}}, "description": "The picture."}},
)
def show_picture(name: Asked) -> FileResponse:
    """A small picture that it made."""
    found = _find(name)
    if found.picture is None:
        raise NotThere(f"The template {name} has no picture.", mend="Show its name alone.")
    return FileResponse(found.picture, media_type="image/webp", headers={"Cache-Control": "max-age=86400"})


def _find(name: str) -> Template:
    try:
        return find_template(name)
    except BadInput as error:
        raise NotThere(error.what, mend=error.mend) from error


def _view(template: Template) -> TemplateView:
    picture = f"/api/v1/templates/{template.name}/picture" if template.picture else None
    return TemplateView(name=template.name, about=template.about, picture=picture)
