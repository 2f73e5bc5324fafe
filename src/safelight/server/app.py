"""Puts the web service together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from safelight import __version__
from safelight.engine.interface import Fleet
from safelight.errors import SafelightError
from safelight.server import errors
from safelight.server.api.routes import ROUTERS
from safelight.server.cleaning import clean_daily
from safelight.server.comfy import routes as comfy
from safelight.server.measuring import Measured, no_requests
from safelight.server.security.doorkeeper import Doorkeeper
from safelight.server.security.wall import wall
from safelight.server.stocktaking import Stocktaking
from safelight.server.studio import opened
from safelight.settings import Settings

API = "/api/v1"


def make_app(settings: Settings, fleet: Fleet) -> FastAPI:
    """The service as an ASGI application.

    Args:
        settings: As read at the start.
        fleet: Where engines come from.
    """

    @contextlib.asynccontextmanager
    async def at_work(app: FastAPI) -> AsyncIterator[None]:
        async with opened(settings, fleet) as studio, comfy.at_work(app):
            app.state.studio = studio
            taking_stock = Stocktaking(studio.folders, studio.database).run()
            housework = (
                asyncio.create_task(clean_daily(studio), name="cleaning"),
                asyncio.create_task(taking_stock, name="stocktaking"),
            )
            yield
            for each in housework:
                each.cancel()

    doorkeeper = Doorkeeper(settings)
    app = FastAPI(
        title="Safelight",
        version=__version__,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=at_work,
        middleware=wall(settings, doorkeeper),
        exception_handlers={
            SafelightError: errors.answer_error,
            HTTPException: errors.answer_http,
            RequestValidationError: errors.answer_form,
            Exception: errors.answer_unexpected,
        },
    )
    app.state.doorkeeper = doorkeeper
    app.state.requests = no_requests()
    app.add_middleware(Measured, requests=app.state.requests)
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    comfy.mount(app)
    return app
