"""The channel of attached dashboards: every method of Control under its name, with the arguments it has there.

It is between two kingtui and no part of the public API: its shapes are those of ``kingtui.control.wire``.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kingtui.control import Control
from kingtui.control.wire import METHODS
from kingtui.models import KingError, NotFound

log = logging.getLogger("kingtui.api")

PAUSE_SECONDS = 0.2
"""To stop the API waits so long: the answer to who asked for it goes out before."""


def router(control: Control) -> APIRouter:
    """``POST /control/{method}``."""
    routes = APIRouter(include_in_schema=False)
    afterwards: set[asyncio.Task[None]] = set()

    @routes.post("/control/{name}")
    async def ask(name: str, request: Request) -> Response:
        method = METHODS.get(name)
        if method is None:
            raise NotFound(f"{name[:40]!r} is nothing that this version of kingtui can be asked")
        arguments = method.load_arguments(await request.body())
        if name == "set_api" and not arguments["on"]:
            # The server waits for its requests before it stops: it cannot be stopped within one of them
            task = asyncio.create_task(_stop_api(control))
            afterwards.add(task)
            task.add_done_callback(afterwards.discard)
            result: Any = None
        else:
            result = await getattr(control, name)(**arguments)
        return Response(method.dump_result(result), media_type="application/json")

    return routes


async def _stop_api(control: Control) -> None:
    await asyncio.sleep(PAUSE_SECONDS)
    try:
        await control.set_api(False)
    except KingError as error:
        log.error("the API could not be stopped: %s", error)
