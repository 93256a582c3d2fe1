"""Control's answers about what is connected and set: the API switched at work, secrets masked, choices kept."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from kingtui.commands.headless import task_spawner
from kingtui.home import Home, owner, read_choices
from kingtui.models import Connection, KingError
from kingtui.runtime import Runtime
from kingtui.settings import Settings


def chosen(home: Path, **settings: object) -> Settings:
    return Settings(**{"home": home, "workers": 1, "min_free_disk": 0, "host": "127.0.0.1", "port": 0} | settings)


async def test_the_api_is_stopped_and_started_at_work(tmp_path: Path) -> None:
    async with Runtime(chosen(tmp_path), mode="headless", automatic=False) as runtime, task_spawner() as spawn:
        await runtime.start(spawn)
        control = runtime.control
        first = runtime.address
        assert first is not None
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{first}/health")).status_code == 200
            await control.set_api(False)
            await control.set_api(False)
            with pytest.raises(httpx.TransportError):
                await client.get(f"{first}/health")
            assert (await control.status()).api_address is None
            assert getattr(owner(Home(tmp_path)), "address", "") is None
            states = {service.name: service.state for service in await control.services()}
            assert (states["api"], states["downloads"]) == (Connection.OFF, Connection.CONNECTED)
            await control.set_api(True)
            address = (await control.status()).api_address
            assert address == getattr(owner(Home(tmp_path)), "address", None)
            assert (await client.get(f"{address}/health")).status_code == 200


async def test_what_nobody_has_asked_yet_is_set_up_and_not_connected(tmp_path: Path) -> None:
    outside = {
        "airtable_api_key": "patX", "airtable_base_id": "appTESTTESTTEST12", "openai_api_key": "sk-x", "prices": "on",
        "notify_urls": "json://127.0.0.1:9/x",
    }  # fmt: skip
    async with Runtime(chosen(tmp_path, api=False, **outside), mode="headless", automatic=False) as runtime:
        rows = {service.name: service for service in await runtime.control.services()}
        for name in ("airtable", "openai", "prices", "notify"):
            assert rows[name].state is Connection.READY, name
            assert "kingtui doctor asks" in rows[name].todo or "kingtui notify test" in rows[name].todo
    async with Runtime(chosen(tmp_path, api=False, openai_api_key="sk-x", ai_budget=0), mode="headless") as runtime:
        rows = {service.name: service for service in await runtime.control.services()}
        assert (rows["openai"].state, "the day's budget is 0" in rows["openai"].detail) == (Connection.OFF, True)


async def test_step_1_does_not_say_that_no_source_is_wanted_where_one_is_set_up_wrongly(tmp_path: Path) -> None:
    async with Runtime(chosen(tmp_path, api=False, telegram_api_id=1), mode="headless", automatic=False) as runtime:
        first = (await runtime.control.status()).steps[0]
        assert first.waits.startswith("Telegram is not set up: TELEGRAM_API_HASH is not set")


async def test_a_busy_port_is_said_and_can_be_tried_again(tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    async with (
        Runtime(chosen(tmp_path, port=port), mode="dashboard", automatic=False) as runtime,
        task_spawner() as spawn,
    ):
        await runtime.start(spawn)
        (api,) = [service for service in await runtime.control.services() if service.name == "api"]
        assert api.state is Connection.PROBLEM
        assert str(port) in api.detail
        with pytest.raises(KingError, match=f"port {port} .* is in use"):
            await runtime.control.set_api(True)
        taken.close()
        await runtime.control.set_api(True)
        assert runtime.address == f"http://127.0.0.1:{port}"
        assert (await runtime.control.status()).api_problem is None


async def test_settings_tell_their_source_and_choices_outlive_the_process(tmp_path: Path) -> None:
    async with Runtime(chosen(tmp_path, api=False), mode="dashboard", automatic=False) as runtime:
        settings = {row.name: row for row in await runtime.control.settings()}
        assert settings["KINGTUI_PORT"].allowed == "a whole number from 0 to 65535"
        assert "takes any free one" in settings["KINGTUI_PORT"].about
        assert settings["KINGTUI_REPORT_INTERVAL"].source == "default"
        assert await runtime.control.choices() == {}
        await runtime.control.choose("theme.256", "kingfisher-light")
        await runtime.control.choose("theme.16", "kingfisher-16")
    assert read_choices(Home(tmp_path)) == {"theme.256": "kingfisher-light", "theme.16": "kingfisher-16"}
    Home(tmp_path).choices_file.write_bytes(b"\xff[[[")
    assert read_choices(Home(tmp_path)) == {}
