"""What Telegram asked to wait with, kept over restarts: a new start is no reason to ask sooner."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from kingtui.home import write_text


@dataclass(frozen=True, slots=True)
class Wait:
    """No requests before ``until``; ``why`` is a sentence."""

    until: datetime
    why: str


def read_wait(session: Path) -> Wait | None:
    """The wait that is kept beside a session; a file that cannot be read counts as none."""
    try:
        found = json.loads(_file(session).read_text("utf-8"))
        until = datetime.fromisoformat(found["until"])
        return Wait(until, str(found["why"])) if until.tzinfo is not None else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_wait(session: Path, wait: Wait | None) -> None:
    """Keep a wait, or none any more. Raises OSError."""
    if wait is None:
        _file(session).unlink(missing_ok=True)
    else:
        write_text(_file(session), json.dumps({"until": wait.until.isoformat(), "why": wait.why}) + "\n", mode=0o600)


def _file(session: Path) -> Path:
    return session.with_suffix(".wait.json")
