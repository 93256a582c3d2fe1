"""One table of Airtable through an unmodified pyairtable: pace, limits, and every kind of refusal by its name."""

from __future__ import annotations

import time

import pytest

from kingtui.clock import SystemClock
from kingtui.services.airtable import AirtableTable, Barred, Place, Rejected, Unreachable
from kingtui.services.airtable import table as module
from tests.servers import airtable as faults
from tests.servers.airtable import BASE, TOKEN, Airtable


@pytest.fixture
def server():
    with Airtable() as server:
        server.add("My / table", {"Symbol": "singleLineText", "Price": "number", "Rate": "singleLineText"})
        yield server


def table_at(server: Airtable, *, token: str = TOKEN, base: str = BASE, table: str = "My / table") -> AirtableTable:
    return AirtableTable(token, Place(server.address, base, table), SystemClock())


async def test_an_upsert_makes_and_changes_rows_and_null_clears(server):
    table = table_at(server)
    assert await table.upsert([{"Symbol": "ETH", "Price": 1.5}, {"Symbol": "BTC", "Price": 2}], "Symbol") == {
        "ETH", "BTC",
    }  # fmt: skip
    assert await table.upsert([{"Symbol": "ETH", "Rate": "1%"}], "Symbol") == set()
    assert await table.upsert([{"Symbol": "BTC", "Price": None}], "Symbol") == set()
    (first,) = server.tables.values()
    assert first.by("Symbol") == {"ETH": {"Symbol": "ETH", "Price": 1.5, "Rate": "1%"}, "BTC": {"Symbol": "BTC"}}
    assert len(await table.rows_of("Symbol", "ETH")) == 1
    assert await table.rows_of("Symbol", "E'TH\\") == []
    table.close()


async def test_never_more_than_five_calls_a_second(server):
    table = table_at(server)
    start = time.monotonic()
    for number in range(8):
        await table.upsert([{"Symbol": "ETH", "Price": number}], "Symbol")
    assert time.monotonic() - start >= 7 * 0.2
    assert len(server.calls) == 8
    table.close()


async def test_the_table_is_made_and_gets_columns(server):
    table = table_at(server, table="Symbols")
    assert await table.columns() is None
    await table.create({"Symbol": "text", "Report": "long text"})
    await table.create_column("LastUpdated", "moment")
    assert await table.columns() == {"Symbol": "singleLineText", "Report": "multilineText", "LastUpdated": "dateTime"}
    with pytest.raises(Rejected, match="DUPLICATE_OR_EMPTY_FIELD_NAME: Report exists"):
        await table.create_column("Report", "text")
    table.close()


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"token": "patwrong"}, "does not accept the token"),
        ({"base": "appOther"}, "does not let this token write to table 'My / table' in base appOther"),
        ({"table": "Other"}, "knows no table 'Other' in base"),
    ],
)
async def test_what_is_set_wrong_is_named(server, where, said):
    table = table_at(server, **where)
    with pytest.raises(Barred, match=said) as error:
        await table.upsert([{"Symbol": "ETH"}], "Symbol")
    assert "patwrong" not in str(error.value) + error.value.remedy
    table.close()


@pytest.mark.parametrize(
    ("record", "kind", "column"),
    [
        ({"Prize": 1}, "UNKNOWN_FIELD_NAME", "Prize"),
        ({"Price": "much"}, "INVALID_VALUE_FOR_COLUMN", "Price"),
    ],
)
async def test_a_column_that_is_refused_is_named(server, record, kind, column):
    table = table_at(server)
    with pytest.raises(Rejected) as error:
        await table.upsert([{"Symbol": "ETH"} | record], "Symbol")
    assert error.value.kind == kind
    assert error.value.column(["Symbol", "Pri", *record]) == column
    assert error.value.column(["Symbol"]) is None
    table.close()


@pytest.mark.parametrize(
    ("fault", "said", "seconds"),
    [
        (faults.TOO_MANY, "429 .RATE_LIMIT_REACHED", 30),
        (faults.status(429, "", Retry_After="7"), "429: too many", 7),
        (faults.status(429, "", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), "429", 1),
        (faults.status(503, "", Retry_After="nonsense"), "503", None),
        (faults.BAD_GATEWAY, "answers 502$", None),
        (faults.EMPTY, "cannot be understood", None),
        (faults.PAGE, "no JSON", None),
        (faults.status(200, {"records": "none"}), "cannot be understood|no list", None),
        (faults.NO_RECORDS, "lacks ETH", None),
        (faults.reset, "cannot be reached|RemoteDisconnected|reset", None),
        (faults.status(302, "", Location="http://127.0.0.1:9/"), "cannot be reached", None),
    ],
)  # fmt: skip
async def test_what_passes_is_told_apart(server, fault, said, seconds):
    table = table_at(server)
    server.faults.append(fault)
    with pytest.raises(Unreachable, match=said) as error:
        await table.upsert([{"Symbol": "ETH"}], "Symbol")
    assert error.value.told is (seconds is not None)
    assert seconds is None or error.value.retry_after == seconds
    assert TOKEN not in str(error.value)
    table.close()


async def test_nobody_there_is_a_sentence():
    table = AirtableTable(TOKEN, Place("http://127.0.0.1:9", BASE, "x"), SystemClock())
    with pytest.raises(Unreachable, match="Airtable cannot be reached: .*refused"):
        await table.columns()
    table.close()


async def test_a_call_that_hangs_is_left_and_the_next_one_goes_on(server, monkeypatch):
    monkeypatch.setattr(module, "CALL_SECONDS", 0.5)
    table = table_at(server)
    server.faults.append(faults.stall)
    with pytest.raises(Unreachable, match="does not answer within"):
        await table.upsert([{"Symbol": "ETH"}], "Symbol")
    assert await table.upsert([{"Symbol": "ETH"}], "Symbol") == set(), "it had been done after all"
    table.close()


async def test_the_month_that_is_used_up_is_told_from_haste(server):
    table = table_at(server)
    server.faults.append(faults.MONTH_IS_OVER)
    with pytest.raises(Barred, match="this month are used up") as error:
        await table.upsert([{"Symbol": "ETH"}], "Symbol")
    assert error.value.quota
    table.close()
