"""The Markdown files and what can be taken out of them: links, headings, tables, code.

    python -m tests.documents

writes the settings table of the README and the bindings of docs/dashboard.md anew.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import ByteSize

from kingtui.settings import Settings, variable

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
API = ROOT / "docs" / "api.md"
DASHBOARD = ROOT / "docs" / "dashboard.md"
PAGES = (README, CONTRIBUTING, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))

SETTINGS = ("<!-- settings: written by `python -m tests.documents` -->", "<!-- end of settings -->")
BINDINGS = ("<!-- bindings: written by `python -m tests.documents` -->", "<!-- end of bindings -->")
CORES = "the processors it may use"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PLACEHOLDER = re.compile(r"%[.\d]*[sdrf]")


def prose(page: Path) -> str:
    """The page without its code."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    return re.sub(r"`[^`\n]*`", "", text)


def code(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return [body for name, body in _FENCE.findall(page.read_text("utf-8")) if name == language]


def links(page: Path) -> list[str]:
    """The targets of the page's links and pictures."""
    return _LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """The anchors of the page's headings, as GitHub makes them."""
    text = _FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def part(page: Path, start: str, end: str = "\n#") -> str:
    """The text between two marks; ``end`` defaults to the next heading."""
    after = page.read_text("utf-8").split(start, 1)[1]
    return after.split(end, 1)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of the Markdown tables in a text, row by row, without the head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    heads = {k - 1 for k, line in enumerate(lines) if set(line) <= set("|- :")}
    return [row for k, row in enumerate(cells) if k not in heads and k - 1 not in heads]


def settings_table() -> str:
    """Every setting with its default and meaning."""
    lines = ["| Setting | Default | Meaning |", "| --- | --- | --- |"]
    for name, info in Settings.model_fields.items():
        meaning = " ".join((info.description or "").split()).replace("``", "`")
        lines.append(f"| `{variable(name, info)}` | {_default(name)} | {meaning} |")
    return "\n".join(lines)


def _default(name: str) -> str:
    if name == "workers":
        return CORES
    value = Settings.model_fields[name].get_default(call_default_factory=True)
    if value is None or value == ():
        return "–"
    if isinstance(value, ByteSize):
        return f"`{value.human_readable(decimal=True).replace('.0', '')}`"
    if isinstance(value, Path) and value.is_relative_to(Path.home()):
        return f"`~/{value.relative_to(Path.home())}`"
    return f"`{str(value).lower() if isinstance(value, bool) else f'{value:g}' if isinstance(value, float) else value}`"


def templates() -> Iterator[str]:
    """Every text in the program that is no docstring, with ``…`` for what is filled in."""
    for file in sorted((ROOT / "kingtui").rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                yield "".join(_literal(value) for value in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield _PLACEHOLDER.sub("…", node.value)


def _literal(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "…"


def bindings_table() -> str:
    """What can be bound, as docs/dashboard.md has it."""
    from textual.keys import format_key

    from kingtui.keymap import bindings

    found: dict[str, str] = {}
    for bound in sorted(bindings(), key=lambda bound: bound.id):
        keys = " ".join(f"`{format_key(key)}`" for key in bound.keys)
        found.setdefault(bound.id, f"| `{bound.id}` | {keys} | {bound.tooltip} |")
    return "\n".join(["| Binding | Key | Does |", "| --- | --- | --- |", *found.values()])


def write_bindings() -> None:
    """Write the bindings table of docs/dashboard.md anew."""
    text = DASHBOARD.read_text("utf-8")
    before, rest = text.split(BINDINGS[0], 1)
    DASHBOARD.write_text(
        f"{before}{BINDINGS[0]}\n\n{bindings_table()}\n\n{BINDINGS[1]}{rest.split(BINDINGS[1], 1)[1]}", "utf-8"
    )


def write_settings() -> None:
    """Put the settings table into the README."""
    text = README.read_text("utf-8")
    before, rest = text.split(SETTINGS[0], 1)
    after = rest.split(SETTINGS[1], 1)[1]
    README.write_text(f"{before}{SETTINGS[0]}\n\n{settings_table()}\n\n{SETTINGS[1]}{after}", "utf-8")


if __name__ == "__main__":
    write_settings()
    write_bindings()
