"""Symbols: their records, lists of them, how they went, and their levels."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from kingtui.api import schemas
from kingtui.api.answers import Answer, encoded
from kingtui.api.desk import Desk
from kingtui.api.openapi import answers
from kingtui.api.parameters import PLAIN, Symbol
from kingtui.control.symbol_answers import MOST_ROWS
from kingtui.control.symbol_shapes import levels_json
from kingtui.control.wire import dump
from kingtui.models import NotFound, SymbolSort, WrongUse, symbol_of

MOST_SYMBOLS = 200
"""Symbols of one question."""

Names = Annotated[
    str,
    Query(
        description="Symbols in any writing, with commas between them; said more than once, all of them count",
        examples=["BTC,ETH"],
        json_schema_extra={"pattern": f"^{PLAIN}(,{PLAIN}){{0,199}}$"},
    ),
]
Find = Annotated[str, Query(max_length=64, description="Letters of the name, or any writing of a symbol")]
Page = Annotated[int, Query(ge=1, le=MOST_ROWS, description="How many at most")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="How many to leave out at the beginning")]
Points = Annotated[int, Query(ge=1, le=1000, description="How many of the newest pictures count")]


def router(desk: Desk) -> APIRouter:
    """``/data`` and ``/symbols``."""
    routes = APIRouter(tags=["Symbols"])
    control = desk.control

    @routes.get("/data", summary="All that is known of several symbols", **answers(schemas.Records))
    async def several(request: Request, symbols: Names) -> Response:
        said = ",".join(request.query_params.getlist("symbols"))  # of several the framework gives the last alone
        return Answer.of_bytes(await _joined(desk, _names(said))).to(request)

    @routes.get("/data/{symbol:any}", summary="All that is known of a symbol", **answers(schemas.Record, 404))
    async def data(request: Request, symbol: Symbol) -> Response:
        return (await desk.record_answer(request.scope["path"], symbol)).to(request)

    @routes.get("/symbols", summary="A list of symbols", **answers(schemas.Symbols))
    async def listed(
        request: Request, find: Find = "", sort: SymbolSort = "symbol", descending: bool = False, limit: Page = 100,
        offset: Offset = 0,
    ) -> Response:  # fmt: skip
        page = await control.symbol_page(find=find, sort=sort, descending=descending, limit=limit, offset=offset)
        found = await asyncio.gather(*(_body(desk, item.symbol) for item in page.items))
        records = b",".join(body for body in found if body is not None)
        return Answer.of_bytes(b'{"symbols":[%b],"total":%d}' % (records, page.total)).to(request)

    @routes.get(
        "/symbols/{symbol}/history", summary="How its price and score went, oldest first",
        **answers(schemas.SymbolHistory, 404),
    )  # fmt: skip
    async def history(request: Request, symbol: Symbol, limit: Points = 300) -> Response:
        record = await desk.record(symbol)
        return Answer.of(dump(await control.symbol_history(record.symbol, limit))).to(request)

    @routes.get(
        "/symbols/{symbol}/levels", summary="Its price, bars, clusters and bands, as a plot needs them",
        **answers(schemas.Levels, 404),
    )  # fmt: skip
    async def levels(request: Request, symbol: Symbol) -> Response:
        return Answer.of(levels_json(await desk.record(symbol))).to(request)

    return routes


def _names(text: str) -> list[str]:
    """The symbols of a question, each once, in its order; WrongUse."""
    parts = text.split(",")
    if len(parts) > MOST_SYMBOLS:
        raise WrongUse(f"{len(parts)} symbols are asked for: at most {MOST_SYMBOLS} are allowed")
    return list(dict.fromkeys(symbol_of(part) for part in parts))


async def _joined(desk: Desk, names: list[str]) -> bytes:
    bodies = await asyncio.gather(*(_body(desk, name) for name in names))
    fields = (b"%b:%b" % (encoded(name), body or b"null") for name, body in zip(names, bodies, strict=True))
    return b'{"data":{%b}}' % b",".join(fields)


async def _body(desk: Desk, name: str) -> bytes | None:
    """A symbol's record as JSON, kept or made; None where nothing is known of it."""
    path = f"/data/{name}"
    try:
        return (desk.kept.find(path) or await desk.record_answer(path, name)).body
    except NotFound:
        return None
