"""Professional reports."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from kingtui.control import Control
from kingtui.control.shapes import report_json
from kingtui.models import NotFound, WrongUse


def router(control: Control) -> APIRouter:
    """``/reports``."""
    routes = APIRouter(tags=["reports"])

    @routes.get("/reports/{symbol:path}")
    async def report(symbol: str) -> dict[str, Any]:
        try:
            found = await control.report(symbol)
        except WrongUse:
            raise NotFound("No report found") from None
        return report_json(found)

    return routes
