"""The HTTP API: SPEC's seven routes over Control. Every error is JSON with ``error``."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kingtui import __version__
from kingtui.clock import Clock, SystemClock
from kingtui.control import Control
from kingtui.models import KingError, NotFound, Run, RunStatus, Status, StepView, WrongUse, iso

log = logging.getLogger("kingtui.api")


def make_api(control: Control, clock: Clock | None = None) -> FastAPI:
    """The routes, answered by ``control``."""
    clock = clock or SystemClock()
    api = FastAPI(title="kingtui", version=__version__, docs_url=None, redoc_url=None)
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

    @api.post("/trigger/{step}")
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
        return {"symbol": found.symbol, "report": found.text, "file": found.file, "timestamp": iso(found.at)}

    @api.get("/history")
    async def history(
        limit: int = 100, before: int | None = None, step: int | None = None, status: str | None = None
    ) -> dict[str, Any]:
        runs, total = await control.history(limit=limit, before=before, step=step, status=status)
        return {"history": [run_json(run) for run in runs], "total": total}

    @api.post("/restart")
    async def restart() -> dict[str, Any]:
        await control.restart()
        return {"message": "Orchestration restarted"}

    return api


def status_json(status: Status) -> dict[str, Any]:
    """``GET /status``."""
    return {
        "steps": {f"step_{view.info.number}": _step_json(view) for view in status.steps},
        "is_running": status.is_running,
        "history_count": status.history_count,
        "paused": status.paused,
        "health": status.health.word.value,
        "reasons": list(status.health.reasons),
        "demo": status.demo,
        "source": status.source,
        "pictures": status.pictures_total,
        "pictures_today": status.pictures_today,
        "last_picture_at": iso(status.last_picture_at),
        "api": status.api_address,
        "home": status.home,
        "version": status.version,
        "timestamp": iso(status.at),
    }


def _step_json(view: StepView) -> dict[str, Any]:
    last, progress = view.last_run, view.progress
    executed = last.finished_at if last is not None else None
    return {
        "status": view.status.value,
        "last_execution": iso(executed),
        "script": view.info.script,
        "name": view.info.name,
        "backlog": view.backlog.due,
        "waiting": view.backlog.waiting,
        "next_trigger": iso(view.next_trigger),
        "progress": {"done": progress.done, "total": progress.total, "note": progress.note} if progress else None,
        "held": view.held,
        "waits": view.waits,
        "run_id": view.current_run.id if view.current_run else None,
        "last_run": run_json(last) if last else None,
    }


def run_json(run: Run) -> dict[str, Any]:
    """One entry of ``GET /history``."""
    return {
        "id": run.id,
        "step": run.step,
        "status": run.status.value,
        "timestamp": iso(run.finished_at or run.started_at or run.requested_at),
        "trigger": run.trigger,
        "duration": run.duration,
        "items": run.items,
        "done": run.done,
        "failed": run.failed,
        "quarantined": run.quarantined,
        "error": run.error,
        "count": run.count,
        "requested_at": iso(run.requested_at),
        "started_at": iso(run.started_at),
        "running": run.status in (RunStatus.PENDING, RunStatus.RUNNING),
    }


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
