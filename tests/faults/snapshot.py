"""What a home holds in the end, without the times: two runs over the same pictures must agree on it."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.faults.process import Process

ENDS = "('extracted', 'unknown', 'duplicate', 'quarantined', 'missing')"
"""The stages in which a picture stays, for SQL."""

_TIMES = re.compile(r"_At$|At$|LastUpdated|Stale")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER = re.compile(r"picture \d+")


def rows(home: Path, query: str) -> list[sqlite3.Row]:
    """Rows of a home's store."""
    with closing(sqlite3.connect(f"file:{home / 'kingtui.db'}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(query).fetchall()


def snapshot(kingtui: Process) -> dict[str, Any]:
    """Stages, readings, records and places. Of identical pictures it does not matter which one is the original."""
    home = kingtui.home.root
    evidence = rows(home, "SELECT symbol, sha256, kind, facts FROM evidence ORDER BY symbol, sha256")
    return {
        "pictures": Counter(
            (row["sha256"], row["stage"], row["kind"], row["symbol"], row["title"], row["verified"],
             _NUMBER.sub("picture", row["reason"] or ""), row["path"].rpartition("/")[0])
            for row in rows(home, "SELECT * FROM images")
        ),
        "readings": {row["sha256"]: row["data"] for row in rows(home, "SELECT sha256, data FROM readings")},
        "evidence": [tuple(row) for row in evidence],
        "history": sorted(tuple(row) for row in rows(home, "SELECT symbol, sha256 FROM symbol_history")),
        "records": {symbol: _record(kingtui, symbol) for symbol in {row["symbol"] for row in evidence}},
        "files": Counter(_files(home)),
    }  # fmt: skip


def _record(kingtui: Process, symbol: str) -> dict[str, Any]:
    return {name: value for name, value in kingtui.get(f"/data/{symbol}").items() if not _TIMES.search(name)}


def _files(home: Path) -> list[str]:
    """Every picture and analysis by its folder; reports are as many as there were changes, so they are not counted."""
    folders = ("downloads", "imagesanalysed", "mdfiles", "HistoryData")
    found = [path.relative_to(home) for folder in folders for path in (home / folder).rglob("*") if path.is_file()]
    return [_DAY.sub("DAY", str(path.parent)) for path in found if path.parts[:2] != ("downloads", "MD Reports")]


def assert_consistent(kingtui: Process, pictures: int) -> None:
    """What holds in every home at rest: each picture once, each file where its row says, nothing half done."""
    home = kingtui.home.root
    images = rows(home, "SELECT path, sha256, analysis FROM images")
    assert len(images) == pictures
    assert all((home / row["path"]).is_file() for row in images)
    assert all((home / row["analysis"]).is_file() for row in images if row["analysis"])
    assert not rows(home, "SELECT * FROM moves")
    assert not [path for path in (home / "downloads").iterdir() if path.is_file()]
    assert not list((home / "mdfiles").iterdir())
    assert not list(home.rglob(".kingtui-*.tmp")), "what killed writes left is swept at the next start"
    for row in rows(home, "SELECT DISTINCT symbol FROM evidence"):
        report = kingtui.get(f"/reports/{row['symbol']}")
        assert (home / report["file"]).is_file()
    assert not rows(home, "SELECT * FROM symbols WHERE due_since IS NOT NULL")
    open_runs = rows(home, "SELECT * FROM runs WHERE status IN ('pending', 'running')")
    assert not open_runs
    lost = rows(home, "SELECT * FROM requests WHERE run_id NOT IN (SELECT id FROM runs)")
    assert not lost
