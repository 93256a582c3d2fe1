"""The mirror in Airtable, against a server on loopback that pyairtable takes for the real one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kingtui.events import Notice
from kingtui.models import Connection, KingError
from kingtui.store import outbox, symbols
from kingtui.store.database import Database
from tests.engine.mirrored import START, all_columns, mirrored
from tests.servers import airtable as faults
from tests.servers.airtable import Airtable

THIRTY = [f"S{number:02d}" for number in range(30)]


@pytest.fixture
def server():
    with Airtable(per_second=10_000) as server:
        server.add("Symbols", all_columns())
        yield server


async def test_thirty_symbols_that_change_together_cost_three_calls(tmp_path, server):
    async with mirrored(tmp_path, server) as world:
        await world.change(*THIRTY, report=None)
        await world.pass_time(30)
        assert server.calls == [], "their reports are not written yet"
        for name in THIRTY:
            await world.report(name, f"# {name}")
        await world.pass_time(30)
        assert len(server.calls) == 3
        await world.is_mirrored(server.table("Symbols"))
        assert len(server.writes) == 30
        await world.pass_time(600)
        assert len(server.calls) == 3, "nothing changed"
        assert world.mirror.service().state is Connection.CONNECTED
        assert "30 symbols; 3 calls today, 3 this month" in world.mirror.service().detail


async def test_only_what_changed_is_sent_and_the_same_again_is_not(tmp_path, server):
    async with mirrored(tmp_path, server) as world:
        await world.change("ETH", "BTC")
        await world.pass_time(30)
        server.writes.clear()
        await world.clock.sleep(100)
        await world.report("ETH", "# Another")
        async with world.database.write() as tx:
            await outbox.mark(tx, ["BTC"], world.clock.now())
        await world.pass_time(100)
        (written,) = server.writes
        assert written.keys() == {"Symbol", "Report", "ReportGenerated"}
        assert (await world.tally()).waiting == 0
        assert len(server.calls) == 2
        row = server.table("Symbols").by("Symbol")["ETH"]
        assert isinstance(row["CurrentPrice"], float)
        assert row["WinRate_24h"] == "40% Long/60% Short"
        assert row["Score"] == 60
        assert row["LiquidationMap"].endswith("=1+1\n"), "a text cell evaluates nothing"
        assert "RSIHeatmap" not in row


async def test_a_restart_sends_nothing_and_another_table_everything(tmp_path, server):
    async with mirrored(tmp_path, server) as world:
        await world.change("ETH", "BTC")
        await world.pass_time(30)
        world.restart()
        await world.pass_time(300)
        assert len(server.calls) == 1
        other = server.add("Other", all_columns() | {"Ticker": "singleLineText"})
        world.restart(airtable_table_name="Other", airtable_fields="Symbol=Ticker,Report=")
        await world.pass_time(300)
        assert set(other.by("Ticker")) == {"ETH", "BTC"}
        assert not any("Report" in row or "Symbol" in row for row in other.rows.values())


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_value_that_returns_after_a_lost_answer_is_sent(tmp_path, server, restarted):
    """The table may hold what was sent last: that nobody answered does not mean that nothing was done."""
    async with mirrored(tmp_path, server) as world:
        await world.change("ETH", price=100.0, report=None)
        await world.report("ETH", "# The same")
        await world.pass_time(130)
        await world.change("ETH", price=200.0, report=None)
        server.faults += [faults.commit_then_drop, *[faults.BAD_GATEWAY] * 3]
        while server.table("Symbols").by("Symbol")["ETH"]["CurrentPrice"] != 200.0:
            await world.pass_time(5)
        await world.change("ETH", price=100.0)
        if restarted:
            world.restart()
        server.faults.clear()
        await world.pass_time(300)
        await world.is_mirrored(server.table("Symbols"))
        calls = len(server.calls)
        await world.pass_time(600)
        assert len(server.calls) == calls


async def test_a_symbol_forgotten_after_a_lost_answer_leaves_no_values(tmp_path, server):
    async with mirrored(tmp_path, server) as world:
        await world.change("ETH")
        server.faults.append(faults.commit_then_drop)
        while not server.calls:
            await world.pass_time(5)
        async with world.database.write() as tx:
            for sha in (f"{1:064x}", f"r{1:063x}"):
                await symbols.withdraw(tx, sha, [], world.clock.now())
        await world.pass_time(300)
        assert server.table("Symbols").by("Symbol")["ETH"] == {"Symbol": "ETH"}


@pytest.mark.parametrize("fault", [None, faults.UNAUTHORIZED])
async def test_a_clock_that_was_set_back_holds_nothing_up(tmp_path, server, fault):
    async with mirrored(tmp_path, server) as world:
        world.clock.elapsed = 86_400.0
        if fault is not None:
            server.faults.append(fault)
            await world.change("BTC")
            await world.pass_time(60)
        await world.change("ETH")
        world.clock.elapsed = 3_600.0
        await world.pass_time(300)
        await world.is_mirrored(server.table("Symbols"))


async def test_a_long_report_is_cut(tmp_path, server):
    async with mirrored(tmp_path, server) as world:
        await world.change("ETH", report="x" * 200_000)
        await world.pass_time(30)
        report = server.table("Symbols").by("Symbol")["ETH"]["Report"]
        assert len(report) == 95_000
        assert report.endswith("the whole text is in kingtui's home.\n")


async def test_a_symbol_that_is_forgotten_keeps_its_row_but_no_values(tmp_path, server):
    async with mirrored(tmp_path, server) as world:
        await world.change("ETH")
        await world.pass_time(30)
        async with world.database.write() as tx:
            for sha in (f"{1:064x}", f"r{1:063x}"):
                await symbols.withdraw(tx, sha, [], world.clock.now())
        await world.pass_time(100)
        row = server.table("Symbols").by("Symbol")["ETH"]
        assert row == {"Symbol": "ETH"}
        assert (await world.tally()).waiting == 0


async def test_a_row_that_was_deleted_there_comes_back_whole(tmp_path, server):
    async with mirrored(tmp_path, server) as world:
        await world.change("ETH", "BTC")
        await world.pass_time(30)
        server.table("Symbols").rows.clear()
        await world.clock.sleep(100)
        await world.change("ETH", "BTC", price=101.0)
        await world.pass_time(100)
        await world.is_mirrored(server.table("Symbols"))


async def test_missing_columns_are_named_once_and_left_out(tmp_path, server):
    columns = server.table("Symbols").columns
    gone = {name: columns.pop(name) for name in ("RSIHeatmap", "Score")}
    async with mirrored(tmp_path, server) as world:
        await world.change(*THIRTY)
        await world.pass_time(60)
        assert (await world.tally()).waiting == 0
        assert len(server.calls) == 5, "one more for each missing column"
        (notice,) = [event for event in world.told() if isinstance(event, Notice)]
        assert "Airtable gets no RSIHeatmap (the table has no such column), Score (" in notice.text
        assert "without RSIHeatmap, Score" in world.mirror.service().detail
        await world.clock.sleep(100)
        await world.change("S01", price=7.0)
        await world.pass_time(100)
        assert len(server.calls) == 6
        assert not [event for event in world.told() if isinstance(event, Notice)]
        columns |= gone
        pushed = await world.mirror.push(everything=False)
        assert (pushed.records, pushed.calls) == (30, 3)
        await world.is_mirrored(server.table("Symbols"))
        assert server.writes[-1].keys() == {"Symbol", "Score", "RSIHeatmap"}


async def test_without_the_key_column_nothing_can_be_told_apart(tmp_path, server):
    del server.table("Symbols").columns["Symbol"]
    async with mirrored(tmp_path, server) as world:
        await world.change("ETH")
        await world.pass_time(60)
        (reason,) = world.mirror.reasons()
        assert "has no column 'Symbol'" in reason
        assert "kingtui airtable init" in reason
        assert len(server.calls) == 1


async def test_one_bad_record_does_not_hold_up_the_others(tmp_path, server):
    table = server.table("Symbols")
    for _ in range(2):
        table.rows[server.new_id("rec")] = {"Symbol": "S13"}
    async with mirrored(tmp_path, server) as world:
        await world.change(*THIRTY)
        await world.pass_time(120)
        assert {row["Symbol"] for row in server.writes} == set(THIRTY) - {"S13"}
        (reason,) = world.mirror.reasons()
        assert reason.startswith("Airtable refuses the record of S13: the table has 2 rows whose Symbol is S13 (rec")
        assert len(server.calls) <= 3 + 9
        calls = len(server.calls)
        await world.pass_time(600, step=60)
        assert len(server.calls) == calls, "it is not tried again and again"
        table.rows.pop(next(row for row, has in table.rows.items() if has["Symbol"] == "S13"))
        await world.pass_time(3600, step=300)
        await world.is_mirrored(table)
        assert world.mirror.reasons() == []


async def test_a_column_of_another_type_is_left_out(tmp_path, server):
    server.table("Symbols").columns["CurrentPrice"] = {"type": "dateTime"}
    async with mirrored(tmp_path, server) as world:
        await world.change(*THIRTY)
        await world.pass_time(120)
        assert (await world.tally()).waiting == 0
        assert len(server.table("Symbols").by("Symbol")) == 30
        assert len(server.calls) < 20
        (notice,) = [event for event in world.told() if isinstance(event, Notice)]
        assert "CurrentPrice" in notice.text
        assert "cannot accept" in notice.text


async def test_a_table_that_refuses_everything_stops_the_asking(tmp_path, server):
    server.table("Symbols").columns["WinRate_24h"] = {"type": "singleSelect"}
    async with mirrored(tmp_path, server) as world:
        await world.change(*THIRTY)
        await world.pass_time(120)
        assert len(server.calls) < 15
        assert any("refuses every record" in reason and "select option" in reason for reason in world.mirror.reasons())


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (faults.TOO_MANY, 30), (faults.TOO_MANY_FOR_A_SECOND, 1), (faults.BAD_GATEWAY, 3), (faults.UNAVAILABLE, 3),
        (faults.EMPTY, 3), (faults.PAGE, 3), (faults.NESTED, 3),
        (faults.NO_RECORDS, 3), (faults.reset, 3), (faults.commit_then_drop, 3),
    ],
)  # fmt: skip
async def test_what_passes_is_waited_for(tmp_path, server, fault, seconds):
    async with mirrored(tmp_path, server) as world:
        await world.change(*THIRTY[:12])
        server.faults.append(fault)
        while not server.calls:
            await world.pass_time(1, step=1)
        assert world.mirror.service().state is Connection.PROBLEM
        failed_at = world.clock.elapsed
        world.restart()
        while (await world.tally()).waiting:
            await world.pass_time(1, step=0.5)
            assert world.clock.elapsed < failed_at + 100
        assert world.clock.elapsed - failed_at >= seconds - 1
        await world.is_mirrored(server.table("Symbols"))
        assert world.mirror.reasons() == []
        assert world.mirror.service().state is Connection.CONNECTED


@pytest.mark.slow
async def test_days_of_outage_are_told_of_and_made_up_for(tmp_path, server):
    async with mirrored(tmp_path, server) as world:
        await world.change("ETH")
        server.faults.extend([faults.BAD_GATEWAY] * 1000)
        await world.pass_time(1500, step=30)
        assert world.mirror.reasons() == [
            "the mirror in Airtable is behind: 1 symbol waits, the oldest for 20 minutes: Airtable answers 502"
        ]
        for _ in range(3):
            await world.pass_time(86_400, step=3600)
            await world.change("ETH", "BTC", price=world.clock.elapsed)
        assert "the oldest for 3 days" in world.mirror.reasons()[0]
        assert len(server.calls) < 3 * 24 * 6
        server.faults.clear()
        await world.pass_time(1200)
        await world.is_mirrored(server.table("Symbols"))
        assert len(server.writes) == 2, "only the newest state was sent"


@pytest.mark.parametrize(
    ("fault", "said", "remedy"),
    [
        (faults.UNAUTHORIZED, "Airtable does not accept the token (AUTHENTICATION_REQUIRED: ", "AIRTABLE_API_KEY"),
        (
            faults.status(403, {"error": {"type": "INVALID_PERMISSIONS", "message": "No"}}),
            f"does not let this token write to table 'Symbols' in base {faults.BASE}", "data.records:write",
        ),
        (faults.status(404, {"error": "NOT_FOUND"}), "knows no table 'Symbols'", "AIRTABLE_TABLE_NAME"),
    ],
)  # fmt: skip
async def test_what_needs_a_person_is_named_with_the_remedy(tmp_path, server, fault, said, remedy):
    async with mirrored(tmp_path, server) as world:
        await world.change(*THIRTY)
        server.faults.extend([fault] * 3)
        await world.pass_time(60)
        assert len(server.calls) == 1
        (reason,) = world.mirror.reasons()
        assert said in reason
        assert remedy in reason
        assert len([event for event in world.told() if isinstance(event, Notice)]) == 1
        await world.pass_time(3000, step=300)
        assert len(server.calls) == 1, "it is paused"
        await world.pass_time(3600 * 3, step=300)
        await world.is_mirrored(server.table("Symbols"))
        assert world.mirror.reasons() == []


async def test_calls_that_are_used_up_wait_for_the_next_month_or_for_a_person(tmp_path, server):
    async with mirrored(tmp_path, server) as world:
        await world.change("ETH")
        server.faults.append(faults.MONTH_IS_OVER)
        await world.pass_time(60)
        assert "calls of this month are used up" in world.mirror.reasons()[0]
        for _ in range(3):
            world.restart()
            await world.pass_time(86_400, step=3600)
        assert len(server.calls) == 1
        assert "on 2026-04-01 at 00:00 UTC" in world.mirror.service().detail
        pushed = await world.mirror.push(everything=False)
        assert (pushed.records, pushed.calls) == (1, 1)
        server.faults.append(faults.MONTH_IS_OVER)
        await world.change("ETH", price=3.0)
        await world.pass_time(60)
        await world.pass_time(28 * 86_400, step=3600)
        assert world.clock.now().month == 4
        await world.is_mirrored(server.table("Symbols"))
        assert json.dumps(world.mirror.service().detail).count("today") == 1


FAULTS = (
    faults.TOO_MANY, faults.TOO_MANY_FOR_A_SECOND, faults.BAD_GATEWAY, faults.UNAVAILABLE, faults.EMPTY, faults.PAGE,
    faults.NO_RECORDS, faults.reset, faults.commit_then_drop, faults.UNAUTHORIZED, faults.MONTH_IS_OVER,
    faults.status(422, {"error": {"type": "INVALID_REQUEST_UNKNOWN", "message": "Check your request data."}}),
    faults.status(404, {"error": "NOT_FOUND"}), faults.status(413, {"error": "REQUEST_TOO_LARGE"}),
)  # fmt: skip
NAMES = THIRTY[:12]
HAPPENING = st.one_of(
    st.tuples(st.just("change"), st.lists(st.sampled_from(NAMES), min_size=1, max_size=12, unique=True)),
    st.tuples(st.just("change back"), st.lists(st.sampled_from(NAMES), min_size=1, max_size=12, unique=True)),
    st.tuples(st.just("report"), st.sampled_from(NAMES)),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS)),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS)),
    st.tuples(st.just("time"), st.sampled_from([3.0, 40.0, 150.0, 1200.0])),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("row deleted"), st.sampled_from(NAMES)),
    st.tuples(st.just("push"), st.booleans()),
)

HAPPENINGS = st.lists(HAPPENING, min_size=3, max_size=25)


def _whatever(examples):
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow],
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )  # fmt: skip


@given(happenings=HAPPENINGS)
@_whatever(8)
def test_whatever_goes_wrong_the_table_ends_as_the_store(template, tmp_path_factory, happenings):
    _try(template, tmp_path_factory.mktemp("home"), happenings)


@pytest.mark.slow
@given(happenings=HAPPENINGS)
@_whatever(30)
def test_whatever_goes_wrong_often(template, tmp_path_factory, happenings):
    _try(template, tmp_path_factory.mktemp("home"), happenings)


def _try(template, home, happenings):
    with Airtable(per_second=10_000) as server:
        table = server.add("Symbols", all_columns())
        shutil.copy(template, home / "kingtui.db")
        asyncio.run(_live_through(home, server, table, happenings))


async def _live_through(root, server, table, happenings):
    deleted = set()
    async with mirrored(root, server) as world:
        for what, how in happenings:
            match what:
                case "change":
                    await world.change(*how, price=world.clock.elapsed + 1, report=None)
                case "change back":
                    await world.change(*how, price=1.0, report=None)
                case "report":
                    await world.report(how, f"# {how} at {world.clock.elapsed}")
                case "fault":
                    server.faults.append(how)
                case "time":
                    await world.pass_time(how, step=max(2.0, how / 20))
                case "restart":
                    world.restart()
                case "row deleted" if how in server.table("Symbols").by("Symbol"):
                    deleted.add(how)
                    rows = server.table("Symbols").rows
                    rows.pop(next(row for row, has in rows.items() if has["Symbol"] == how))
                case "push":
                    with contextlib.suppress(KingError):
                        await world.mirror.push(everything=how)
            table.by("Symbol")
        server.faults.clear()
        await world.clock.sleep(1)  # what comes at the same moment as what was there may change nothing
        await world.change(*deleted, report=None)
        await world.pass_time(5 * 3600, step=900)
        await world.mirror.push(everything=False)  # the month may be used up
        await world.pass_time(300, step=30)
        assert (await world.tally()).waiting == 0
        async with world.database.read() as connection:
            known = (await connection.execute(symbols.symbols.select())).all()
        if known:
            await world.is_mirrored(table)
        assert world.mirror.reasons() == []
        calls = len(server.calls)
        world.restart()
        await world.pass_time(3600, step=600)
        assert len(server.calls) == calls, "the same content is not sent again"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A database at the newest schema, made once: each example copies it."""
    path = tmp_path_factory.mktemp("template") / "kingtui.db"

    async def make():
        database = Database(path)
        await database.open(START)
        await database.close()

    asyncio.run(make())
    return path
