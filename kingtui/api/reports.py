"""Professional reports: the list, one as JSON, Markdown or a page, and the figure in it."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator

from kingtui.api import schemas
from kingtui.api.answers import JSON, Answer, encoded, preferred
from kingtui.api.desk import Desk
from kingtui.api.documents import HTML, report_page
from kingtui.api.openapi import answers
from kingtui.api.parameters import LARGEST, PLAIN, Before, Limit, Symbol
from kingtui.control.shapes import report_json, report_row_json
from kingtui.models import NotFound, Report, WrongUse, symbol_of

MARKDOWN = "text/markdown"
PNG = "image/png"


def _day(text: object) -> object:
    """A count of seconds is a date for pydantic, but not for us."""
    if isinstance(text, str) and not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        raise ValueError("a day such as 2026-11-22 is allowed")
    return text


Of = Annotated[
    str | None, Query(description="Only reports of this symbol", json_schema_extra={"pattern": f"^{PLAIN}$"})
]
Day = Annotated[date | None, BeforeValidator(_day), Query(description="Only reports of this day (UTC)")]
ReportId = Annotated[int | None, Query(ge=1, le=LARGEST, description="One of the list, instead of the latest")]
FORMS = {MARKDOWN: {"schema": {"type": "string"}}, "text/html": {"schema": {"type": "string"}}}


def router(desk: Desk) -> APIRouter:
    """``/reports``."""
    routes = APIRouter(tags=["Reports"])
    control = desk.control

    @routes.get("/reports", summary="A list of reports, newest first", **answers(schemas.Reports))
    async def listed(
        request: Request, symbol: Of = None, day: Day = None, limit: Limit = 100, before: Before = None
    ) -> Response:
        name = None if symbol is None else symbol_of(symbol)
        found, total = await control.reports(symbol=name, day=day, limit=limit, before=before)
        return Answer.of({"reports": [report_row_json(report) for report in found], "total": total}).to(request)

    @routes.get(
        "/reports/{symbol:any}/figure", summary="The picture in a symbol's report: bars, price and clusters",
        **answers(None, 404, media={PNG: {"schema": {"type": "string", "format": "binary"}}}),
    )  # fmt: skip
    async def figure(request: Request, symbol: Symbol, id: ReportId = None) -> Response:  # noqa: A002 - it is the query's
        return Answer.of_bytes(await control.report_figure(_named(symbol), id), PNG).to(request)

    @routes.get(
        "/reports/{symbol:any}", summary="A symbol's report as JSON, Markdown or HTML",
        **answers(schemas.Report, 404, media=FORMS),
    )  # fmt: skip
    async def report(request: Request, symbol: Symbol, id: ReportId = None) -> Response:  # noqa: A002 - it is the query's
        found = await _report(desk, symbol, id)
        form = preferred(request, (JSON, MARKDOWN, "text/html"))
        return (await asyncio.to_thread(_told, found, form)).to(request)

    return routes


async def _report(desk: Desk, symbol: str, report_id: int | None) -> Report:
    name = _named(symbol)
    if report_id is None:
        return await desk.control.report(name)
    found = await desk.control.report_text(report_id)
    if found.symbol != name:
        raise NotFound(f"Report {report_id} is not of {name}")
    return found


def _named(symbol: str) -> str:
    try:
        return symbol_of(symbol)
    except WrongUse:
        raise NotFound("No report found") from None


def _told(found: Report, form: str) -> Answer:
    if form == MARKDOWN:
        return Answer.of_bytes(found.text.encode("utf-8", "replace"), f"{MARKDOWN}; charset=utf-8", varies=True)
    if form == "text/html":
        return Answer.of_bytes(report_page(found).encode("utf-8", "replace"), HTML, varies=True)
    return Answer.of_bytes(encoded(report_json(found)), varies=True)
