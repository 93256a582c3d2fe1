"""Logs and documents as widgets without an app: where lines break, how Markdown is laid out, where texts are saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult

from kingtui.models import KingError
from kingtui.widgets.document import document
from kingtui.widgets.log_view import LogView
from kingtui.widgets.saving import save, size
from kingtui.widgets.wrapping import breaks, indent_of

STYLES = {name: Style() for name in ("primary", "accent", "warning", "muted")}


@given(st.text(alphabet="ab 界é", max_size=300), st.integers(1, 120))
def test_broken_lines_lose_nothing_and_fit(text: str, width: int) -> None:
    rows = breaks(text, width, indent_of(width))
    assert "".join(text[start:end] for start, end in rows) == text
    for number, (start, end) in enumerate(rows):
        indent = indent_of(width) if number else 0
        assert cell_len(text[start:end].rstrip()) + indent <= max(width, 2)


def test_a_word_is_not_torn_where_it_fits() -> None:
    text = "14:32:05 INFO the quick brown fox jumps over the lazy dog"
    assert [text[start:end] for start, end in breaks(text, 40, 9)] == [
        "14:32:05 INFO the quick brown fox jumps ", "over the lazy dog",
    ]  # fmt: skip


def test_markdown_is_laid_out_and_foreign_text_acts_on_nothing() -> None:
    table = "| Price | Level |\n| --- | --- |\n| 1.5 | \x1b[31mred [b]bold[/b] |\n"
    text = f"# BTC\n\n![figure](x.png)\n\n## Levels\n\n{table}"
    found = document(text + "\n[click](http://example.org)\n\n## End\n\n" + "word " * 40, 40, STYLES)
    whole = "\n".join(found.texts)
    assert "figure" not in whole
    assert "\x1b" not in whole
    assert "[b]bold[/b]" in whole
    assert all(cell_len(row) <= 40 for row in found.texts)
    assert [found.texts[row].strip() for row in found.sections] == ["BTC", "Levels", "End"]
    assert not any(segment.style and segment.style.link for row in found.rows for segment in row)


def test_saving_says_where_and_never_writes_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert save("one", "report.md") == tmp_path / "report.md"
    assert save("two", str(tmp_path / "report.md")) == tmp_path / "report-2.md"
    assert save("three", "new/report.md") == tmp_path / "new" / "report.md"
    assert (tmp_path / "report.md").read_text() == "one"
    assert (tmp_path / "report-2.md").read_text() == "two"
    for wanted, sentence in (("", "is a folder"), ("new", "is a folder"), ("report.md/x", "could not be written"),
                             ("no/such/folder/x", "No such file"), ("a\0b", "could not be written")):  # fmt: skip
        with pytest.raises(KingError, match=sentence):
            save("four", wanted)
    assert size("x" * 8200) == "8.2 kB"


class Shown(App[None]):
    """A log of twenty lines at most."""

    def compose(self) -> ComposeResult:
        yield LogView(most=20)


def lines(first: int, last: int) -> list[Text]:
    return [Text(f"line {number} of a few words that go on and on") for number in range(first, last)]


async def test_a_log_stands_still_while_lines_come_and_go(tmp_path: Path) -> None:
    app = Shown()
    async with app.run_test(size=(36, 8)) as pilot:
        view = app.query_one(LogView)
        view.extend(lines(0, 18))
        await pilot.pause()
        assert seen(view)[-2].startswith("line 17")
        await pilot.press("k", "pageup")
        await pilot.pause()
        assert not view.follows
        before = seen(view)
        view.extend(lines(18, 25))  # five of the oldest go
        await pilot.pause()
        assert seen(view) == before
        assert len(view.texts) == 20
        whole = view.texts.index(next(text for text in view.texts if text[:8] in "".join(before)))
        top = whole if before[0].startswith("line") else whole - 1
        await pilot.resize_terminal(60, 8)
        await pilot.pause()
        assert seen(view)[0].rstrip() == view.texts[top]

        assert view.search("LINE 2") == 5  # 20 to 24
        assert view.step(1) == 0
        await pilot.pause()
        assert any(row.startswith("line 20 ") for row in seen(view))
        assert [view.step(-1), view.step(-1), view.place] == [4, 3, 3]
        await pilot.press("G")
        await pilot.pause()
        assert view.follows
        assert seen(view)[-1].startswith("line 24 ")
        assert view.search("") == 0
        view.replace(lines(0, 2))
        await pilot.pause()
        assert [row.rstrip() for row in seen(view)[:3]] == [line.plain for line in lines(0, 2)] + [""]


def seen(view: LogView) -> list[str]:
    return [view.render_line(y).text for y in range(view.scrollable_content_region.height)]
