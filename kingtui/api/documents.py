"""Pages that are written here, on the server: the manual of the API, and a report as HTML.

They need no script and no address outside. What they show may come from pictures and captions: it is escaped, and no
HTML of a report's text survives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from kingtui.api.answers import Answer
from kingtui.models import Report, iso

if TYPE_CHECKING:
    from jinja2 import Environment
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

HTML = "text/html; charset=utf-8"
TEMPLATES = Path(__file__).parent / "templates"
STYLE = "/docs/style.css"
METHODS = ("get", "post")


def router(api: FastAPI) -> APIRouter:
    """``/docs`` and its style."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/docs")
    def manual(request: Request) -> Response:
        return Answer.of_bytes(manual_page(api.openapi()).encode(), HTML).to(request)

    @routes.get(STYLE)
    def style(request: Request) -> Response:
        return Answer.of_bytes((TEMPLATES / "style.css").read_bytes(), "text/css; charset=utf-8").to(request)

    return routes


def report_page(report: Report) -> str:
    """A report as a page of its own."""
    body = _markdown().render(report.text, {"report": report})
    return _pages().get_template("report.html.j2").render(
        style=STYLE, title=f"{report.symbol}: liquidation report", body=body, written=iso(report.at)
    )  # fmt: skip


def manual_page(document: Mapping[str, Any]) -> str:
    """What ``/openapi.json`` says, to read."""
    operations: dict[str, list[dict[str, Any]]] = {}
    for path, found in document["paths"].items():
        for method in METHODS:
            if method in found:
                tag = (found[method].get("tags") or ["More"])[0]
                operations.setdefault(tag, []).append({"method": method.upper(), "path": path} | found[method])
    return _pages().get_template("manual.html.j2").render(
        style=STYLE, info=document["info"], operations=operations, schemas=document["components"]["schemas"],
        forms=_forms, kind=_kind, links=_links,
    )  # fmt: skip


def _forms(answer: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Media types of an answer, each with its shape in words and the shapes that it names."""
    return [
        (media, _kind(found.get("schema") or {}), _links(found.get("schema") or {}))
        for media, found in answer.get("content", {}).items()
    ]


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if choices := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(_kind(choice) for choice in choices))
    if "enum" in schema or "const" in schema:
        return ", ".join(f"“{value}”" for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"{_kind(schema['additionalProperties'])} by name"
    return str(schema.get("format") or schema.get("type") or "anything")


def _links(schema: Mapping[str, Any]) -> list[str]:
    """The named shapes in a schema."""
    if "$ref" in schema:
        return [str(schema["$ref"]).rsplit("/", 1)[1]]
    parts: Sequence[Any] = [
        *schema.get("anyOf", ()), schema.get("items"), schema.get("additionalProperties"),
    ]  # fmt: skip
    return [name for part in parts if isinstance(part, Mapping) for name in _links(part)]


@cache
def _pages() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip


@cache
def _markdown() -> MarkdownIt:
    """Markdown without HTML of its own, and of pictures only the report's figure: other addresses mean nothing here."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False}).enable("table")
    made.add_render_rule("image", lambda self, tokens, place, options, env: _image(tokens[place], env["report"]))
    return made


def _image(token: Token, report: Report) -> str:
    words = escape(token.content, quote=True)
    if report.figure is None or unquote(str(token.attrs["src"])) != PurePosixPath(report.figure).name:
        return f"<em>[{words}]</em>"
    return f'<img src="/reports/{quote(report.symbol)}/figure?id={report.id}" alt="{words}">'
