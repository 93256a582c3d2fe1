"""Logs and documents as widgets without an app: where lines break, how Markdown is laid out, where texts are saved."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from kingtui.models import KingError
from kingtui.widgets.document import document
from kingtui.widgets.saving import save, size
from kingtui.widgets.wrapping import INDENT, breaks

STYLES = {name: Style() for name in ("primary", "accent", "warning", "muted")}


@given(st.text(alphabet="ab 界é", max_size=300), st.integers(1, 120))
def test_broken_lines_lose_nothing_and_fit(text: str, width: int) -> None:
    rows = breaks(text, width)
    assert "".join(text[start:end] for start, end in rows) == text
    for number, (start, end) in enumerate(rows):
        indent = INDENT if number and width > INDENT + 24 else 0
        assert cell_len(text[start:end].rstrip()) + indent <= max(width, 2)


def test_a_word_is_not_torn_where_it_fits() -> None:
    text = "14:32:05 INFO the quick brown fox jumps over the lazy dog"
    assert [text[start:end] for start, end in breaks(text, 40)] == [
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
