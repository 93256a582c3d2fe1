"""A line paints what changed of it, and what is on the screen is the new text all the same."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Region

from kingtui.widgets.line import Line, changes

MARKED = Content.assemble("a\n", ("✓ ", "bold"), "1 min ago: done")


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (MARKED, Content.assemble("a\n", ("✓ ", "bold"), "2 min ago: done"), [Region(2, 1, 1, 1)]),
        (MARKED, Content.assemble("a\n", ("✓ ", "italic"), "1 min ago: done"), [Region(0, 1, 2, 1)]),
        (Content("ab"), Content("a"), [Region(1, 0, 1, 1)]),
        (Content("日本a"), Content("日本b"), [Region(4, 0, 1, 1)]),
        (Content("a\nb"), Content("a"), None),
        (Content("a"), Content("a" * 41), None),
    ],
)
def test_what_differs(before: Content, after: Content, found: list[Region] | None) -> None:
    assert changes(before, after, 40) == found


async def test_the_screen_has_the_new_text() -> None:
    class OneLine(App[None]):
        CSS = "Line { width: 30; height: 2; padding: 0 1; }"

        def compose(self) -> ComposeResult:
            yield Line()

    app = OneLine()
    async with app.run_test(size=(40, 4)) as pilot:
        line = app.query_one(Line)
        for text in ("one 1 min\nx", "one 2 min\nx", "one 2 hours ago\nxyz", "o\n日本", "another\ntext 9"):
            line.show(Content(text))
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            shown = ["".join(segment.text for segment in strip).strip() for strip in strips]
            assert shown[:2] == text.split("\n")
