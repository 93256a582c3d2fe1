"""``kingtui airtable`` and what ``doctor`` says of it, in processes of their own against a server on loopback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kingtui.models import WrongUse
from kingtui.models.mirrored import COLUMNS
from kingtui.runtime import Runtime
from kingtui.settings import load_settings
from tests.commands.shell import kingtui
from tests.servers.airtable import BASE, TOKEN, Airtable
from tests.servers.notices import Notices
from tests.world import ratio_picture, running, until


@pytest.fixture
def server():
    with Airtable() as server:
        yield server


def keys(server: Airtable, **others: str) -> dict[str, str]:
    return {
        "AIRTABLE_API_KEY": TOKEN, "AIRTABLE_BASE_ID": BASE, "AIRTABLE_ENDPOINT_URL": server.address,
        "KINGTUI_PORT": "0",
    } | others  # fmt: skip


def examined(folder: Path, **environment: str) -> dict[str, Any]:
    """What doctor says of Airtable."""
    run = kingtui("doctor", "--json", "--home", folder / "king", folder=folder, **environment)
    (found,) = [row for row in json.loads(run.stdout) if row["check"] == "Airtable"]
    return found


@pytest.mark.slow
def test_init_makes_the_table_and_what_is_missing_later(tmp_path: Path, server: Airtable) -> None:
    run = kingtui("airtable", "init", folder=tmp_path, **keys(server))
    assert run.returncode == 0, run.stderr
    assert "table 'Symbols' in base appTESTTESTTEST12 was made" in run.stderr
    table = server.table("Symbols")
    assert list(table.columns) == [column.name for column in COLUMNS]
    del table.columns["Score"]
    table.columns["Report"] = {"type": "checkbox"}
    run = kingtui("airtable", "init", "--json", folder=tmp_path, **keys(server))
    assert run.returncode == 1, "one column does not fit"
    told = {row["name"]: row["verdict"] for row in json.loads(run.stdout)}
    assert told.pop("Score") == "made"
    assert told.pop("Report").startswith("does not fit: multilineText or richText or singleLineText does")
    assert set(told.values()) == {"there"}
    assert table.columns["Score"]["type"] == "number"


@pytest.mark.slow
def test_init_without_the_scopes_says_what_is_needed(tmp_path: Path, server: Airtable) -> None:
    server.add("Symbols", {"Symbol": "singleLineText"})
    server.scopes -= {"schema:write"}
    run = kingtui("airtable", "init", folder=tmp_path, **keys(server))
    assert run.returncode == 1
    assert "missing: make it of type multilineText, or give the token schema.bases:write" in run.stdout
    server.scopes.clear()
    run = kingtui("airtable", "init", folder=tmp_path, **keys(server))
    assert run.returncode == 1
    assert "also needs the scope schema.bases:read" in run.stderr
    assert "Report (long text)" in run.stderr
    assert TOKEN not in run.stderr + run.stdout


@pytest.mark.parametrize(
    ("environment", "verdict", "text", "remedy"),
    [
        ({}, "note", "does not take all: no CurrentPrice", "kingtui airtable init"),
        ({"AIRTABLE_API_KEY": "patwrong"}, "ill", "does not accept the token", "create/tokens"),
        ({"AIRTABLE_BASE_ID": "appOther"}, "ill", "does not let this token", "AIRTABLE_BASE_ID"),
        ({"AIRTABLE_BASE_ID": ""}, "ill", "AIRTABLE_API_KEY is set, but not AIRTABLE_BASE_ID", "set AIRTABLE_BASE_ID"),
        ({"AIRTABLE_TABLE_NAME": "Other"}, "ill", "has no table 'Other'", "kingtui airtable init makes it"),
        ({"AIRTABLE_ENDPOINT_URL": "http://127.0.0.1:9"}, "ill", "cannot be reached: Connection refused", "network"),
        ({"AIRTABLE_API_KEY": ""}, "well", "no mirror: AIRTABLE_API_KEY is not set", ""),
    ],
)
@pytest.mark.slow
def test_doctor_names_each_broken_setup_with_its_remedy(
    tmp_path: Path, server: Airtable, environment: dict[str, str], verdict: str, text: str, remedy: str
) -> None:
    server.add("Symbols", {"Symbol": "singleLineText"})
    found = examined(tmp_path, **keys(server, **environment))
    assert found["verdict"] == verdict
    assert text in found["text"]
    assert remedy in found["remedy"]
    assert "patwrong" not in json.dumps(found)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("KINGTUI_AIRTABLE_FIELDS", "Price=X", "'Price' is no column: Symbol, CurrentPrice"),
        ("KINGTUI_AIRTABLE_FIELDS", "Symbol=", "Symbol cannot be left out"),
        ("KINGTUI_AIRTABLE_FIELDS", "Score=A,Report=A", "two columns go to 'A'"),
        ("KINGTUI_AIRTABLE_FIELDS", "{Score", "begins like JSON and is none"),
        ("AIRTABLE_ENDPOINT_URL", "airtable", "an address such as https://api.example.com is allowed"),
        ("AIRTABLE_BASE_ID", "my base", "the id of a base, such as app"),
    ],
)
def test_wrong_settings_stop_the_start_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongUse, match=f"{name} is ") as error:
        load_settings(tmp_path, {})
    assert said in str(error.value)


@pytest.mark.slow
async def test_a_push_without_an_owner_brings_what_waits_and_status_tells(tmp_path: Path, server: Airtable) -> None:
    server.add("Symbols", {column.name: "multilineText" for column in COLUMNS if column.holds != "whole number"})
    server.table("Symbols").columns |= {"CurrentPrice": {"type": "number"}}
    async with running(tmp_path / "king") as runtime:
        (tmp_path / "king" / "downloads" / "a.jpg").write_bytes(ratio_picture(1))
        await until(lambda: _has_reports(runtime, 12), "the reports")
    run = kingtui("airtable", "push", "--home", tmp_path / "king", folder=tmp_path, **keys(server))
    assert run.stderr.endswith("12 records were brought up to date in 3 calls\n"), run.stderr
    assert run.returncode == 0
    run = kingtui("airtable", "status", "--json", "--home", tmp_path / "king", folder=tmp_path, **keys(server))
    told = json.loads(run.stdout)
    assert (told["symbols"], told["waiting"], told["calls_today"]) == (12, 0, 3)
    assert told["left_out"] == {"Score": "the table has no such column"}
    run = kingtui("airtable", "push", "--all", "--json", "--home", tmp_path / "king", folder=tmp_path, **keys(server))
    assert json.loads(run.stdout) == {"records": 12, "calls": 3, "refused": 0}


async def _has_reports(runtime: Runtime, count: int) -> bool:
    return (await runtime.control.reports())[1] == count


@pytest.mark.slow
def test_notify_test_tries_every_address_and_shows_none(tmp_path: Path) -> None:
    run = kingtui("notify", "test", folder=tmp_path)
    assert run.returncode == 2
    assert "KINGTUI_NOTIFY_URLS is not set" in run.stderr
    with Notices() as taken:
        urls = f"{taken.url},foo://batterystaple"
        run = kingtui("notify", "test", folder=tmp_path, KINGTUI_NOTIFY_URLS=urls)
        assert run.returncode == 1
        assert "✓ address 1 (json) took it" in run.stderr
        assert "✗ address 2 (foo) of KINGTUI_NOTIFY_URLS is none that apprise knows" in run.stderr
        assert taken.taken[0]["title"].endswith(": test")
        doctor = kingtui("doctor", folder=tmp_path, KINGTUI_NOTIFY_URLS=urls)
        assert "✗ notices" in doctor.stdout
        for shown in (run.stdout + run.stderr, doctor.stdout + doctor.stderr):
            assert "batterystaple" not in shown
            assert "correct-horse" not in shown
