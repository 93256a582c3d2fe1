"""What ``doctor`` says of the model's server and the price venues, each broken setup in a sentence with its remedy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kingtui.commands import check_home, check_services, check_telegram
from kingtui.commands.checks import Patient, Verdict
from kingtui.home import Home
from kingtui.services.openai.budget import Call
from kingtui.settings import Settings
from kingtui.steps.ledger import StoreLedger
from kingtui.store.database import Database
from tests.faults.process import Process
from tests.servers import openai as said
from tests.servers import venues as venue
from tests.servers.openai import KEY, OpenAiServer
from tests.servers.venues import NAMES, Venues


def patient(home: Path, **settings: Any) -> Patient:
    return Patient(Settings(home=home, **settings), Home(home))


async def test_what_is_not_set_up_is_well_and_asks_nobody(tmp_path: Path) -> None:
    (asked,) = await check_services.openai(patient(tmp_path))
    (priced,) = await check_services.prices(patient(tmp_path))
    assert (asked.verdict, priced.verdict) == (Verdict.WELL, Verdict.WELL)
    assert "OPENAI_API_KEY" in asked.text
    demo = patient(tmp_path, demo=True, openai_api_key=KEY, prices="on")
    assert "demo" in (await check_services.openai(demo))[0].text
    assert "demo" in (await check_services.prices(demo))[0].text


@pytest.mark.parametrize(
    ("settings", "verdict", "says", "remedy"),
    [
        ({}, Verdict.WELL, "answers, model gpt-6.1-terra", ""),
        ({"openai_api_key": "sk-wrong"}, Verdict.ILL, "does not accept the key", "check OPENAI_API_KEY"),
        ({"openai_model": "gpt-9"}, Verdict.ILL, "has no model gpt-9", "OPENAI_MODEL"),
        ({"ai_budget": 0}, Verdict.NOTE, "nothing is asked", "KINGTUI_AI_BUDGET"),
        ({"openai_base_url": "http://127.0.0.1:9/v1"}, Verdict.NOTE, "cannot be reached", "network"),
        ({"openai_api_key": None}, Verdict.ILL, "asks for a key", "set OPENAI_API_KEY"),
        ({"openai_base_url": ""}, Verdict.NOTE, "/models: that is no address", "it ends in /v1"),
    ],
)
async def test_the_models_server(
    tmp_path: Path, settings: dict[str, Any], verdict: Verdict, says: str, remedy: str
) -> None:
    async with OpenAiServer(said.BROKEN).serving() as server:
        chosen = {"openai_api_key": KEY, "openai_base_url": f"{server.url}/v1"} | settings
        chosen["openai_base_url"] = chosen["openai_base_url"] or server.url
        first = (await check_services.openai(patient(tmp_path, **chosen)))[0]
        assert all(request.method == "GET" for request in server.requests), "nothing is asked that costs"
    assert (first.verdict, says in first.text, remedy in first.remedy) == (verdict, True, True), first
    assert "sk-" not in first.text + first.remedy


async def test_what_today_cost_and_a_used_up_quota(tmp_path: Path) -> None:
    database = Database(tmp_path / "kingtui.db")
    now = datetime.now(UTC)
    await database.open(now)
    ledger = StoreLedger(database)
    call = await ledger.begin(Call(now, 1, "opinion", "x", "m", 9, 9, 9))
    await ledger.settle(
        call, tokens_in=1000, tokens_out=200, cost=4000, outcome="answered", key="k", answer="{}", problem=None, at=now
    )
    async with OpenAiServer(said.BROKEN).serving() as server:
        chosen = patient(tmp_path, openai_api_key=KEY, openai_base_url=f"{server.url}/v1")
        (found,) = await check_services.openai(chosen)
        assert found.verdict is Verdict.WELL
        assert "today 1 of 200 calls, $0.0040 of $1.00" in found.text
        until = (now + timedelta(hours=3)).isoformat()
        await ledger.hold({"until": until, "text": "the account's quota is used up", "whose": "x"})
        (held,) = await check_services.openai(chosen)
        assert (held.verdict, "quota" in held.text, "credit" in held.remedy) == (Verdict.NOTE, True, True)
    await database.close()


async def test_the_venues(tmp_path: Path) -> None:
    server = Venues(lambda: datetime.now(UTC))
    async with server.serving():
        chosen = patient(tmp_path, **server.settings)
        server.faults = {"binance": venue.REGION, "okx": venue.FORBIDDEN}
        first, *others = await check_services.prices(chosen)
        assert first.verdict is Verdict.WELL
        assert "bybit 100,000.1, kucoin 100,000.1, coinbase 100,000.1" in first.text
        assert [other.verdict for other in others] == [Verdict.NOTE, Verdict.NOTE]
        server.faults = dict.fromkeys(NAMES, venue.BROKEN)
        (none,) = await check_services.prices(chosen)
        assert none.verdict is Verdict.ILL
        assert "KINGTUI_PRICES=off" in none.remedy


@pytest.mark.slow
async def test_a_service_whose_secrets_only_the_running_kingtui_has_is_told_as_that_has_it(tmp_path: Path) -> None:
    alone = patient(tmp_path)
    given = {
        "airtable_api_key": "patX", "openai_api_key": KEY, "openai_base_url": "http://127.0.0.1:9/v1",
        "prices": "on", "notify_urls": "json://127.0.0.1:9/x", "telegram_api_id": 1,
    }  # fmt: skip
    with Process(tmp_path, **given):
        (mirror,) = await check_services.airtable(alone)
        assert (mirror.verdict, "AIRTABLE_BASE_ID is not set" in mirror.text) == (Verdict.ILL, True)
        (telegram,) = await check_telegram.telegram(alone)
        assert (telegram.verdict, "TELEGRAM_API_HASH is not set" in telegram.text) == (Verdict.ILL, True)
        for check in (check_services.openai, check_services.prices, check_services.notices):
            (found,) = await check(alone)
            assert (found.verdict, "says the running kingtui" in found.text) == (Verdict.WELL, True)
        assert "of the running kingtui" in (await check_home.sources(alone))[0].text
    assert "no mirror" in (await check_services.airtable(alone))[0].text


async def test_a_key_of_another_telegram_that_is_none_is_told_before_anybody_signs_in(tmp_path: Path) -> None:
    server = {
        "telegram_api_id": 1, "telegram_api_hash": "hash", "telegram_dc_id": 2, "telegram_dc_host": "127.0.0.1",
        "telegram_dc_port": 9, "telegram_dc_public_key_file": tmp_path / "key.pem",
    }  # fmt: skip
    here = patient(tmp_path / "home", **server)
    (found,) = await check_telegram.telegram(here)
    assert (found.verdict, found.remedy) == (Verdict.ILL, "correct its path")
    assert "key.pem cannot be read: No such file" in found.text
    (tmp_path / "key.pem").write_text("-----BEGIN PUBLIC KEY-----\n")
    (found,) = await check_telegram.telegram(here)
    assert "is no PKCS #1 key" in found.text
    (tmp_path / "key.pem").write_text("-----BEGIN RSA PUBLIC KEY-----\n")
    (found,) = await check_telegram.telegram(here)
    assert found.text == "nobody is signed in"
