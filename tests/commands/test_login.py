"""``kingtui login``, ``logout`` and doctor's line on Telegram, as a person runs them."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from pathlib import Path

import pytest

from tests.faults.process import Process
from tests.services.telegram.server import Telegram


def environment(home: Path, server: Telegram | None = None, **other: str) -> dict[str, str]:
    """What the program is started with."""
    made = {name: value for name, value in os.environ.items() if not name.startswith(("KINGTUI_", "TELEGRAM_"))}
    made |= {"KINGTUI_HOME": str(home), "KINGTUI_PORT": "0", "COLUMNS": "200", "TERM": "xterm"}
    if server is not None:
        made |= {
            "TELEGRAM_API_ID": str(server.api[0]), "TELEGRAM_API_HASH": server.api[1], "TELEGRAM_CHATS": "@charts",
            "TELEGRAM_DC_ID": "2", "TELEGRAM_DC_HOST": "127.0.0.1", "TELEGRAM_DC_PORT": str(server.wire.port),
            "TELEGRAM_DC_PUBLIC_KEY_FILE": str(server.wire.write_key(home.with_suffix(".pem"))),
        }  # fmt: skip
    return made | other


async def run(*args: str, env: dict[str, str]) -> tuple[int, str]:
    """Exit code and everything that was said, with nothing on standard input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kingtui", *args, env=env, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode()


async def type_in(*args: str, env: dict[str, str], answers: dict[str, str]) -> tuple[int, str]:
    """Run it in a terminal, and answer each prompt as it comes."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kingtui", *args, env=env, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    os.set_blocking(ours, False)
    seen, waiting = "", dict(answers)
    try:
        async with asyncio.timeout(60):
            while process.returncode is None or not seen.endswith("\x00"):
                try:
                    seen += os.read(ours, 65_536).decode(errors="replace")
                except BlockingIOError:
                    await asyncio.sleep(0.02)
                except OSError:  # the other side is closed
                    break
                for prompt in [prompt for prompt in waiting if prompt in seen.rpartition("\n")[2]]:
                    os.write(ours, f"{waiting.pop(prompt)}\n".encode())
        return await process.wait(), seen
    finally:
        os.close(ours)


async def test_without_a_terminal_it_is_a_sentence(tmp_path: Path) -> None:
    code, said = await run("login", env=environment(tmp_path / "home"))
    assert (code, said.strip()) == (2, "kingtui login asks for a phone number and a code: start it in a terminal")


@pytest.mark.slow
async def test_signing_in_and_out_in_a_terminal(tmp_path: Path) -> None:
    async with Telegram(password="geheim") as server:
        env = environment(tmp_path / "home", server)
        code, said = await run("doctor", env=env)
        assert "nobody is signed in" in said
        answers = {"Phone number": f"+{server.phone}", "Code: ": server.code, "Password: ": "geheim"}
        code, said = await type_in("login", env=env, answers=answers)
        assert (code, "Signed in as Some Body" in said) == (0, True), said
        assert "inside Telegram" in said
        assert "geheim" not in said, "what is typed as a password is not shown"
        code, said = await run("doctor", env=env)
        assert "signed in as Some Body; 1 of 1 chats found" in said
        code, said = await run("doctor", env=env | {"TELEGRAM_CHATS": "@nowhere_at_all"})
        assert "@nowhere_at_all cannot be looked at" in said
        assert "correct TELEGRAM_CHATS" in said
        code, said = await run("doctor", env=env | {"KINGTUI_TELEGRAM_SENDERS": "@ghost,700000002"})
        assert (code, "@ghost cannot be looked at" in said, "correct KINGTUI_TELEGRAM_SENDERS" in said) == (
            1, True, True,
        )  # fmt: skip
        server.revoke()
        code, said = await run("doctor", env=env)
        assert "kingtui login signs in" in said
        code, said = await type_in("login", env=env, answers=answers)
        assert code == 0, said
        code, said = await run("logout", env=env)
        assert (code, "Signed out" in said) == (0, True), said
        assert not server.signed_in


@pytest.mark.slow
async def test_beside_a_kingtui_that_was_started_before_it_was_set_up(tmp_path: Path) -> None:
    async with Telegram() as server:
        env = environment(tmp_path / "home", server)
        with Process(tmp_path / "home"):
            code, said = await type_in("login", env=env, answers={})
    assert code == 1
    assert "the running kingtui was started before Telegram was set up: start it anew, then sign in" in said


@pytest.mark.slow
async def test_a_chat_that_is_not_there_and_a_number_typed_wrongly_beside_a_running_kingtui(tmp_path: Path) -> None:
    async with Telegram() as server:
        env = environment(tmp_path / "home", server, TELEGRAM_CHATS="@nowhere_at_all")
        settings = {name.lower(): value for name, value in env.items() if name.startswith("TELEGRAM_")}
        with Process(tmp_path / "home", **settings):
            answers = {"Phone number": "+4915100000000", "+49…): ": f"+{server.phone}", "Code: ": server.code}
            code, said = await type_in("login", env=env, answers=answers)
            assert (code, "no phone number Telegram knows" in said, "Signed in as" in said) == (0, True, True), said
            for _ in range(50):
                code, said = await run("doctor", env=env)
                if "cannot be looked at" in said:
                    break
            assert (code, "correct TELEGRAM_CHATS, or join there in Telegram" in said) == (1, True), said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"TELEGRAM_API_HASH": ""}, "TELEGRAM_API_HASH is not set, without which TELEGRAM_API_ID is of no use"),
        ({"TELEGRAM_DC_PORT": ""}, "TELEGRAM_DC_PORT is not set: another server needs all four"),
        ({"TELEGRAM_API_ID": "", "TELEGRAM_API_HASH": ""}, "not set up: pictures come from folders"),
    ],
)
async def test_doctor_says_what_is_missing(tmp_path: Path, change: dict[str, str], sentence: str) -> None:
    async with Telegram() as server:
        _, said = await run("doctor", env=environment(tmp_path / "home", server) | change)
        assert sentence in said
