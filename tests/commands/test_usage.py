"""What the command line does before any work: imports, wrong use, owners, busy ports, pipes, colour."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kingtui import __version__
from kingtui.home import Home, HomeLock
from tests.commands.shell import KINGTUI, WRITES_COLOUR, environment, kingtui, on_a_terminal

HEAVY = {"sqlalchemy", "alembic", "textual", "fastapi", "uvicorn", "httpx", "pydantic", "numpy", "PIL", "onnxruntime"}


def imported(folder: Path, *command: str) -> set[str]:
    """The top-level packages that a Python process loads."""
    asked = [sys.executable, "-X", "importtime", *command]
    run = subprocess.run(asked, env=environment(folder), capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in run.stderr.splitlines() if "|" in line}


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_a_question_about_the_program_loads_nothing_heavy(flag: str, tmp_path: Path) -> None:
    loaded = imported(tmp_path, KINGTUI, flag)
    assert "typer" in loaded
    assert not loaded & HEAVY


def test_a_pool_worker_pays_nothing_for_the_command_line(tmp_path: Path) -> None:
    assert not imported(tmp_path, "-c", "import kingtui.cli, kingtui.__main__") & (HEAVY | {"typer", "rich"})


def test_version_and_help(tmp_path: Path) -> None:
    assert kingtui("--version", folder=tmp_path).stdout == f"kingtui {__version__}\n"
    shown = kingtui("--help", folder=tmp_path).stdout
    for word in ("run", "read", "status", "trigger", "data", "report", "history", "doctor", "locate", "--api-only"):
        assert re.search(rf"^ +{word}\b", shown, re.MULTILINE), word
    module = subprocess.run([sys.executable, "-m", "kingtui", "nothing"], capture_output=True, text=True, check=False)
    assert module.returncode == 2
    assert "Usage: kingtui " in module.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "needs a terminal"),
        (("--bogus",), "--bogus"),
        (("--port", "70000", "locate"), "KINGTUI_PORT is '70000' in the flag --port"),
        (("--api-only", "--no-api"), "--no-api"),
        (("--api-only", "status"), "cannot stand before status"),
        (("run", "7"), "'7' is no step: 1 to 6, or all, are allowed"),
        (("trigger", "0"), "'0' is no step: 1 to 6 are allowed"),
        (("history", "--step", "x"), "'x' is no step"),
        (("data", "../../etc/passwd"), "is not a symbol"),
        (("read",), "IMAGE"),
    ],
)
def test_wrong_use_is_a_sentence_and_exit_code_2(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    run = kingtui(*arguments, folder=tmp_path)
    assert run.returncode == 2
    assert run.stdout == ""
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert not list(tmp_path.iterdir())  # it made nothing


def test_an_owned_home_is_refused_with_the_owner_named(tmp_path: Path) -> None:
    home = tmp_path / "king"
    home.mkdir()
    with HomeLock(Home(home), mode="headless") as lock:
        lock.update(address="http://127.0.0.1:5")
        headless = kingtui("--home", home, "--api-only", "--port", 0, folder=tmp_path)
        code, shown = on_a_terminal("--home", home, folder=tmp_path)
    assert headless.returncode == code == 1
    for text in (headless.stderr, " ".join(shown.split())):
        assert "is owned by process" in text
        assert "headless mode" in text
        assert "API at http://127.0.0.1:5" in text
        assert "Traceback" not in text
    assert "does not answer" in shown


def test_an_owner_without_an_api_or_an_answer_is_said_so(tmp_path: Path) -> None:
    home = tmp_path / "king"
    home.mkdir()
    with HomeLock(Home(home), mode="run") as lock:
        for command in (("trigger", "2"), ("run", "2")):
            run = kingtui(*command, "--home", home, folder=tmp_path)
            assert (run.returncode, run.stdout) == (1, "")
            assert "without API: it cannot be asked" in run.stderr
        lock.update(address="http://127.0.0.1:1")
        run = kingtui("status", "--home", home, folder=tmp_path)
        assert (run.returncode, run.stdout) == (1, "")
        assert "does not answer" in run.stderr
        assert len(run.stderr.splitlines()) == 1


def test_a_busy_port_ends_a_headless_start(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        run = kingtui("--api-only", "--home", tmp_path / "king", "--port", port, folder=tmp_path)
    assert run.returncode == 1
    assert f"port {port} on localhost is in use by another program" in run.stderr
    assert "Traceback" not in run.stderr


def test_nothing_runs_and_nothing_has_run(tmp_path: Path) -> None:
    trigger = kingtui("--home", tmp_path / "king", "trigger", 3, folder=tmp_path)
    assert (trigger.returncode, trigger.stdout) == (1, "")
    assert "nothing runs in" in trigger.stderr
    assert "kingtui run 3" in trigger.stderr
    run = kingtui("status", "--home", tmp_path / "king", folder=tmp_path)
    assert (run.returncode, run.stdout) == (1, "")
    assert "nothing has run in this home yet" in run.stderr
    assert not (tmp_path / "king").exists()


def test_options_stand_before_or_after_the_command(tmp_path: Path) -> None:
    before = kingtui("--home", tmp_path / "a", "--demo", "locate", folder=tmp_path)
    after = kingtui("locate", "--home", tmp_path / "a", "--demo", folder=tmp_path)
    assert before.returncode == after.returncode == 0
    assert before.stdout == after.stdout
    assert str(tmp_path / "a" / "demo" / "kingtui.db") in after.stdout


def test_a_reader_that_goes_away_is_no_error_message(tmp_path: Path) -> None:
    for arguments in (("locate",), ("locate", "--json")):
        with subprocess.Popen(
            [KINGTUI, *arguments], env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.close()
            _, said = process.communicate(timeout=60)
        assert said == b""


def test_a_full_disk_behind_the_output_is_a_sentence(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no /dev/full here")
    with full.open("w") as output:
        run = subprocess.run(
            [KINGTUI, "locate"], env=environment(tmp_path), stdout=output, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert run.returncode == 1
    assert run.stderr == "the output cannot be read or written: No space left on device\n"


@pytest.mark.slow
def test_colour_is_left_out_where_nobody_wants_it(tmp_path: Path) -> None:
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    assert colour.search(kingtui("doctor", folder=tmp_path, **WRITES_COLOUR).stdout)
    assert not colour.search(kingtui("doctor", folder=tmp_path, NO_COLOR="1", **WRITES_COLOUR).stdout)


def test_low_bandwidth_reaches_textual(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = (
        "import os, sys; from kingtui.commands import dashboard, start; from kingtui.settings import Settings\n"
        "sys.stdin = sys.stdout = type('Tty', (), {'isatty': lambda s: True, 'flush': lambda s: 0})()\n"
        "def opened(settings, *, low_bandwidth):\n"
        "    assert 'textual' not in sys.modules\n"
        "    from textual import constants as c\n"
        "    sys.stderr.write(f'{c.MAX_FPS} {c.TEXTUAL_ANIMATIONS} {c.SMOOTH_SCROLL}')\n"
        "dashboard.open_dashboard = opened\n"
        f"start.start(Settings(home={str(tmp_path)!r}), api_only=False, low_bandwidth=True)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stderr == "15 none False"
