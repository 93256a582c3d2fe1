"""Health, the steps, and what can be asked of them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from kingtui import __version__
from kingtui.clock import Clock
from kingtui.control import Control
from kingtui.control.shapes import status_json
from kingtui.models import WrongUse, iso


def router(control: Control, clock: Clock) -> APIRouter:
    """``/health``, ``/status``, ``/trigger`` and ``/restart``."""
    routes = APIRouter(tags=["steps"])

    @routes.get("/health")
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

    @routes.get("/status")
    async def status() -> dict[str, Any]:
        return status_json(await control.status())

    @routes.post("/trigger/{step:path}")
    async def trigger(step: str) -> dict[str, Any]:
        if step not in ("1", "2", "3", "4", "5", "6"):
            raise WrongUse("Invalid step number")
        asked = await control.trigger(int(step))
        return {"message": f"Step {step} triggered", "step": asked.step.script, "run_id": asked.run_id}

    @routes.post("/restart")
    async def restart() -> dict[str, Any]:
        await control.restart()
        return {"message": "Orchestration restarted"}

    return routes
