"""The documents are true: their links resolve, their tables and sentences are the program's, their commands parse."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from kingtui.api import make_routes
from kingtui.api.desk import Desk
from kingtui.charts import heatmap, liquidation_map, ratio
from kingtui.clock import SystemClock
from kingtui.commands.command_line import app
from kingtui.models import STEPS
from kingtui.settings import Settings, variable
from tests import documents
from tests.documents import API, CONTRIBUTING, PAGES, README, ROOT, anchors, code, links, part, rows


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_resolve(page: Path) -> None:
    for target in links(page):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.is_relative_to(ROOT), target
        assert file.exists(), f"{page.name} links to {target}, which is not there"
        if anchor:
            assert anchor in anchors(file), f"{page.name} links to {target}, which is no heading there"


def test_the_settings_table_is_the_settings() -> None:
    written = part(README, *documents.SETTINGS).strip()
    assert written == documents.settings_table(), "python -m tests.documents writes it anew"


def test_the_bindings_table_is_the_bindings() -> None:
    written = part(documents.DASHBOARD, *documents.BINDINGS).strip()
    assert written == documents.bindings_table(), "python -m tests.documents writes it anew"


def test_settings_that_do_nothing_yet_are_named() -> None:
    files = [file for file in (ROOT / "kingtui").rglob("*.py") if file.name != "fields.py"]
    program = "\n".join(file.read_text("utf-8") for file in files)
    unread = {
        variable(name, info)
        for name, info in Settings.model_fields.items()
        if not re.search(rf'\.{name}\b|"{name}"', program)
    }
    assert unread == set(re.findall(r"`(KINGTUI_\w+)`", part(README, "## What is not there yet")))


def test_every_step_is_described() -> None:
    table = [row[:2] for row in rows(part(README, "## The six steps"))]
    assert table == [[str(step.number), step.name] for step in STEPS]


@pytest.mark.parametrize(
    ("said", "tolerance"),
    [
        ("where green meets red in the bar (± {:g} points)", ratio._SPLIT_TOLERANCE),
        ("one arrow from {:g}", ratio._ARROW),
        ("two from {:g}", ratio._DOUBLE_ARROW),
        ("place on the price axis: within {:.1%}", liquidation_map._PRICE_TOLERANCE),
        ("leave less than {:.1%} open", heatmap.TOLERANCE),
    ],
)
def test_the_tolerances_are_the_readers(said: str, tolerance: float) -> None:
    text = (ROOT / "docs" / "chart-reading.md").read_text("utf-8")
    assert said.format(tolerance).replace("%", " %") in text


def test_every_route_is_described() -> None:
    described = set(re.findall(r"^## (GET|POST) (/\S*)", API.read_text("utf-8"), re.MULTILINE))
    routes = make_routes(Desk(None, SystemClock(), 1)).openapi()["paths"]  # type: ignore[arg-type]
    told = {(method.upper(), path) for path, found in routes.items() for method in found}
    assert described == {(method, re.sub(r"\{(step|run_id|image_id)\}", _letter, path)) for method, path in told}


def _letter(name: re.Match[str]) -> str:
    return "{n}" if name[1] == "step" else "{id}"


def test_every_room_is_drawn() -> None:
    drawing = part(CONTRIBUTING, "## The rooms")
    rooms = {path.stem for path in (ROOT / "kingtui").iterdir() if path.suffix in ("", ".py")}
    assert not [room for room in rooms if room[0] != "_" and not re.search(rf"\b{room}\b", drawing)]


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    section = part(CONTRIBUTING, "## Dependencies")
    listed = [row[0].strip("`") for row in rows(section)]
    assert listed == sorted(_distribution(text) for text in project["dependencies"])
    tools = {_distribution(text) for extra in project["optional-dependencies"].values() for text in extra}
    assert not [tool for tool in tools if f"`{tool}`" not in section]


def _distribution(requirement: str) -> str:
    return re.split(r"[\[<>=;~! ]", requirement)[0]


def test_every_folder_of_tests_is_described() -> None:
    section = part(CONTRIBUTING, "## Tests")
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    assert not [folder for folder in folders if f"`tests/{folder}`" not in section]


def test_the_troubles_are_what_the_program_says() -> None:
    known = "\n".join(text.replace("\n", " ") for text in documents.templates())
    sentences = [
        text
        for row in rows(part(README, "<!-- sentences", "\n## "))
        for text in re.findall(r"`([^`]+)`", row[0])
    ]  # fmt: skip
    assert len(sentences) > 20
    for sentence in sentences:
        pattern = ".*".join(re.escape(piece) for piece in sentence.split("…"))
        assert re.search(pattern, known), f"nothing in kingtui says {sentence!r}"


def _command_lines() -> list[str]:
    lines = [line.split("  #")[0].strip() for line in "\n".join(code(README, "sh")).splitlines()]
    return [line for line in lines if line.startswith("kingtui")]


def test_every_command_is_shown_and_parses() -> None:
    group: Any = typer.main.get_command(app)
    shown = set()
    for line in [*_command_lines(), *_inline_commands()]:
        context = group.make_context("kingtui", shlex.split(line)[1:])
        rest = [*context._protected_args, *context.args]
        if rest:
            name, command, rest = group.resolve_command(context, rest)
            command.make_context(name, rest, parent=context)
            shown.add(name)
    assert shown == set(group.commands)


def _inline_commands() -> list[str]:
    """Commands in sentences and indented blocks, without those that show a placeholder in capitals."""
    text = README.read_text("utf-8")
    found = re.findall(r"`(kingtui [^`]+)`", text) + re.findall(r"^    (kingtui(?: [^ ].*)?)$", text, re.MULTILINE)
    return [line for line in found if not re.search(r"\b(COMMAND|IMAGE|SYMBOL)\b", line)]
