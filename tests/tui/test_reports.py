"""Reports by symbol and day, to read, search, save and copy."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.widgets import Input

from kingtui.screens.asking import Pick, SaveAs
from kingtui.screens.report import ReportScreen
from kingtui.screens.reports import ReportsScreen
from kingtui.widgets.document_view import DocumentView
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from tests.tui.dashboard import dashboard
from tests.world import ratio_chart, ratio_picture, until


async def test_a_report_is_found_read_searched_and_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = ratio_chart(7)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with dashboard(tmp_path / "home") as seen:
        await seen.press("g", "e")
        screen = await seen.shown(ReportsScreen)
        await until(lambda: "press 6" in screen.query_one(".empty", Line).text, "the lesson")
        seen.drop(ratio_picture(7))
        table = screen.query_one(KeyedTable)
        await until(lambda: len(table.keys) == len(chart.rows), "the reports")
        symbol = screen.items[table.keys[3]].symbol

        await seen.press("slash", *symbol.lower(), "enter")
        await until(lambda: {report.symbol for report in screen.items.values()} == {symbol}, "those of the symbol")
        await seen.press("f")
        await seen.shown(Pick)
        await seen.press("t")  # today
        await until(lambda: screen.day is not None and len(table.keys) == 1, "today's")
        await seen.press("enter")
        report = await seen.shown(ReportScreen)
        view = report.query_one(DocumentView)
        await until(lambda: view.text.startswith(f"{symbol}: liquidation report"), "the report")
        assert "no financial advice" in view.text

        await seen.press("slash", *"WIN  rate")
        count = report.query_one("#search-count", Line)
        expected = " ".join(view.text.split()).lower().count("win rate")
        await until(lambda: count.text == f"{expected} found", "how often it is found")
        await seen.press("enter", "n", "N", "N")
        assert count.text == f"{expected} of {expected}"
        assert view.scroll_offset.y > 0
        await seen.press("escape")

        await seen.press("s")
        await seen.shown(SaveAs)
        name = seen.app.screen.query_one(Input).value
        assert name.startswith(f"report_{symbol}_")
        await seen.press("enter")
        saved = folder / name
        await seen.notices(str(saved))
        assert await asyncio.to_thread(saved.read_text) == report.report.text


@pytest.mark.slow
async def test_a_report_that_is_gone_says_so(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        seen.drop(ratio_picture(2))
        await seen.press("g", "e")
        screen = await seen.shown(ReportsScreen)
        await until(lambda: screen.items, "the report")
        (seen.runtime.home.root / next(iter(screen.items.values())).file).unlink()
        await seen.press("enter")
        view = (await seen.shown(ReportScreen)).query_one(DocumentView)
        await until(lambda: "somebody removed it" in " ".join(view.text.split()), "the sentence")
