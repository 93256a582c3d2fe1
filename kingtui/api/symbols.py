"""Symbols' records."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from kingtui.control import Control
from kingtui.models import NotFound, WrongUse


def router(control: Control) -> APIRouter:
    """``/data``."""
    routes = APIRouter(tags=["symbols"])

    @routes.get("/data/{symbol:path}")
    async def data(symbol: str) -> dict[str, Any]:
        try:
            return (await control.data(symbol)).flat()
        except WrongUse:
            raise NotFound("Symbol not found") from None

    return routes
