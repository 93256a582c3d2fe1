"""Airtable on loopback: tables, records and upserts as its Web API has them, its limits, and faults on demand."""

from __future__ import annotations

import itertools
import json
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "patTESTTESTTEST12.0123456789abcdef"
BASE = "appTESTTESTTEST12"
TEXTS = ("singleLineText", "multilineText", "email", "url")


@dataclass
class Table:
    """A table: columns with their types, and rows by id."""

    id: str
    name: str
    columns: dict[str, dict[str, Any]]
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def by(self, key: str) -> dict[Any, dict[str, Any]]:
        """The rows by what a column says; fails where two say the same."""
        found = {row.get(key): row for row in self.rows.values()}
        assert len(found) == len(self.rows), f"two rows of one {key}"
        return found


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, kind: str, message: str = "") -> None:
        super().__init__(kind)
        self.status = status
        self.body = {"error": {"type": kind, "message": message} if message else kind}


Fault = Callable[["_Handler"], bool]
"""What goes wrong with one request; whether it is answered (or not) by that. False: it is served after all."""


class Airtable:
    """``with Airtable() as server:`` serves one base, ``server.address``. Faults are taken by the next requests."""

    def __init__(self, *, scopes: tuple[str, ...] = ("data", "schema:read", "schema:write"), per_second: int = 5,
                 penalty: float = 30.0) -> None:  # fmt: skip
        self.scopes = set(scopes)
        self.token = TOKEN
        self.tables: dict[str, Table] = {}
        self.faults: deque[Fault] = deque()
        self.calls: list[tuple[float, str, str, Any]] = []
        """When, method, path and body of every request."""
        self.writes: list[dict[str, Any]] = []
        """The fields of every record that was written, in order."""
        self.per_second = per_second
        self.penalty = penalty
        self.refused_until = 0.0
        self.guard = threading.RLock()
        self._ids = itertools.count(1)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.airtable = self  # type: ignore[attr-defined]
        self.over = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def add(self, name: str, columns: dict[str, str | dict[str, Any]]) -> Table:
        """A table with these columns: name → type."""
        made = {column: of if isinstance(of, dict) else {"type": of} for column, of in columns.items()}
        table = Table(f"tbl{next(self._ids):014d}", name, made)
        self.tables[table.id] = table
        return table

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._ids):014d}"

    def table(self, name: str) -> Table:
        found = [table for table in self.tables.values() if name in (table.id, table.name)]
        if not found:
            raise Refused(404, "NOT_FOUND")
        return found[0]

    def limited(self) -> bool:
        """Whether this request comes too soon: more than 5 in a second are refused for 30 seconds."""
        now = time.monotonic()
        if now < self.refused_until:
            return True
        recent = [at for at, *_ in self.calls if now - at < 1.0]
        if len(recent) > self.per_second:
            self.refused_until = now + self.penalty
            return True
        return False


# Faults


def status(code: int, body: Any = None, **headers: str) -> Fault:
    """Answer this instead of doing anything; a body that is no text is JSON."""

    def fault(handler: _Handler) -> bool:
        text = body if isinstance(body, str) else json.dumps(body)
        kind = "text/html" if isinstance(body, str) and "<" in body else "application/json"
        handler.answer(code, text, kind, **{name.replace("_", "-"): value for name, value in headers.items()})
        return True

    return fault


RATE = {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded. Please try again later"}]}
TOO_MANY = status(429, RATE)
TOO_MANY_FOR_A_SECOND = status(429, RATE, Retry_After="1")
MONTH_IS_OVER = status(
    429, {"errors": [{"error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "message": "The API limit was exceeded"}]}
)
BAD_GATEWAY = status(502, "<html><body>502 Bad Gateway</body></html>")
UNAVAILABLE = status(503, {"error": {"type": "SERVICE_UNAVAILABLE", "message": "try again"}})
UNAUTHORIZED = status(401, {"error": {"type": "AUTHENTICATION_REQUIRED", "message": "Authentication required"}})
EMPTY = status(200, "")
PAGE = status(200, "<html><body>Sign in to the hotel's network</body></html>")
NESTED = status(200, "[" * 100_000)
NO_RECORDS = status(200, {"records": [], "createdRecords": [], "updatedRecords": []})


def commit_then_drop(handler: _Handler) -> bool:
    """Do what was asked and cut the connection instead of answering."""
    handler.dropped = True
    return False


def reset(handler: _Handler) -> bool:
    """Cut the connection at once."""
    handler.cut()
    return True


def stall(handler: _Handler) -> bool:
    """Do what was asked and never answer."""
    handler.stalled = True
    return False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    dropped = stalled = False

    @property
    def airtable(self) -> Airtable:
        return self.server.airtable  # type: ignore[attr-defined,no-any-return]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError):  # the other end went away, or we cut it
            self.close_connection = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def answer(self, code: int, text: str, kind: str = "application/json", **headers: str) -> None:
        data = text.encode()
        self.send_response(code)
        for name, value in ({"Content-Type": kind, "Content-Length": str(len(data))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def cut(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.connection.close()

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"null")
        server = self.airtable
        self.dropped = self.stalled = False
        with server.guard:
            limited = server.limited()
            server.calls.append((time.monotonic(), self.command, self.path, body))
            fault = server.faults.popleft() if server.faults and not limited else None
            if limited:
                self.answer(429, json.dumps(RATE))
                return
            if fault is not None and fault(self):
                return
            try:
                code, data = 200, self._result(body)
            except Refused as error:
                code, data = error.status, error.body
        if self.dropped:
            self.cut()
        elif self.stalled:
            server.over.wait(120)
        else:
            self.answer(code, json.dumps(data))

    def _result(self, body: Any) -> Any:
        server = self.airtable
        if self.headers.get("Authorization") != f"Bearer {server.token}":
            raise Refused(401, "AUTHENTICATION_REQUIRED", "Authentication required")
        url = urlsplit(self.path)
        parts = [unquote(part) for part in url.path.strip("/").split("/")]
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        match parts:
            case ["v0", "meta", "whoami"]:
                return {"id": "usrTEST"}
            case ["v0", "meta", "bases", base, "tables", *rest]:
                return self._meta(base, rest, body)
            case ["v0", base, table, *rest]:
                if base != BASE:
                    raise Refused(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "Invalid permissions, or not found")
                return self._records(server.table(table), rest, query, body)
        raise Refused(404, "NOT_FOUND")

    def _meta(self, base: str, rest: list[str], body: Any) -> Any:
        server = self.airtable
        if base != BASE or ("schema:write" if self.command == "POST" else "schema:read") not in server.scopes:
            raise Refused(403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "Invalid permissions, or not found")
        match self.command, rest:
            case "GET", []:
                return {"tables": [_schema(table) for table in server.tables.values()]}
            case "POST", []:
                return _schema(server.add(body["name"], {made["name"]: made for made in body["fields"]}))
            case "POST", [table, "fields"]:
                found = server.table(table)
                if body["name"] in found.columns:
                    raise Refused(422, "DUPLICATE_OR_EMPTY_FIELD_NAME", f"{body['name']} exists")
                found.columns[body["name"]] = body
                return {"id": server.new_id("fld")} | body
        raise Refused(404, "NOT_FOUND")

    def _records(self, table: Table, rest: list[str], query: dict[str, str], body: Any) -> Any:
        match self.command, rest:
            case ("GET", []) | ("POST", ["listRecords"]):
                formula = query.get("filterByFormula") or (body or {}).get("filterByFormula")
                return {"records": [_record(row, table) for row in table.rows if _meets(table.rows[row], formula)]}
            case "GET", [row] if row in table.rows:
                return _record(row, table)
            case "DELETE", [row] if row in table.rows:
                del table.rows[row]
                return {"id": row, "deleted": True}
            case "POST", []:
                records = body.get("records", [body])
                rows = self._write(table, records, [None] * len(records), body)
                return {"records": rows} if "records" in body else rows[0]
            case (("PATCH" | "PUT"), []) if "performUpsert" in body:
                return self._upsert(table, body)
        raise Refused(404, "NOT_FOUND")

    def _upsert(self, table: Table, body: Any) -> Any:
        keys = body["performUpsert"]["fieldsToMergeOn"]
        ids: list[str | None] = []
        for record in body["records"]:
            wanted = {key: record["fields"].get(key) for key in keys}
            found = [row for row, has in table.rows.items() if all(has.get(key) == wanted[key] for key in keys)]
            if len(found) > 1:
                raise Refused(422, "INVALID_REQUEST_UNKNOWN", "Cannot update more than one record for a given upsert")
            ids.append(found[0] if found else None)
        records = self._write(table, body["records"], ids, body, clear=self.command == "PUT")
        created = [record["id"] for record, row in zip(records, ids, strict=True) if row is None]
        updated = [row for row in ids if row is not None]
        return {"records": records, "createdRecords": created, "updatedRecords": updated}

    def _write(
        self, table: Table, records: list[Any], ids: list[str | None], body: Any, *, clear: bool = False
    ) -> list[Any]:
        """All of them or none."""
        if len(records) > 10:
            raise Refused(422, "INVALID_REQUEST_BODY", "You can write at most 10 records")
        for record in records:
            for name, value in record["fields"].items():
                _check(table, name, value, typecast=bool(body.get("typecast")))
        written = []
        for record, row in zip(records, ids, strict=True):
            row = row or self.airtable.new_id("rec")
            before = {} if clear else table.rows.get(row, {})
            table.rows[row] = {name: value for name, value in (before | record["fields"]).items() if value is not None}
            self.airtable.writes.append(record["fields"])
            written.append(_record(row, table))
        return written


def _schema(table: Table) -> dict[str, Any]:
    named = enumerate(table.columns.items())
    columns = [{"id": f"fld{number:014d}", "name": name, **of} for number, (name, of) in named]
    for column in columns:
        column.setdefault("type", "singleLineText")
    return {"id": table.id, "name": table.name, "primaryFieldId": columns[0]["id"], "fields": columns, "views": []}


def _record(row: str, table: Table) -> dict[str, Any]:
    return {"id": row, "createdTime": "2026-01-01T00:00:00.000Z", "fields": table.rows[row]}


def _meets(row: dict[str, Any], formula: str | None) -> bool:
    if not formula:
        return True
    match = re.fullmatch(r"\{(.+)\}='(.*)'", formula)
    if match is None:
        raise Refused(422, "INVALID_FILTER_BY_FORMULA", f"The formula for filtering records is invalid: {formula}")
    return bool(row.get(match[1]) == match[2])


def _check(table: Table, name: str, value: Any, *, typecast: bool) -> None:
    if name not in table.columns:
        raise Refused(422, "UNKNOWN_FIELD_NAME", f'Unknown field name: "{name}"')
    if value is None:
        return
    of = table.columns[name]
    kind = of["type"]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = (
        (kind in TEXTS and isinstance(value, str) and len(value) <= 100_000)
        or (kind == "number" and number)
        or (kind == "dateTime" and isinstance(value, str) and _is_moment(value))
    )
    if kind == "singleSelect" and isinstance(value, str):
        if not typecast and value not in of.get("options", {}).get("choices", ()):
            raise Refused(
                422, "INVALID_MULTIPLE_CHOICE_OPTIONS",
                f'Insufficient permissions to create new select option "{value}"',
            )  # fmt: skip
        fits = True
    if not fits:
        raise Refused(422, "INVALID_VALUE_FOR_COLUMN", f'Field "{name}" cannot accept the provided value')


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
