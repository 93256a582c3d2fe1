"""The history of runs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from kingtui.api.parameters import Number
from kingtui.control import Control
from kingtui.control.shapes import run_json


def router(control: Control) -> APIRouter:
    """``/history``."""
    routes = APIRouter(tags=["runs"])

    @routes.get("/history")
    async def history(
        limit: int = 100, before: Number = None, step: Number = None, status: str | None = None
    ) -> dict[str, Any]:
        runs, total = await control.history(limit=limit, before=before, step=step, status=status)
        return {"history": [run_json(run) for run in runs], "total": total}

    return routes
