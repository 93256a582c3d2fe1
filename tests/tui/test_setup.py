"""The setup screen: connections with the next thing to do, the API's switch, settings with where they come from."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx

from kingtui.screens.setup import SetupScreen
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from tests.tui.dashboard import dashboard
from tests.world import until


async def test_the_api_is_switched_by_key(tmp_path: Path) -> None:
    async with dashboard(tmp_path, host="127.0.0.1", port=0) as seen:
        await seen.press("g", "c")
        screen = await seen.shown(SetupScreen)
        await until(lambda: "api" in screen.services, "the services")
        assert screen.services["api"].state == "off"
        await seen.press("a")
        await until(lambda: screen.services["api"].state == "connected", "the API")
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{screen.services['api'].detail}/health")).status_code == 200
        await seen.press("a")
        await until(lambda: screen.services["api"].state == "off", "no API")
        await seen.notices("The API is off")


async def test_a_busy_port_is_said_where_the_api_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with dashboard(tmp_path, host="127.0.0.1", port=port) as seen:
            await seen.press("g", "c")
            screen = await seen.shown(SetupScreen)
            await until(lambda: "api" in screen.services, "the services")
            await seen.press("a")
            await seen.notices(f"Port {port} on 127.0.0.1 is in use")


async def test_what_is_under_the_cursor_is_told(tmp_path: Path) -> None:
    async with dashboard(tmp_path, report_interval=900) as seen:
        await seen.press("g", "c")
        screen = await seen.shown(SetupScreen)
        services = screen.query_one("#services KeyedTable", KeyedTable)
        await until(lambda: "telegram" in services.keys, "the services")
        detail = screen.query_one("#detail", Line)
        services.move_cursor(row=services.keys.index("telegram"))
        await until(lambda: "Next: Set TELEGRAM_API_ID and TELEGRAM_API_HASH" in detail.text, "the next thing to do")
        await seen.press("tab")
        settings = screen.query_one("#settings KeyedTable", KeyedTable)
        settings.move_cursor(row=settings.keys.index("KINGTUI_REPORT_INTERVAL"))
        await until(lambda: "Seconds from the end of step 6" in detail.text, "what the setting is")
        assert "from 0.1 to 604800 is allowed" in detail.text
