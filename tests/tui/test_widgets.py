"""Widgets by themselves: keyed rows, quiet lines, a symbol's card, bindings that can be remapped."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.dom import DOMNode

import kingtui.app
import kingtui.screens
import kingtui.widgets
from kingtui.models import ClusterLevel, SymbolRecord, Value, WinRate, open_level
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from kingtui.widgets.symbol_card import Room, card, distance

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield KeyedTable(("Name", "Number"))
        yield Line(id="line")


def rows(**numbers: int) -> dict[str, list[Text]]:
    return {key: [Text(key), Text(str(number))] for key, number in numbers.items()}


def shown(table: KeyedTable) -> list[tuple[str, str]]:
    return [tuple(cell.plain for cell in table.get_row_at(index)) for index in range(table.row_count)]  # type: ignore[misc]


async def test_rows_are_updated_moved_added_and_removed_by_key() -> None:
    async with Host().run_test() as pilot:
        table = pilot.app.query_one(KeyedTable)
        table.sync(rows(a=1, b=2, c=3, d=4))
        table.move_cursor(row=2)
        assert table.chosen == "c"
        table.sync(rows(d=4, c=30, e=5, b=2))
        assert shown(table) == [("d", "4"), ("c", "30"), ("e", "5"), ("b", "2")]
        assert table.chosen == "c"
        assert table.cursor_row == 1
        table.sync(rows(x=1, y=2))
        assert shown(table) == [("x", "1"), ("y", "2")]
        table.sync({})
        assert table.chosen is None


async def test_the_cursor_at_the_top_stays_at_the_top_when_something_new_comes() -> None:
    async with Host().run_test() as pilot:
        table = pilot.app.query_one(KeyedTable)
        table.sync(rows(b=2, c=3))
        table.sync(rows(a=1, b=2, c=3))
        assert table.chosen == "a"


async def test_a_line_repaints_only_what_changed() -> None:
    async with Host().run_test() as pilot:
        line = pilot.app.query_one(Line)
        assert line.show(Content.assemble(("[b]x", "bold")))
        assert line.text == "[b]x"
        assert not line.show(Content.assemble(("[b]x", "bold")))
        assert line.show(Content.assemble(("[b]x", "dim")))


def record(**how: Any) -> SymbolRecord:
    return SymbolRecord("ETH", NOW, NOW, **how)


def test_a_card_without_anything_says_so_instead_of_inventing() -> None:
    text = card(record(), None, NOW, Room(100)).plain
    assert text.count("not available") == 5
    assert "no liquidation map of it has come yet" in text
    assert text.count("none") == 4
    assert " 0" not in text


def test_a_card_marks_what_was_passed_or_not_verified() -> None:
    level = ClusterLevel(3600, 12, NOW, verified=True, passed=True)
    further = ClusterLevel(3300, 40, NOW, verified=False)
    known = record(
        price=Value(3500, NOW, "liquidation map", verified=False),
        clusters={"-2": further, "-1": level, "+1": None, "+2": None},
        win_rates={"24h": WinRate(12, 88, "short-term ratio", NOW, verified=True), "7d": None, "1m": None},
    )
    text = card(known, None, NOW, Room(100)).plain
    assert "strength 12  passed ✓" in text
    assert "−5.7%  strength 40 ? not verified" in text
    assert "3,500 ? not verified  liquidation map, just now" in text
    assert "12% Long/88% Short" in text
    assert "▲ stale" not in text
    assert open_level(known, ("-1", "-2")) is further
    assert distance(further, known) == "−5.7%"
    old = SymbolRecord("ETH", NOW, NOW - timedelta(days=2))
    assert "▲ stale: older than a day" in card(old, None, NOW, Room(100)).plain


def bindings() -> list[tuple[str, Binding]]:
    modules = [kingtui.app]
    for package in (kingtui.screens, kingtui.widgets):
        names = (module.name for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."))
        modules += [importlib.import_module(name) for name in names]
    classes = {
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, DOMNode) and thing.__module__.startswith("kingtui")
    }
    return [(cls.__name__, bound) for cls in classes for bound in cls.__dict__.get("BINDINGS", [])]


def test_every_binding_can_be_remapped_and_explains_itself() -> None:
    known = bindings()
    assert len(known) > 35
    assert all(isinstance(bound, Binding) for _, bound in known)
    assert not [where for where, bound in known if not bound.id or not bound.tooltip]
    names = [bound.id for _, bound in known]
    assert len(names) == len(set(names))
