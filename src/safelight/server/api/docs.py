"""The page of this API, drawn from its OpenAPI document by a script of ours: nothing is fetched from elsewhere."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

router = APIRouter(prefix="/docs", include_in_schema=False)

PAGE = Path(__file__).with_name("page")


@router.get("")
def page() -> FileResponse:
    """The page."""
    return FileResponse(PAGE / "index.html", media_type="text/html; charset=utf-8")


@router.get("/page.js")
def script() -> FileResponse:
    """Its script."""
    return FileResponse(PAGE / "page.js", media_type="text/javascript; charset=utf-8")


@router.get("/page.css")
def style() -> FileResponse:
    """Its style."""
    return FileResponse(PAGE / "page.css", media_type="text/css; charset=utf-8")
