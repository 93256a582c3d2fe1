"""The HTTP API: SPEC's seven routes over Control. Every error is JSON with ``error``."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kingtui import __version__
from kingtui.clock import Clock, SystemClock
from kingtui.control import Control
from kingtui.control.shapes import report_json, run_json, status_json
from kingtui.models import KingError, NotFound, WrongUse, iso

log = logging.getLogger("kingtui.api")

Number = Annotated[int | None, Query(ge=0, le=2**63 - 1)]
"""A number that a database can hold."""


def make_api(control: Control, clock: Clock | None = None) -> FastAPI:
    """The routes, answered by ``control``."""
    clock = clock or SystemClock()
    api = FastAPI(title="kingtui", version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False)
    api.add_exception_handler(KingError, _king_error)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(Exception, _broken)

    @api.get("/health")
    async def health() -> dict[str, Any]:
        found = (await control.status()).health
        return {
            "status": "healthy",
            "service": "King Orchestration Agent",
            "timestamp": iso(clock.now()),
            "version": __version__,
            "health": found.word.value,
            "reasons": list(found.reasons),
        }

    @api.get("/status")
    async def status() -> dict[str, Any]:
        return status_json(await control.status())

    @api.post("/trigger/{step:path}")
    async def trigger(step: str) -> dict[str, Any]:
        if step not in ("1", "2", "3", "4", "5", "6"):
            raise WrongUse("Invalid step number")
        asked = await control.trigger(int(step))
        return {"message": f"Step {step} triggered", "step": asked.step.script, "run_id": asked.run_id}

    @api.get("/data/{symbol:path}")
    async def data(symbol: str) -> dict[str, Any]:
        try:
            return (await control.data(symbol)).flat()
        except WrongUse:
            raise NotFound("Symbol not found") from None

    @api.get("/reports/{symbol:path}")
    async def report(symbol: str) -> dict[str, Any]:
        try:
            found = await control.report(symbol)
        except WrongUse:
            raise NotFound("No report found") from None
        return report_json(found)

    @api.get("/history")
    async def history(
        limit: int = 100, before: Number = None, step: Number = None, status: str | None = None
    ) -> dict[str, Any]:
        runs, total = await control.history(limit=limit, before=before, step=step, status=status)
        return {"history": [run_json(run) for run in runs], "total": total}

    @api.post("/restart")
    async def restart() -> dict[str, Any]:
        await control.restart()
        return {"message": "Orchestration restarted"}

    return api


async def _king_error(request: Request, error: Exception) -> JSONResponse:
    code = 404 if isinstance(error, NotFound) else 400 if isinstance(error, WrongUse) else 503
    return JSONResponse({"error": str(error)}, code)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    code = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "Not found", 405: "Method not allowed"}
    headers = error.headers if isinstance(error, HTTPException) else None
    return JSONResponse({"error": words.get(code, str(getattr(error, "detail", error)))}, code, headers=headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    text = "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in problems)
    return JSONResponse({"error": text or "The request is not valid"}, 422)


async def _broken(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s broke", request.method, request.url.path, exc_info=error)
    return JSONResponse({"error": "Something broke inside kingtui; its log says what"}, 500)
