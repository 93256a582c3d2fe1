"""The Jinja environment of the Markdown templates."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kingtui.reports import format as formats

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # takes 0.3 s, which a start can do without

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - it writes Markdown; `md` escapes what others wrote
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "md": formats.md,
        "moment": formats.moment,
        "verified": formats.verified,
    }
    return environment


def render(template: str, **context: Any) -> str:
    """A template of ``kingtui/reports/templates`` as text; a name that it lacks is an error, never a blank."""
    return _environment().get_template(template).render(context).rstrip() + "\n"
