"""``kingtui doctor``: everything that kingtui needs, a line each, with what to do where it is not well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict

from rich.table import Table

from kingtui.commands import check_access, check_home, check_program, check_services, check_telegram
from kingtui.commands.checks import Finding, Patient, Verdict
from kingtui.commands.output import cell, out, write_json
from kingtui.home import Home
from kingtui.models import KingError
from kingtui.redaction import hide
from kingtui.settings import Settings

Check = Callable[[Patient], Awaitable[list[Finding]]]
CHECKS: Sequence[tuple[str, Check]] = (
    ("Python", check_program.python),
    ("SQLite", check_program.sqlite),
    ("recogniser", check_program.recogniser),
    ("fonts", check_program.fonts),
    ("settings", check_program.settings),
    ("home", check_home.folders),
    ("disk", check_home.disk),
    ("owner", check_home.lock),
    ("database", check_home.database),
    ("downloads", check_home.downloads),
    ("quarantine", check_home.quarantine),
    ("sources", check_home.sources),
    ("Telegram", check_telegram.telegram),
    ("API", check_home.api),
    ("access", check_access.access),
    ("Airtable", check_services.airtable),
    ("notices", check_services.notices),
    ("OpenAI", check_services.openai),
    ("prices", check_services.prices),
)
MARKS = {Verdict.WELL: ("✓", "green"), Verdict.NOTE: ("!", "yellow"), Verdict.ILL: ("✗", "red")}


def examine(settings: Settings, *, as_json: bool) -> bool:
    """Make every check and print what was found. False where anything is ✗."""
    patient = Patient(settings, Home(settings.home))
    found = asyncio.run(_examine(patient))
    if as_json:
        write_json([{"check": name} | asdict(finding) for name, finding in found])
    else:
        out().print(_lines(found))
    return all(finding.verdict is not Verdict.ILL for _, finding in found)


def _lines(found: list[tuple[str, Finding]]) -> Table:
    lines = Table.grid(padding=(0, 1))
    for name, finding in found:
        sign, colour = MARKS[finding.verdict]
        style = "" if finding.verdict is Verdict.WELL else colour
        lines.add_row(cell(sign, colour), name, cell(finding.text, style))
        if finding.remedy:
            lines.add_row("", "", cell(f"→ {finding.remedy}"))
    return lines


async def _examine(patient: Patient) -> list[tuple[str, Finding]]:
    found = []
    for name, check in CHECKS:
        try:
            findings = await check(patient)
        except KingError as error:
            findings = [Finding(Verdict.ILL, str(error))]
        except OSError as error:
            findings = [Finding(Verdict.ILL, f"{error.filename or name}: {error.strerror}")]
        except Exception as error:  # told as this check's finding: the others are made all the same
            text = hide(f"this check broke, {type(error).__name__}: {error}")
            findings = [Finding(Verdict.ILL, text, "report it as a mistake of kingtui, with this line")]
        found += [(name, finding) for finding in findings]
    return found
