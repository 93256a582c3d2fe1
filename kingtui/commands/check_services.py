"""Checks of the services outside: whether they can be reached with these settings, and let us do what we do there."""

from __future__ import annotations

from urllib.parse import urlsplit

from kingtui.clock import SystemClock
from kingtui.commands.airtable import unfit
from kingtui.commands.checks import Finding, Patient, ill, note, well
from kingtui.mirror import missing, table_of
from kingtui.models.mirrored import KEY, columns_of
from kingtui.services.airtable import AirtableTable, Barred, Rejected, Unreachable

INIT = "kingtui airtable init"


async def airtable(patient: Patient) -> list[Finding]:
    """The mirror: with at most two calls, which change nothing."""
    settings = patient.settings
    if setting := missing(settings):
        return ill(f"AIRTABLE_API_KEY is set, but not {setting}", f"set {setting}, or take the key away")
    table = table_of(settings, SystemClock())
    if table is None:
        return well("a demo has no mirror" if settings.demo else "no mirror: AIRTABLE_API_KEY is not set")
    address = urlsplit(settings.airtable_endpoint_url)
    found: list[Finding] = []
    if address.scheme == "http" and address.hostname not in ("localhost", "127.0.0.1", "::1"):
        found = note(f"the token goes to {address.hostname} unencrypted", "use https in AIRTABLE_ENDPOINT_URL")
    try:
        return [*found, *await _table(table, columns_of(settings.airtable_fields or ""))]
    except Barred as error:
        return [*found, *ill(str(error), error.remedy)]
    except Rejected as error:
        return [*found, *ill(f"{table.place} does not fit: {error}", f"{INIT} says what it needs")]
    except Unreachable as error:
        return [*found, *ill(str(error), "check the network, and AIRTABLE_ENDPOINT_URL if it is set")]
    finally:
        table.close()


async def _table(table: AirtableTable, names: dict[str, str]) -> list[Finding]:
    try:
        present = await table.columns()
    except Barred as error:
        if not error.scope:
            raise
        await table.rows_of(names[KEY], "BTC")  # raises where the token may not even read
        return well(f"{table.place} can be read; its columns cannot be seen without the scope schema.bases:read")
    if present is None:
        return ill(f"base {table.place.base} has no table {table.place.table!r}", f"{INIT} makes it")
    if lacks := unfit(present, names):
        return note(f"{table.place} does not take all: {', '.join(lacks)}", f"{INIT} makes missing columns")
    return well(f"{table.place} has every column")
