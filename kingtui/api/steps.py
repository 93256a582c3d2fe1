"""Health, the steps, and what can be asked of them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kingtui.api import schemas
from kingtui.api.answers import json_response
from kingtui.api.desk import Desk
from kingtui.api.openapi import answers
from kingtui.api.parameters import StepNumber
from kingtui.models import WrongUse


def router(desk: Desk) -> APIRouter:
    """``/health``, ``/status``, ``/readyz``, and the POSTs about steps."""
    routes = APIRouter(tags=["Steps"])
    control = desk.control

    @routes.get("/health", summary="Whether it lives, and how it is", **answers(schemas.Health))
    async def health(request: Request) -> Response:
        return (await desk.status_answer("/health")).to(request)

    @routes.get("/status", summary="The six steps and the whole", **answers(schemas.Status))
    async def status(request: Request) -> Response:
        return (await desk.status_answer("/status")).to(request)

    @routes.get("/readyz", summary="Whether all is at work, for a supervisor", **answers(schemas.Ready))
    async def ready() -> Response:
        found = await desk.status()
        missing = [*found.starting, *(["kingtui is stopping"] if found.stopping else [])]
        if not missing:
            return json_response({"ready": True, "missing": []})
        told = {"error": "; ".join(missing), "code": "unavailable"}
        return json_response({"ready": False, "missing": missing} | told, 503, {"Retry-After": "1"})

    @routes.post("/trigger/{step:any}", summary="Ask for a run of a step", **answers(schemas.Triggered))
    async def trigger(step: StepNumber) -> Response:
        asked = await control.trigger(_number(step))
        desk.changed()
        return json_response({"message": f"Step {step} triggered", "step": asked.step.script, "run_id": asked.run_id})

    @routes.post("/cancel/{step:any}", summary="End a step's run and hold the step", **answers(schemas.Cancelled))
    async def cancel(step: StepNumber) -> Response:
        cancelled = await control.cancel(_number(step))
        desk.changed()
        return json_response({"cancelled": cancelled})

    @routes.post("/pause", summary="Hold automatic triggers", **answers(schemas.Paused))
    async def pause() -> Response:
        await control.pause()
        desk.changed()
        return json_response({"paused": True})

    @routes.post("/resume", summary="Let automatic triggers run again", **answers(schemas.Paused))
    async def resume() -> Response:
        await control.resume()
        desk.changed()
        return json_response({"paused": False})

    @routes.post("/restart", summary="End every run and set all steps to idle", **answers(schemas.Restarted))
    async def restart() -> Response:
        await control.restart()
        desk.changed()
        return json_response({"message": "Orchestration restarted"})

    return routes


def _number(step: str) -> int:
    if step not in ("1", "2", "3", "4", "5", "6"):
        raise WrongUse("Invalid step number")
    return int(step)
