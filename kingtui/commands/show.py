"""The answers of a home as tables for people. Everything in them may come from outside and is shown as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from kingtui.charts.reading import SLOTS
from kingtui.commands.output import cell, facts, mark, out, say, table, write
from kingtui.home import Home
from kingtui.reports import format as fmt

COLOURS = {
    "well": "green", "working": "cyan", "attention": "yellow", "stopped": "dim",
    "completed": "green", "success": "green", "running": "cyan", "pending": "cyan",
    "failed": "red", "timeout": "red", "idle": "dim", "cancelled": "yellow",
}  # fmt: skip


def word(text: str) -> Text:
    """A status or health word in its colour."""
    return cell(text, COLOURS.get(text, ""))


def print_status(answer: Mapping[str, Any]) -> None:
    """``GET /status``"""
    now = datetime.fromisoformat(answer["timestamp"])
    last = answer["last_picture_at"]
    came = f", the last {_ago(last, now)}" if last else ""
    console = out()
    console.print(
        facts(
            [
                ("health", word(answer["health"])),
                *[("", cell(reason, "yellow")) for reason in answer["reasons"]],
                ("demo", "painted charts: these numbers are not real" if answer["demo"] else None),
                ("automatic triggers", "paused" if answer["paused"] else None),
                ("pictures", f"{answer['pictures']}, {answer['pictures_today']} of them today{came}"),
                ("source", answer["source"]),
                ("API", answer["api"]),
                ("home", answer["home"]),
            ]
        )
    )
    steps = table("step", "", "status", "due", "wait", "last run", "next", right=("step", "due", "wait"))
    for key, step in answer["steps"].items():
        steps.add_row(
            cell(key.removeprefix("step_")), cell(step["name"]), word(step["status"]), cell(step["backlog"]),
            cell(step["waiting"]), cell(_last_run(step["last_run"], now)), cell(_next(step, now)),
        )  # fmt: skip
    console.print(steps)


def _last_run(run: Mapping[str, Any] | None, now: datetime) -> str | None:
    if run is None:
        return None
    return f"{_ago(run['timestamp'], now)}: {run['status']}, {_items(run)}"


def _next(step: Mapping[str, Any], now: datetime) -> str | None:
    if progress := step["progress"]:
        return f"{progress['done']} of {progress['total']} done {progress['note']}".rstrip()
    if step["next_trigger"] is not None:
        seconds = (datetime.fromisoformat(step["next_trigger"]) - now).total_seconds()
        return "now" if seconds <= 0 else f"in {seconds:.0f} s" if seconds < 120 else f"in {seconds / 60:.0f} min"
    return step["waits"] or None


def print_data(answer: Mapping[str, Any]) -> None:
    """``GET /data/{symbol}``"""
    now = datetime.now(UTC)
    made = table(answer["Symbol"], "", "from", "age", right=("",))
    price = None if answer["CurrentPrice"] is None else fmt.price(answer["CurrentPrice"])
    made.add_row("price", cell(price), cell(answer["CurrentPriceSource"]), _age(answer["CurrentPriceAt"], now))
    made.add_row("score", cell(answer["Score"]), "", "")
    for horizon, name in {"24h": "24 hours", "7d": "7 days", "1m": "1 month"}.items():
        rate, source = answer[f"WinRate_{horizon}"], answer[f"WinRate_{horizon}_Source"]
        made.add_row(f"win rate {name}", cell(rate), cell(source), _age(answer[f"WinRate_{horizon}_At"], now))
    for slot in SLOTS:
        level = answer[f"Liqcluster{slot}"]
        made.add_row(f"cluster {slot}", cell(None if level is None else fmt.level(level)), "", "")
    made.add_row("RSI", cell(answer["RSI"]), "", "")
    console = out()
    console.print(made)
    words = " every value verified" if answer["Verified"] else " not every value verified"
    sure = Text.assemble(mark(answer["Verified"]), words)
    stale = ", older than a day" if answer["Stale"] else ""
    console.print(facts([("evidence", sure), ("newest", f"{_ago(answer['LastUpdated'], now)}{stale}")]))
    say("Win rates are implied by liquidations and not validated.")


def print_report(answer: Mapping[str, Any], home: Home) -> None:
    """``GET /reports/{symbol}``"""
    say(f"{home.root / answer['file']}")
    console = out()
    if not console.is_terminal:
        write(answer["report"].rstrip("\n"))
        return
    from rich.markdown import Markdown

    from kingtui.logs.lines import printable

    console.print(Markdown("\n".join(printable(line) for line in answer["report"].split("\n")), hyperlinks=False))


def print_history(answer: Mapping[str, Any]) -> None:
    """``GET /history``"""
    made = table("run", "step", "ended, UTC", "status", "why", "seconds", "items", "", right=("run", "step", "seconds"))
    for run in answer["history"]:
        ended = datetime.fromisoformat(run["timestamp"]).astimezone(UTC)
        times = f" × {run['count']}" if run["count"] > 1 else ""
        made.add_row(
            cell(run["id"]), cell(run["step"]), cell(f"{ended:%Y-%m-%d %H:%M:%S}"), word(run["status"]),
            cell(f"{run['trigger']}{times}"), cell(None if run["duration"] is None else f"{run['duration']:.2f}"),
            cell(_items(run)), cell(run["error"] or ""),
        )  # fmt: skip
    out().print(made)
    if answer["total"] > len(answer["history"]):
        say(f"{len(answer['history'])} of {answer['total']} runs; --limit shows more")


def _items(run: Mapping[str, Any]) -> str:
    parts = [f"{run['done']} done"]
    parts += [f"{run[name]} {name}" for name in ("failed", "quarantined") if run[name]]
    return ", ".join(parts)


def _age(at: str | None, now: datetime) -> Text:
    return cell(None if at is None else fmt.age(datetime.fromisoformat(at), now))


def _ago(at: str, now: datetime) -> str:
    text = fmt.age(datetime.fromisoformat(at), now)
    return text if text == "just now" else f"{text} ago"
