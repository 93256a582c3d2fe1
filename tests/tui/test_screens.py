"""Every screen over real work: panes and tabs, symbols and reports, history, pictures, log, help and palette."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, Markdown, Tabs

from kingtui.home import Home
from kingtui.models import RunStatus
from kingtui.screens.asking import Pick
from kingtui.screens.dialogs import GoTo, Told
from kingtui.screens.history import HistoryScreen
from kingtui.screens.home import PANES, HomeScreen
from kingtui.screens.log import LogScreen
from kingtui.screens.picture import PictureScreen
from kingtui.screens.pictures import PicturesScreen
from kingtui.screens.run import RunScreen
from kingtui.screens.symbols import SymbolsScreen
from kingtui.screens.table import PAGE
from kingtui.store import runs
from kingtui.store.database import Database
from kingtui.widgets.activity import Activity
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from kingtui.widgets.log_view import LogView
from tests.tui.dashboard import NARROW, WIDE, dashboard
from tests.world import at_rest, ratio_chart, ratio_picture, until


def panes(screen: HomeScreen) -> list[str]:
    return [pane for pane in PANES if screen.query_one(f"#{pane}").region]


async def test_home_is_panes_when_wide_and_tabs_when_narrow(tmp_path: Path) -> None:
    async with dashboard(tmp_path, WIDE) as seen:
        screen = await seen.shown(HomeScreen)
        assert panes(screen) == list(PANES)
        assert not screen.query_one(Tabs).display
        await seen.pilot.resize_terminal(*NARROW)
        await until(lambda: panes(screen) == ["steps"], "one pane")
        assert screen.query_one(Tabs).display
        for pane in ("symbols", "activity", "steps"):
            await seen.press("right_square_bracket")
            await until(lambda pane=pane: panes(screen) == [pane], pane)
            assert screen.query_one(Tabs).active == f"tab-{pane}"
        assert all(row.region for row in screen.query("StepRow"))
        assert screen.query_one("#step-6").region.bottom < NARROW[1]


async def test_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        empty = seen.one("#symbols .empty", Line)
        await until(lambda: f"{tmp_path}/downloads" in empty.text, "the lesson")
        assert "no picture yet" in seen.one("#source", Line).text
        await seen.press("g", "r")
        screen = await seen.shown(HistoryScreen)
        await until(lambda: "Press 1 to 6" in screen.query_one(".empty", Line).text, "the history's lesson")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_dropped_chart_becomes_symbols_to_look_up(tmp_path: Path, size: tuple[int, int]) -> None:
    chart = ratio_chart(7, short_term=True)
    row = chart.rows[3]
    async with dashboard(tmp_path, size) as seen:
        seen.drop(ratio_picture(7, short_term=True))
        await until(lambda: len(seen.app.live.book.records) == len(chart.rows), "the records")
        await at_rest(seen.runtime)
        table = seen.one("SymbolTable KeyedTable", KeyedTable)
        await until(lambda: row.symbol in table.keys, "the symbol on the home screen")
        feed = seen.one("#activity", Activity).feed
        await until(lambda: any(line.text.startswith("Reports written:") for line in feed.lines), "the feed")
        assert any(line.text == "chart0.jpg was read" for line in feed.lines)

        await seen.press("slash", *f"{row.symbol.lower()}/usdt", "enter")
        screen = await seen.shown(SymbolsScreen)
        record = await seen.runtime.control.data(row.symbol)
        rate = record.win_rates["24h"]
        assert rate is not None
        card = screen.query_one("#card", Line)
        await until(lambda: card.text.startswith(row.symbol), "the card")
        assert rate.text in card.text
        assert "liquidation-implied" in card.text
        assert "chart0.jpg" in card.text
        table = screen.query_one(KeyedTable)
        if size == WIDE:
            await until(lambda: table.chosen == row.symbol and table.has_focus, "the list at the symbol")
        else:  # one of the two at a time
            assert not table.region
            await seen.press("escape")
            await until(lambda: table.chosen == row.symbol and table.region, "the list at the symbol")
            await seen.press("enter")
            await until(lambda: not table.region and card.region, "the symbol again")

        await seen.press("v")
        await until(lambda: screen.query("#report-view"), "the report's pane")
        await until(lambda: row.symbol in screen.query_one(Markdown).source, "the report")
        assert "no financial advice" in screen.query_one(Markdown).source


async def test_what_is_no_symbol_and_what_is_not_known(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        await seen.press("slash", *"../../etc/passwd", "enter")
        screen = await seen.shown(SymbolsScreen)
        message = screen.query_one("#message", Line)
        await until(lambda: "is not a symbol" in message.text, "the sentence")
        screen.query_one(Input).value = ""
        await seen.press(*"zzz", "enter")
        await until(lambda: "ZZZ: nothing is known of it" in message.text, "the other sentence")
        assert message.display


async def many_runs(home: Home, count: int) -> None:
    """A history of that many runs of step 2, the newest a minute ago."""
    home.create()
    database = Database(home.database)
    start = datetime.now(UTC) - timedelta(minutes=count + 1)
    await database.open(start)
    async with database.write() as tx:
        for number in range(count):
            at = start + timedelta(minutes=number)
            run, _ = await runs.request(tx, 2, "manual", at)
            await runs.begin(tx, run.id, at)
            await runs.end(tx, run.id, RunStatus.SUCCESS, at + timedelta(seconds=2), done=number)
    await database.close()


@pytest.mark.slow
async def test_history_pages_and_shows_a_run(tmp_path: Path) -> None:
    count = 2 * PAGE + 5
    await many_runs(Home(tmp_path), count)
    async with dashboard(tmp_path) as seen:
        await seen.press("g", "r")
        screen = await seen.shown(HistoryScreen)
        table = screen.query_one(KeyedTable)
        await until(lambda: len(table.keys) == PAGE, "the first page")
        assert list(table.keys) == [str(number) for number in range(count, count - PAGE, -1)]
        await seen.press("right_square_bracket")
        await until(lambda: table.keys[0] == str(count - PAGE), "the second page")
        await seen.press("right_square_bracket")
        await until(lambda: list(table.keys) == ["5", "4", "3", "2", "1"], "the last page")
        await seen.press("left_square_bracket", "left_square_bracket")
        await until(lambda: table.keys[0] == str(count), "the first page again")

        await seen.press("3")  # a run that ends while the page is shown comes to its top
        await until(lambda: table.keys[0] == str(count + 1), "the new run")
        table.focus()
        await seen.press("g", "g", "j", "enter")
        run = await seen.shown(RunScreen)
        assert run.run_id == count
        facts = run.query_one("#facts", Line)
        await until(lambda: f"{count - 1:,} done in 2.0 s" in facts.text, "the facts")


async def test_names_of_files_are_shown_as_they_are_and_act_on_nothing(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        name = "[red]not red[b] \N{RIGHT-TO-LEFT OVERRIDE}x.jpg"
        (seen.runtime.home.downloads / name).write_bytes(b"no picture at all")
        await seen.press("g", "p")
        screen = await seen.shown(PicturesScreen)
        table = screen.query_one(KeyedTable)
        await until(lambda: len(table.keys) == 1, "the picture")
        shown = table.get_cell(table.keys[0], "Name").plain
        assert shown.startswith("[red]not red[b]")
        assert shown.isprintable()
        assert shown in screen.query_one("#detail", Line).text


@pytest.mark.slow  # what does not decode is given 30 s to become whole
async def test_a_quarantined_picture_can_be_tried_again(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        (seen.runtime.home.downloads / "broken.jpg").write_bytes(ratio_picture(1)[:2000])
        await seen.press("g", "p")
        screen = await seen.shown(PicturesScreen)
        table = screen.query_one(KeyedTable)
        await until(lambda: table.keys and screen.offers()[-1], "the quarantined picture", 90)
        await seen.press("f")
        await seen.shown(Pick)
        await seen.press("x")
        await until(lambda: screen.filter == "quarantined" and table.keys, "it alone")
        assert "truncated" in screen.query_one("#detail", Line).text
        assert "Press t to try it again" in screen.query_one("#detail", Line).text
        await seen.press("enter")
        picture = await seen.shown(PictureScreen)
        missing = picture.query_one("#no-picture", Line)
        await until(lambda: "There is no picture to show" in missing.text, "why there is no preview")
        before = (await until(lambda: picture.view, "the view")).image.staged_at
        await seen.press("t")
        await seen.notices("is tried again")
        await until(lambda: picture.view.image.staged_at > before and picture.view.image.failed_stage, "its second end")
        assert "To do" in picture.query_one("#facts", Line).text


async def test_the_log_is_live_filtered_searched_and_can_stand_still(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        await seen.press("g", "l")
        screen = await seen.shown(LogScreen)
        log = screen.query_one(LogView)
        await until(lambda: any("kingtui runs in" in line for line in log.texts), "what was logged before")
        await seen.runtime.control.pause()
        await until(lambda: any("automatic triggers are held" in line for line in log.texts), "a live line")
        await seen.press("slash", *"TRIGGERS ARE", "enter")
        count = screen.query_one("#search-count", Line)
        await until(lambda: count.text == "1 of 1", "the line that was found")
        assert not log.follows
        assert "stands still" in str(log.border_subtitle)
        await seen.runtime.control.resume()
        await until(lambda: "1 new below" in str(log.border_subtitle), "word of the new line")
        assert count.text == "1 of 2"
        await seen.press("G", "v")
        await until(lambda: not log.texts, "nothing from warning on")
        assert "from warning on" in str(log.border_subtitle)
        assert count.text == "not found"
        await seen.press("v", "v", "v")
        await until(lambda: any("automatic triggers are held" in line for line in log.texts), "all lines")
        assert "from info on · follows" in str(log.border_subtitle)


async def test_help_names_the_keys_and_the_palette_what_can_be_done(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        await seen.press("question_mark")
        told = await seen.shown(Told)
        assert "Run step 4: Analyze & Create Reports" in told.content.plain
        assert "Hold automatic triggers" in told.content.plain
        await seen.press("escape", "w")
        assert str(tmp_path) in (await seen.shown(Told)).content.plain
        await seen.press("escape", "g")
        await seen.shown(GoTo)
        await seen.press("escape", "ctrl+p")
        await seen.shown(CommandPalette)
        names = {command.title for command in seen.app.get_system_commands(seen.app.screen)}
        assert {"Run step 1", "Pause", "Restart", "Go to pictures", "Theme", "Quit"} <= names
        assert "Resume" not in names
        assert not any(name.startswith("Cancel") for name in names)


async def test_a_busy_port_is_told_of_and_the_rest_goes_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with dashboard(tmp_path, api=True, host="127.0.0.1", port=port) as seen:
            await until(lambda: "no API" in seen.one("#api", Line).text, "the word in the head")
            await until(lambda: f"port {port}" in seen.one("#reason", Line).text, "the reason")
            await seen.press("w")
            assert f"port {port} on 127.0.0.1 is in use" in (await seen.shown(Told)).content.plain
            await seen.press("escape", "2")
            await seen.notices("Step 2 asked")
