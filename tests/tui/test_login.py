"""The window that signs in to Telegram, against a real MTProto server on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, Static

from kingtui.models import SignInStage
from kingtui.screens.login import LoginScreen
from kingtui.screens.setup import SetupScreen
from kingtui.widgets.line import Line
from tests.services.telegram.server import Telegram
from tests.tui.dashboard import dashboard
from tests.world import until


@pytest.mark.slow
async def test_signing_in_and_out_by_keys(tmp_path: Path) -> None:
    async with Telegram(password="geheim") as server:
        settings = {
            "telegram_api_id": server.api[0], "telegram_api_hash": server.api[1], "telegram_chats": "@charts",
            "telegram_dc_id": 2, "telegram_dc_host": "127.0.0.1", "telegram_dc_port": server.wire.port,
            "telegram_dc_public_key_file": server.wire.write_key(tmp_path / "key.pem"),
        }  # fmt: skip
        async with dashboard(tmp_path / "home", **settings) as seen:
            await seen.press("g", "c")
            await seen.shown(SetupScreen)
            await seen.press("s")
            screen = await seen.shown(LoginScreen)
            problem, box = screen.query_one("#problem", Line), screen.query_one(Input)

            def at(stage: SignInStage) -> bool:
                return screen._view.stage is stage and not screen._busy

            async def type_in(text: str) -> None:
                await until(lambda: not box.disabled, "the box")
                box.value = text
                await seen.press("enter")

            await until(lambda: at(SignInStage.SIGNED_OUT), "the first look")
            await type_in("not a number")
            await until(lambda: "is no phone number" in problem.text, "the sentence")
            await seen.press("f2")
            await until(lambda: at(SignInStage.QR), "the QR code")
            assert "█" in str(screen.query_one("#code", Static).content)
            server.scan()
            await until(lambda: at(SignInStage.PASSWORD), "the password's turn")
            assert box.password
            await type_in("falsch")
            await until(lambda: "not the password" in problem.text, "the sentence")
            await type_in("geheim")
            await until(lambda: at(SignInStage.SIGNED_IN), "signed in")
            await seen.press("f3", "y")
            await until(lambda: at(SignInStage.SIGNED_OUT), "signed out")
            await type_in(f"+{server.phone}")
            await until(lambda: at(SignInStage.CODE), "the code's turn")
            await type_in("11111")
            await until(lambda: "not the code" in problem.text, "the sentence")
            await seen.press("escape")
            setup = await seen.shown(SetupScreen)
            await until(lambda: "telegram" in setup.services and setup.services["telegram"].state == "problem")
            assert "kingtui login" in setup.services["telegram"].todo
