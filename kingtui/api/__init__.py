"""The HTTP API: routes over Control, one module per subject, live events, and every error as JSON.

``make_api`` gives an ASGI app; who may ask what is decided before it. A Desk is what its routes share.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from kingtui import __version__
from kingtui.api import attached, documents, live, metrics, pages, pictures, reports, runs, steps, symbols
from kingtui.api.desk import Desk
from kingtui.api.errors import handle_errors
from kingtui.api.front import Front
from kingtui.api.openapi import describe
from kingtui.clock import Clock, SystemClock
from kingtui.control import Control
from kingtui.steps.intake import MAX_BYTES

ABOUT = (
    "Liquidation charts as numbers: levels, win rates and reports of each symbol. Answers are JSON; what is not known "
    "is null, never 0; times are ISO 8601 in UTC. Win rates are implied by liquidations and not validated."
)


def make_api(control: Control, clock: Clock | None = None, *, max_upload: int = MAX_BYTES) -> Front:
    """The API as an ASGI app, answered by ``control``. It must be told of its lifespan to hear of events."""
    desk = Desk(control, clock or SystemClock(), min(max_upload, MAX_BYTES))
    return Front(make_routes(desk), desk.kept, desk.requests)


def make_routes(desk: Desk) -> FastAPI:
    """The routes alone."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with desk.hub:
            yield

    api = FastAPI(
        title="kingtui", version=__version__, description=ABOUT, docs_url=None, redoc_url=None,
        redirect_slashes=False, lifespan=lifespan,
    )  # fmt: skip
    handle_errors(api)
    for subject in (steps, symbols, reports, pictures, runs, metrics, live):
        api.include_router(subject.router(desk))
    api.include_router(documents.router(api))
    api.include_router(attached.router(desk.control))
    api.include_router(pages.router())
    describe(api)
    return api
