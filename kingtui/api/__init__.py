"""The HTTP API: routes over Control, one module per subject, and every error as JSON."""

from __future__ import annotations

from fastapi import FastAPI

from kingtui import __version__
from kingtui.api import pages, reports, runs, steps, symbols
from kingtui.api.errors import handle_errors
from kingtui.clock import Clock, SystemClock
from kingtui.control import Control


def make_api(control: Control, clock: Clock | None = None) -> FastAPI:
    """The routes, answered by ``control``."""
    clock = clock or SystemClock()
    api = FastAPI(title="kingtui", version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False)
    handle_errors(api)
    for router in (
        steps.router(control, clock),
        symbols.router(control),
        reports.router(control),
        runs.router(control),
        pages.router(),
    ):
        api.include_router(router)
    return api
