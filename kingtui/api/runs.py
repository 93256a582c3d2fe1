"""The history of runs, and each run with its log."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from kingtui.api import schemas
from kingtui.api.answers import JSON, Answer, encoded, json_response, preferred
from kingtui.api.desk import Desk
from kingtui.api.openapi import answers
from kingtui.api.parameters import LARGEST, Before, Id, Limit
from kingtui.control.shapes import run_json

Step = Annotated[int | None, Query(ge=0, le=LARGEST, description="Only runs of this step")]
Ended = Annotated[
    Literal["success", "failed", "timeout", "cancelled"] | None, Query(description="Only runs that ended so")
]
TEXT = "text/plain; charset=utf-8"


def router(desk: Desk) -> APIRouter:
    """``/history`` and ``/runs``."""
    routes = APIRouter(tags=["Runs"])
    control = desk.control

    @routes.get("/history", summary="The runs that have ended, newest last", **answers(schemas.History))
    async def history(limit: Limit = 100, before: Before = None, step: Step = None, status: Ended = None) -> Response:
        runs, total = await control.history(limit=limit, before=before, step=step, status=status)
        return json_response({"history": [run_json(run) for run in runs], "total": total})

    @routes.get("/runs/{run_id}", summary="One run", **answers(schemas.Run, 404))
    async def run(run_id: Id) -> Response:
        return json_response(run_json(await control.run(run_id)))

    @routes.get(
        "/runs/{run_id}/log", summary="The log of a run, as text or JSON",
        **answers(schemas.RunLog, 404, media={"text/plain": {"schema": {"type": "string"}}}),
    )  # fmt: skip
    async def log(request: Request, run_id: Id) -> Response:
        text = await control.run_log(run_id)
        if preferred(request, ("text/plain", JSON)) == JSON:
            return Answer(encoded({"run_id": run_id, "log": text}), varies=True).to(request)
        return Answer(text.encode("utf-8", "replace"), media=TEXT, varies=True).to(request)

    return routes
