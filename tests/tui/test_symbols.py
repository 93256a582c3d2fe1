"""The list of symbols at work: sorted by key and mouse, found as one types, in pages; and pictures brought in."""

from __future__ import annotations

import asyncio
import gc
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.widgets import Input

from kingtui.home import Home
from kingtui.models import WrongUse
from kingtui.screens.home import HomeScreen
from kingtui.screens.importing import ImportPictures, completed, pictures_of
from kingtui.screens.symbols import SymbolsScreen
from kingtui.store.database import Database
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from kingtui.widgets.symbol_list import PAGE
from tests.store.many import fill
from tests.tui.dashboard import NARROW, Dashboard, dashboard
from tests.world import ratio_picture, until


async def known(home: Home, count: int) -> list[str]:
    """A home that knows so many symbols."""
    home.create()
    database, now = Database(home.database), datetime.now(UTC)
    await database.open(now)
    names = await fill(database, count, now)
    await database.close()
    return names


async def listed(seen: Dashboard, first: str, count: int) -> SymbolsScreen:
    screen = await seen.shown(SymbolsScreen)
    keys = lambda: screen.listing.table.keys  # noqa: E731
    await until(lambda: len(keys()) == count and keys()[0] == first, f"{count} symbols from {first} on")
    return screen


async def test_symbols_are_paged_sorted_and_found(tmp_path: Path) -> None:
    names = await known(Home(tmp_path), PAGE + 30)
    async with dashboard(tmp_path) as seen:
        await seen.press("g", "s")
        screen = await listed(seen, "AAAA", PAGE)
        assert screen.listing.border_subtitle == f"1–{PAGE} of {PAGE + 30}"
        await seen.press("right_square_bracket")
        await listed(seen, names[PAGE], 30)
        await seen.press("left_square_bracket")
        await listed(seen, "AAAA", PAGE)

        await seen.press("s")  # by price, the highest first
        control = seen.runtime.control
        dearest = (await control.symbol_page(sort="price", descending=True, limit=1)).items[0].symbol
        await listed(seen, dearest, PAGE)
        assert "Price ▼" in [column.label.plain for column in screen.listing.table.ordered_columns]
        await seen.press("S")
        await listed(seen, (await control.symbol_page(sort="price", limit=1)).items[0].symbol, PAGE)
        screen.listing.table.focus()
        await seen.pilot.click(screen.listing.table, offset=(2, 0))  # the heading of the names
        await listed(seen, "AAAA", PAGE)

        await seen.press("slash", *"aac")
        await listed(seen, "AACA", 26 + len([name for name in names if "AAC" in name[1:]]))
        assert await screen.listing.entry.suggester.get_suggestion("aac") == "aacA"  # type: ignore[union-attr]
        await seen.press("backspace", "backspace", *"acb/usdt", "enter")
        card = screen.query_one("#card", Line)
        await until(lambda: card.text.startswith("AACB"), "the symbol")
        assert "Liquidations around the price" in card.text
        assert screen.listing.entry.value == ""
        assert "the whole map" in card.text
        await seen.press("z")
        await until(lambda: "± 5 %" in card.text, "the nearer window")

        await seen.press("slash", *"aad", "enter")
        await until(lambda: card.text.startswith("AADA"), "what was suggested")
        await seen.press("slash", *"qqq", "enter")
        message = screen.query_one("#message", Line)
        await until(lambda: "QQQ: nothing is known of it" in message.text, "what was typed, as nothing begins so")


async def test_colours_follow_the_theme(tmp_path: Path) -> None:
    await known(Home(tmp_path), 3)
    async with dashboard(tmp_path) as seen:
        table = seen.one("SymbolTable KeyedTable", KeyedTable)
        await until(lambda: len(table.keys) == 3, "the symbols")
        colour = lambda: table.get_cell("AAAA", "Score").spans[0].style.color  # noqa: E731
        before = colour()
        seen.app.theme = "kingfisher-light"
        await until(lambda: colour() != before, "the other theme's colour")


async def test_on_a_narrow_terminal_list_and_symbol_take_turns(tmp_path: Path) -> None:
    await known(Home(tmp_path), 5)
    async with dashboard(tmp_path, NARROW) as seen:
        await seen.press("g", "s")
        screen = await listed(seen, "AAAA", 5)
        assert not screen.query_one("#detail").region
        await seen.press("down", "enter")
        card = screen.query_one("#card", Line)
        await until(lambda: card.text.startswith("AAAB") and card.region, "the symbol")
        assert not screen.listing.region
        await seen.press("escape")
        await until(lambda: screen.listing.table.has_focus and screen.listing.region, "the list")
        await seen.press("escape")
        await seen.shown(HomeScreen)


async def test_pictures_are_imported_from_a_path(tmp_path: Path) -> None:
    folder, home = tmp_path / "charts of mine", tmp_path / "home"
    folder.mkdir()
    data = ratio_picture(5)
    (folder / "ratio.jpg").write_bytes(data)
    async with dashboard(home) as seen:
        await until(lambda: "press i to import" in seen.one("#symbols .empty", Line).text, "the lesson")
        await seen.press("i")
        window = await seen.shown(ImportPictures)
        await seen.press(*"/nowhere", "enter")
        await until(lambda: "is not there" in window.query_one("#problem", Line).text, "the sentence")
        entry = window.query_one(Input)
        entry.value = f"{folder}"[:-4]
        entry.cursor_position = len(entry.value)
        await until(lambda: entry._suggestion == f"{folder}/", "the folder's name")
        await seen.press("tab", "enter")
        await seen.notices("1 picture imported")
        await until(lambda: len(seen.app.live.book.records) == 12, "its symbols")
    assert (folder / "ratio.jpg").read_bytes() == data


async def test_what_is_no_picture_is_not_taken(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        control = seen.runtime.control
        await control.pause()
        for name, data, said in (
            ("a.pdf", b"x", "no picture"), ("a.jpg", b"", "empty"), ("a.png", b"0" * 50_000_001, "too large")
        ):  # fmt: skip
            with pytest.raises(WrongUse, match=said):
                await control.add_picture(name, data)
        paths = {await control.add_picture("../../x.png", bytes([number])) for number in (1, 2)}
        assert len(paths) == 2
        assert all(path.startswith("downloads/") and "/" not in path.removeprefix("downloads/") for path in paths)


def test_paths_are_told_of_in_sentences(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    for text, said in (
        (" ", "type the path"), (str(tmp_path / "no"), "is not there"), (str(tmp_path / "empty"), "has no pictures"),
        (str(tmp_path / "notes.txt"), "is no picture"), ("\0", "cannot be read|is not there"),
        ("~nobody-of-that-name/x.jpg", "cannot be read"),
    ):  # fmt: skip
        with pytest.raises(WrongUse, match=said):
            pictures_of(text)
    assert completed(str(tmp_path / "emp")) == f"{tmp_path}/empty/"
    assert completed(str(tmp_path / "notes")) is None
    assert completed("") is None


@pytest.mark.slow
async def test_five_thousand_symbols_open_at_once_and_never_hold_the_loop(tmp_path: Path) -> None:
    await known(Home(tmp_path), 5000)
    gc.collect()
    gc.freeze()  # what earlier tests left in this process is none of the dashboard's, and takes long to look through
    async with dashboard(tmp_path) as seen:
        await seen.press("g", "s")
        screen = await listed(seen, "AAAA", PAGE)
        await seen.press("escape")
        await seen.shown(HomeScreen)
        usual = work()
        longest = 0.0

        async def watch() -> None:
            nonlocal longest
            while True:
                began = time.thread_time()
                await asyncio.sleep(0)
                longest = max(longest, time.thread_time() - began)

        watching = asyncio.create_task(watch())
        for key, first in (("S", None), ("s", None), ("right_square_bracket", None)):
            before = list(screen.listing.table.keys)
            await seen.app.switch_mode("symbols")
            await seen.press(key)
            await until(lambda before=before: screen.listing.table.keys not in ([], before), f"{key}, {first}")
        watching.cancel()
        gc.unfreeze()
        assert longest < 12 * max(usual, work())  # on a quiet machine a fifth of it


def work() -> float:
    """Processor seconds that this machine, as it is now, takes to count to a million."""
    began = time.thread_time()
    for _ in range(1_000_000):
        pass
    return time.thread_time() - began


async def test_what_became_narrow_meanwhile_is_drawn_anew_and_takes_keys(tmp_path: Path) -> None:
    await known(Home(tmp_path), 5)
    async with dashboard(tmp_path) as seen:
        await seen.press("g", "s")
        screen = await listed(seen, "AAAA", 5)
        await seen.press("enter", "escape")
        await seen.shown(HomeScreen)
        await seen.pilot.resize_terminal(*NARROW)
        await seen.press("g", "s")
        await seen.shown(SymbolsScreen)
        card, view = screen.query_one("#card", Line), screen.query_one("#levels-view")
        await until(lambda: card.content_size.width > 70, "the whole width")
        plot_width = lambda: max(len(line.rstrip()) for line in card.text.splitlines())  # noqa: E731
        await until(lambda: 45 < plot_width() <= card.content_size.width, "a card of that width")
        assert screen.focused is view
        await seen.press("g", "h")
        await seen.shown(HomeScreen)
