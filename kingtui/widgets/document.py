"""Markdown as rows for a screen: pure work on text, done off the loop. Links lead nowhere, pictures are left out."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Heading, Markdown
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from rich.theme import Theme

from kingtui.widgets.words import plain_lines

LEAST_WIDTH = 24
_FIGURE = re.compile(r"^!\[.*\]\(.*\)$\n?", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """Rows of ``width`` cells at most, each with its styles and as plain text, and the rows where sections begin."""

    width: int = 0
    rows: tuple[tuple[Segment, ...], ...] = ()
    texts: tuple[str, ...] = ()
    sections: tuple[int, ...] = field(default=())


class _Heading(Heading):
    """On the left; the document's title and its sections have a line below."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.tag != "h1":
            yield Text("")
        text = self.text
        text.justify = "left"
        yield text
        if self.tag in ("h1", "h2"):
            line = "═" if self.tag == "h1" else "─"
            yield Text(line * min(options.max_width, max(text.cell_len, 24)), "markdown.hr")


class _Report(Markdown):
    elements: ClassVar[dict[str, Any]] = Markdown.elements | {"heading_open": _Heading}


def document(markdown: str, width: int, styles: Mapping[str, Style]) -> Document:
    """The text in ``width`` cells. ``styles``: ``primary``, ``accent``, ``warning`` and ``muted`` of the theme.

    The text is data: what could act on a terminal or hide text is shown as what it is.
    """
    width = max(width, LEAST_WIDTH)
    text = plain_lines(_FIGURE.sub("", markdown))
    console = Console(
        file=io.StringIO(), width=width, color_system="truecolor", force_terminal=True, legacy_windows=False,
        theme=_theme(styles), markup=False, emoji=False, highlight=False, no_color=False,
    )  # fmt: skip
    lines = console.render_lines(_Report(text, hyperlinks=False), console.options, pad=False)
    rows, texts = _spaced(lines)
    return Document(width, tuple(rows), tuple(texts), _sections(text, texts))


def _spaced(lines: list[list[Segment]]) -> tuple[list[tuple[Segment, ...]], list[str]]:
    """The rows and their texts, with one empty row where there are several, and none at the top."""
    rows, texts = [], [""]
    for line in lines:
        text = "".join(segment.text for segment in line).rstrip()
        if text or texts[-1]:
            rows.append(tuple(line))
            texts.append(text)
    return rows, texts[1:]


def _sections(markdown: str, rows: list[str]) -> tuple[int, ...]:
    """Where each heading stands: the first row after the heading before that has its words."""
    found, row = [], 0
    for match in _HEADING.finditer(markdown):
        words = re.sub(r"\\(?=\W)|[*`]", "", match[1]).split()
        place = next((at for at in range(row, len(rows)) if rows[at].split()[: len(words)] == words), None)
        if place is not None:
            found.append(place)
            row = place + 1
    return tuple(found)


def _theme(styles: Mapping[str, Style]) -> Theme:
    primary, accent, warning = (styles[name] for name in ("primary", "accent", "warning"))
    bold = Style(bold=True)
    return Theme(
        {
            "markdown.h1": primary + bold, "markdown.h2": primary + bold, "markdown.h3": accent + bold,
            "markdown.h4": bold, "markdown.hr": styles["muted"], "markdown.strong": bold,
            "markdown.item.bullet": accent, "markdown.item.number": accent, "markdown.block_quote": warning,
            "markdown.code": bold, "markdown.code_block": Style(), "markdown.link": Style(),
            "markdown.link_url": styles["muted"], "markdown.table.border": styles["muted"],
            "markdown.table.header": accent + bold,
        }
    )  # fmt: skip
