"""What Airtable says when it does not do what it was asked, as three kinds of errors."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from kingtui.models import KingError
from kingtui.services import ServiceUnavailable

if TYPE_CHECKING:
    import requests

BILLING = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
UNKNOWN_COLUMN = "UNKNOWN_FIELD_NAME"
WRONG_VALUE = "INVALID_VALUE_FOR_COLUMN"
REFUSAL_SECONDS = 30.0
"""So long Airtable refuses everything after more than 5 requests in a second."""
LONGEST_WAIT = 3600.0
_LONGEST_TEXT = 300


class Unreachable(ServiceUnavailable):
    """No answer, or none that can be understood: the same is tried again later. ``told``: it named the time."""

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text, retry_after or 0.0)
        self.told = retry_after is not None


class Barred(KingError):
    """Nothing can be sent until a person does something, which ``remedy`` says, or until a new month (``quota``).

    ``scope``: the token is good, but may not do this.
    """

    def __init__(self, text: str, remedy: str, *, quota: bool = False, scope: bool = False) -> None:
        super().__init__(text)
        self.remedy = remedy
        self.quota = quota
        self.scope = scope


class Rejected(KingError):
    """The request was understood and refused for what it holds: one record or column of it, mostly."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}" if kind and message else kind or message)
        self.kind = kind
        self.message = message

    def column(self, names: Iterable[str]) -> str | None:
        """Which of these columns it is about, as far as its text tells: the longest name that is in it."""
        about = self.kind in (UNKNOWN_COLUMN, WRONG_VALUE)
        found = [name for name in names if about and _names(self.message, name)]
        return max(found, key=len, default=None)


def _names(message: str, name: str) -> bool:
    """Whether a message says ``Unknown field name: "X"``, ``Field "X" cannot …`` or ``Field X can not …``."""
    quoted = (f'"{name}"', f"'{name}'", json.dumps(name), f"“{name}”")
    return any(text in message for text in quoted) or f"field {name.lower()} " in f"{message.lower()} "


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success."""

    status: int
    kind: str
    message: str
    retry_after: float | None = None


def refusal(response: requests.Response, now: datetime) -> Refusal:
    """What an answer of 4xx or 5xx says, whatever it looks like."""
    kind = message = ""
    try:
        data: Any = response.json()
    except (ValueError, RecursionError):
        message = "" if "html" in response.headers.get("Content-Type", "") else response.text
    else:
        kind, message = _said(data)
    waits = _seconds(response.headers.get("Retry-After"), now)
    return Refusal(response.status_code, _short(kind), _short(message), waits)


def _said(data: Any) -> tuple[str, str]:
    """Type and message of ``{"error": {"type", "message"}}``, ``{"error": "NOT_FOUND"}`` or ``{"errors": [{…}]}``."""
    if not isinstance(data, dict):
        return "", str(data)
    found: Any = data.get("error")
    errors = data.get("errors")
    if found is None and isinstance(errors, list) and errors:
        found = errors[0]
    if isinstance(found, dict):
        return str(found.get("type") or found.get("error") or ""), str(found.get("message") or "")
    return (str(found), str(data.get("message") or "")) if found else ("", "")


def _short(text: str) -> str:
    plain = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return plain if len(plain) <= _LONGEST_TEXT else f"{plain[: _LONGEST_TEXT - 1]}…"


def _seconds(text: str | None, now: datetime) -> float | None:
    """``Retry-After`` in seconds, which may be a date; None where there is none or it is nonsense."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - now).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 1.0), LONGEST_WAIT) if seconds == seconds else None


def raise_for(answer: Refusal, where: str) -> None:
    """The error that an answer is. ``where``: base and table in words."""
    said = ": ".join(filter(None, (answer.kind, answer.message)))
    told = f"Airtable answers {answer.status}" + (f" ({said})" if said else "")
    if answer.kind == BILLING:
        raise Barred(
            f"Airtable's calls of this month are used up ({said})",
            "wait for the next month or choose a larger plan, then kingtui airtable push", quota=True,
        )  # fmt: skip
    if answer.status == 429:
        raise Unreachable(f"{told}: too many requests", answer.retry_after or REFUSAL_SECONDS)
    if answer.status >= 500 or answer.status == 408:
        raise Unreachable(told, answer.retry_after)
    if answer.status == 401:
        raise Barred(
            f"Airtable does not accept the token ({said or '401'})",
            "make a new personal access token at https://airtable.com/create/tokens and set AIRTABLE_API_KEY",
        )
    if answer.status == 403:
        raise Barred(
            f"Airtable does not let this token write to {where} ({said or '403'})",
            "give the token the scopes data.records:read and data.records:write and access to this base, and check "
            "AIRTABLE_BASE_ID and AIRTABLE_TABLE_NAME",
            scope=True,
        )
    if answer.status == 404:
        raise Barred(f"Airtable knows no {where} ({said or '404'})", "check AIRTABLE_BASE_ID and AIRTABLE_TABLE_NAME")
    raise Rejected(answer.kind or str(answer.status), answer.message)
