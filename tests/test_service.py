"""kingtui as a service: what it tells its manager, over a real socket, and the unit that starts it."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress

import pytest

from kingtui.clock import SystemClock
from kingtui.notify_service import ServiceManager
from kingtui.settings import Settings, variable
from kingtui.settings.telling import is_secret
from tests.faults.process import ROOT, environment

DEPLOY = ROOT / "deploy"
UNIT = DEPLOY / "king-orchestrator.service"
START = DEPLOY / "start_orchestrator.sh"


def listening(path: str) -> socket.socket:
    """What systemd listens on."""
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.bind(f"\0{path[1:]}" if path.startswith("@") else path)
    channel.settimeout(30)
    return channel


def heard(channel: socket.socket) -> list[str]:
    return channel.recv(4096).decode().split("\n")


@pytest.mark.parametrize("abstract", [False, True])
def test_words_reach_the_manager_whole(tmp_path, abstract):
    path = f"@kingtui-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with closing(listening(path)) as channel:
        said = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid()), "OTHER": "1"}
        manager = ServiceManager(said)
        assert said == {"OTHER": "1"}
        assert (manager.there, manager.watchdog_seconds) == (True, 3.0)
        manager.ready("well\nWATCHDOG=trigger")
        assert heard(channel) == ["READY=1", "STATUS=well WATCHDOG=trigger"]
        manager.stopping()
        assert heard(channel) == ["STOPPING=1", "STATUS=stopping"]


async def test_signs_of_life_come_in_time_and_say_what_has_changed(tmp_path):
    words = iter(["well", "working", "working"])

    async def status():
        return next(words, "working")

    with closing(listening(str(tmp_path / "notify"))) as channel:
        manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"})
        manager.ready("well")
        beating = asyncio.create_task(manager.keep_alive(SystemClock(), status))
        found = [await asyncio.to_thread(heard, channel) for _ in range(4)]
        began = time.monotonic()
        await asyncio.to_thread(heard, channel)
        assert time.monotonic() - began < 0.3
        beating.cancel()
    assert found[1:] == [["WATCHDOG=1"], ["STATUS=working", "WATCHDOG=1"], ["WATCHDOG=1"]]


async def test_without_a_manager_nothing_is_said(tmp_path, caplog):
    manager = ServiceManager({})
    manager.ready("well")
    manager.stopping()
    await asyncio.wait_for(manager.keep_alive(SystemClock(), lambda: pytest.fail("asked")), 1)
    gone = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone"), "WATCHDOG_USEC": "x"})
    for _ in range(3):
        gone.ready("well")
    assert len([record for record in caplog.records if "cannot be told" in record.message]) == 1
    assert ServiceManager({"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}).watchdog_seconds == 0


def test_a_service_says_ready_lives_and_stops_in_time(tmp_path):
    with closing(listening(str(tmp_path / "notify"))) as channel:
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "900000"}
        command = [sys.executable, "-m", "kingtui", "--api-only", "--home", str(tmp_path / "home"), "--port", "0"]
        with subprocess.Popen(command, cwd=ROOT, env=environment() | told, stderr=subprocess.DEVNULL) as process:
            try:
                first = heard(channel)
                assert first[0] == "READY=1"
                assert first[1].startswith("STATUS=")
                assert (tmp_path / "home" / "kingtui.db").stat().st_size > 0
                assert "WATCHDOG=1" in heard(channel)
                assert "WATCHDOG=1" in heard(channel)
                process.send_signal(signal.SIGSTOP)  # a loop that hangs gives no sign of life
                channel.settimeout(1.5)
                with suppress(TimeoutError):
                    while True:
                        heard(channel)
                process.send_signal(signal.SIGCONT)
                channel.settimeout(30)
                assert "WATCHDOG=1" in heard(channel)
                began = time.monotonic()
                process.send_signal(signal.SIGTERM)
                while "STOPPING=1" not in heard(channel):
                    pass
                assert process.wait(20) == 0
                assert time.monotonic() - began < 10
            finally:
                if process.poll() is None:
                    process.kill()


def unit() -> dict[str, list[str]]:
    """The values of each option of the unit."""
    options: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            options.setdefault(name, []).append(value)
    return options


def test_the_unit_hands_over_every_secret_and_starts_what_is_there():
    options = unit()
    secrets = {variable(name, info) for name, info in Settings.model_fields.items() if is_secret(info)}
    assert set(options["LoadCredential"]) >= secrets
    assert options["Type"] == ["notify"]
    assert int(options["WatchdogSec"][0]) >= 30
    assert options["ExecStart"] == ["/opt/kingtui/deploy/start_orchestrator.sh"]
    assert os.access(START, os.X_OK)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
def test_systemd_takes_the_unit_and_finds_it_closed(tmp_path):
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/kingtui", str(ROOT)))
    verified = subprocess.run(["systemd-analyze", "verify", here], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", here],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-200:]


def test_the_script_finds_kingtui_and_hands_flags_on(tmp_path):
    fake = tmp_path / "bin" / "kingtui"
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\necho "$0" "$@"\n')
    fake.chmod(0o755)
    copy = tmp_path / "some where" / "deploy" / START.name
    copy.parent.mkdir(parents=True)
    shutil.copy(START, copy)
    path = f"{fake.parent}:/usr/bin:/bin"
    run = {"capture_output": True, "text": True, "check": False}
    found = subprocess.run([copy, "--port", "1 2"], env={"PATH": path}, **run)
    assert found.stdout == f"{fake} --api-only --port 1 2\n"
    named = subprocess.run([copy], env={"PATH": "/usr/bin:/bin", "KINGTUI": str(fake)}, **run)
    assert named.stdout == f"{fake} --api-only\n"
    missing = subprocess.run([copy], env={"PATH": "/usr/bin:/bin"}, **run)
    assert missing.returncode == 2
    assert "kingtui was not found: install it into" in missing.stderr
    beside = copy.parent.parent / ".venv" / "bin" / "kingtui"
    beside.parent.mkdir(parents=True)
    shutil.copy(fake, beside)
    assert "--api-only" in subprocess.run([copy], env={"PATH": path}, **run).stdout
