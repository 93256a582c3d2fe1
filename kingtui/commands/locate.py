"""``kingtui locate``: every path and setting with its source."""

from __future__ import annotations

from dataclasses import asdict

from kingtui.commands.output import cell, out, table, write_json
from kingtui.home import Home
from kingtui.locate import Section, locate
from kingtui.settings import Settings


def show_places(settings: Settings, *, as_json: bool) -> None:
    """Print the sections of ``kingtui.locate``; as JSON, an object of lists by section."""
    sections = locate(settings, Home(settings.home))
    if as_json:
        write_json({section.title: [asdict(row) for row in section.rows] for section in sections})
        return
    console = out()
    for section in sections:
        console.print(_table(section))


def _table(section: Section) -> object:
    made = table(section.title, "", "")
    for row in section.rows:
        made.add_row(cell(row.name), cell(row.value), cell(row.remark, "dim"))
    return made
