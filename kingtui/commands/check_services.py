"""Checks of the services outside: whether they can be reached with these settings, and let us do what we do there."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kingtui.clock import SystemClock
from kingtui.commands.airtable import unfit
from kingtui.commands.checks import Finding, Patient, as_the_owner_has_it, ill, note, well
from kingtui.mirror import missing, table_of
from kingtui.models import KingError
from kingtui.models.mirrored import KEY, columns_of
from kingtui.notices.loop import address_list
from kingtui.reports.format import price
from kingtui.services.airtable import AirtableTable, Barred, Rejected, Unreachable
from kingtui.services.notify import UnknownAddress

if TYPE_CHECKING:
    from kingtui.services.openai.budget import Budget

INIT = "kingtui airtable init"
SECONDS = 10.0
"""For an answer of a language model's server."""


async def airtable(patient: Patient) -> list[Finding]:
    """The mirror: with at most two calls, which change nothing."""
    settings = patient.settings
    if setting := missing(settings):
        return ill(f"AIRTABLE_API_KEY is set, but not {setting}", f"set {setting}, or take the key away")
    table = table_of(settings, SystemClock())
    if table is None:
        if settings.demo:
            return well("a demo has no mirror")
        return await as_the_owner_has_it(patient, "airtable", "no mirror: AIRTABLE_API_KEY is not set")
    found = _unencrypted("token", settings.airtable_endpoint_url, "AIRTABLE_ENDPOINT_URL")
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


async def notices(patient: Patient) -> list[Finding]:
    """The addresses of notices: known to apprise. Nothing is sent."""
    addresses = address_list(patient.settings)
    unknown: list[Finding] = []
    for address in addresses:
        try:
            await address.check()
        except UnknownAddress as error:
            unknown += ill(str(error), "https://github.com/caronc/apprise/wiki lists them")
        finally:
            address.close()
    if unknown:
        return unknown
    if not addresses:
        none = "nobody is told elsewhere: KINGTUI_NOTIFY_URLS is not set"
        return await as_the_owner_has_it(patient, "notify", none)
    return well(f"to {', '.join(address.label for address in addresses)}; kingtui notify test tries them")


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


async def openai(patient: Patient) -> list[Finding]:
    """The language model: one call for its list of models, which costs nothing, and what today's questions cost."""
    from kingtui.services.openai.budget import budget_of
    from kingtui.services.openai.endpoint import NoAnswer, endpoint_of

    settings = patient.settings
    if not settings.asks_openai:
        if settings.demo:
            return well("a demo asks nobody")
        none = "none: neither OPENAI_API_KEY nor OPENAI_BASE_URL is set"
        return await as_the_owner_has_it(patient, "openai", none)
    found = _unencrypted("key", settings.openai_base_url, "OPENAI_BASE_URL") if settings.openai_api_key else []
    if not settings.ai_budget or not settings.ai_calls:
        return found + note("nothing is asked: the day's budget is 0", "raise KINGTUI_AI_BUDGET and KINGTUI_AI_CALLS")
    endpoint = endpoint_of(settings)
    try:
        async with asyncio.timeout(SECONDS):
            models = await endpoint.models()
    except NoAnswer as error:
        if error.trouble == "setup":
            what, _, todo = str(error).rpartition(": ")
            return [*found, *ill(what, f"{todo}, and start kingtui anew")]
        return [
            *found,
            *note(f"{error}: reports do without its words", "check the network, and OPENAI_BASE_URL if it is set"),
        ]
    except TimeoutError:
        return [*found, *note(f"{endpoint.label} did not answer within {SECONDS:.0f} s", "look again in a while")]
    finally:
        await endpoint.close()
    if models is None:
        where = settings.openai_base_url or ""
        return [
            *found,
            *note(
                f"nothing is at {where.rstrip('/')}/models: that is no address of Chat Completions, or a server "
                "without a list of its models", "check OPENAI_BASE_URL: for most servers it ends in /v1",
            ),
        ]  # fmt: skip
    if models and settings.openai_model not in models:
        return [
            *found,
            *ill(f"{endpoint.host} has no model {settings.openai_model}", "set OPENAI_MODEL to one that it has"),
        ]
    return [*found, *await _spent(patient, endpoint.label, budget_of(settings))]


async def _spent(patient: Patient, label: str, budget: Budget) -> list[Finding]:
    """What today's questions cost, from the store."""
    from kingtui.services.openai.standing import midnight
    from kingtui.steps.ledger import StoreLedger
    from kingtui.store.database import Database

    now = SystemClock().now()
    answers = f"{label} answers, model {patient.settings.openai_model}"
    database = Database(patient.home.database, read_only=True)
    try:
        await database.open(now)
        ledger = StoreLedger(database)
        spent, held = await ledger.spent(midnight(now)), await ledger.held()
    except KingError:  # none yet, or of another schema: the check of the database says so
        return well(answers)
    finally:
        await database.close()
    told = f"{answers}; {budget.told(spent)}"
    if held.get("until", "") > now.isoformat():
        return note(f"{held.get('text')}; {told}", "add credit to the account; it is asked again tomorrow (UTC)")
    if why := budget.objection(spent, 0):
        return note(
            f"{told}: {why}", "it is asked again tomorrow (UTC); KINGTUI_AI_BUDGET and KINGTUI_AI_CALLS can be raised"
        )
    return well(told)


async def prices(patient: Patient) -> list[Finding]:
    """The venues for live prices: one request each."""
    from kingtui.outside import prices_for

    feed = prices_for(patient.settings, SystemClock())
    if feed is None:
        if patient.settings.demo:
            return well("a demo asks nobody")
        return await as_the_owner_has_it(patient, "prices", "off; the newest chart's price counts")
    try:
        quotes, wrong = await feed.look("BTC")
    finally:
        await feed.close()
    if not quotes:
        text = f"no venue tells a price: {'; '.join(wrong)}"
        return ill(text, "check the network and the clock, or set KINGTUI_PRICES=off")
    told = ", ".join(f"{venue} {price(float(quote.price))}" for venue, quote in quotes.items())
    lost = [finding for text in wrong for finding in note(text, "nothing to do: the next venue is asked instead")]
    return [*well(f"BTC: {told}"), *lost]


def _unencrypted(what: str, url: str | None, setting: str) -> list[Finding]:
    address = urlsplit(url or "https://")
    if address.scheme != "http" or address.hostname in ("localhost", "127.0.0.1", "::1"):
        return []
    return note(f"the {what} goes to {address.hostname} unencrypted", f"use https in {setting}")
