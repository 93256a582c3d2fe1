"""The log: lines that cannot be forged, files per run, memory for the dashboard, and a disk that is full."""

from __future__ import annotations

import asyncio
import io
import logging
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kingtui.home import Home
from kingtui.logs import Logs, run_log, run_log_file
from kingtui.logs.lines import Lines
from kingtui.models import LogEntry
from kingtui.redaction import hidden

LINE = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00) (?P<level>[A-Z]+) (?P<logger>\S+)"
    r" (?:-|run=(?P<run>\d+) step=(?P<step>\d)) (?P<text>.*)"
)
log = logging.getLogger("kingtui.test")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "king")
    home.create()
    return home


@pytest.fixture
def logs(home: Home) -> Iterator[Logs]:
    with Logs(home, level="debug") as logs:
        yield logs


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def texts(path: Path) -> list[str]:
    return [match["text"] if (match := LINE.fullmatch(line)) else line for line in lines(path)]


def test_a_line_has_its_parts(home: Home, logs: Logs) -> None:
    log.info("picture %d arrived", 7)
    with run_log(12, 2):
        log.warning("odd")
    first, second = (LINE.fullmatch(line) for line in lines(home.log_file))
    assert first
    assert second
    assert (first["level"], first["logger"], first["run"], first["text"]) == (
        "INFO", "kingtui.test", None, "picture 7 arrived",
    )  # fmt: skip
    assert (second["level"], second["run"], second["step"], second["text"]) == ("WARNING", "12", "2", "odd")
    entries = logs.entries()
    assert [(entry.level, entry.logger, entry.text, entry.run_id) for entry in entries] == [
        ("INFO", "kingtui.test", "picture 7 arrived", None),
        ("WARNING", "kingtui.test", "odd", 12),
    ]
    assert entries[0].at.isoformat(timespec="milliseconds") == first["at"]
    assert logs.entries(1) == entries[1:]
    assert logs.entries(0) == []


def test_a_caption_cannot_forge_a_line(home: Home, logs: Logs) -> None:
    forged = "2026-01-02T03:04:05.678+00:00 ERROR kingtui.api - the key is gone"
    try:
        raise ValueError(f"bad\n{forged}\r{forged}\u2028{forged}")
    except ValueError:
        log.exception("caption %s\x1b[2J", f"hello\r\n{forged}\x85{forged}")
    written = lines(home.log_file)
    assert sum(bool(LINE.fullmatch(line)) for line in written) == 1
    assert all(line.startswith("  | ") for line in written[1:])
    assert "\x1b" not in home.log_file.read_text()
    assert "hello\\r\\n2026" in written[0]
    assert logs.entries()[0].text.isprintable()
    assert logs.entries()[0].text.startswith("caption hello\\r\\n2026")


@given(st.text(st.characters()))
def test_any_text_is_one_line(text: str) -> None:
    record = logging.LogRecord("kingtui", logging.INFO, "", 0, "%s", (text,), None)
    line = Lines().format(record)
    assert len(line.splitlines()) == 1
    assert line.isprintable()


async def test_a_runs_lines_go_to_its_file_from_tasks_and_threads_too(home: Home, logs: Logs) -> None:
    async def work(number: int) -> None:
        with run_log(number, 2):
            log.info("run %d", number)
            await asyncio.gather(*(asyncio.create_task(item(n)) for n in range(2)), asyncio.to_thread(item_now, 9))

    async def item(number: int) -> None:
        await asyncio.sleep(0)
        item_now(number)

    def item_now(number: int) -> None:
        log.info("item %d", number)

    await asyncio.gather(work(1), work(2))
    log.info("outside")
    for number in (1, 2):
        file = run_log_file(home, number, 2)
        assert file == home.root / "logs" / f"run-00000{number}-step2.log"
        assert sorted(texts(file)) == ["item 0", "item 1", "item 9", f"run {number}"]
        assert f" run={number} step=2 " in lines(file)[0]
    assert len(lines(home.log_file)) == 9


def test_a_run_may_be_named_by_its_record(home: Home, logs: Logs) -> None:
    log.info("an item", extra={"run": 3, "step": 4})
    assert texts(run_log_file(home, 3, 4)) == ["an item"]
    assert logs.entries()[0].run_id == 3


def test_a_run_without_lines_keeps_no_file(home: Home, logs: Logs) -> None:
    with run_log(5, 1):
        logging.getLogger("kingtui.test").log(5, "below the level")
    assert list(home.logs.iterdir()) == []


def test_levels(home: Home) -> None:
    with Logs(home, level="warning"):
        log.info("not this")
        log.warning("this")
        logging.getLogger("library").info("nor this")
        logging.getLogger("library").warning("but this")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("and Python's", UserWarning, stacklevel=1)
    assert texts(home.log_file)[:2] == ["this", "but this"]
    assert "and Python's" in lines(home.log_file)[2]


def test_secrets_are_dots_everywhere(home: Home, logs: Logs) -> None:
    hidden.add(["hunter2/ü", "abc", ""])
    try:
        raise RuntimeError("GET https://x.example/?key=hunter2%2F%C3%BC")
    except RuntimeError:
        with run_log(1, 1):
            log.exception("the key is %s, abc", "hunter2/ü")
    everything = home.log_file.read_text() + run_log_file(home, 1, 1).read_text() + logs.entries()[0].text
    assert "hunter2" not in everything
    assert "the key is ••••, abc" in everything
    assert "?key=••••" in everything


def test_a_record_whose_arguments_do_not_fit_is_kept(home: Home, logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", list(logs._handlers))  # pytest's own handler would raise

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no")

    log.info("%d pictures", "many")
    log.info("%s", Broken())
    assert texts(home.log_file) == [
        "%d pictures (its arguments do not fit: TypeError)", "%s (its arguments do not fit: RuntimeError)",
    ]  # fmt: skip
    assert len(logs.entries()) == 2


def test_the_log_is_rotated_into_five_files(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kingtui.logs.sinks.FILE_BYTES", 2_000)
    with Logs(home):
        for number in range(200):
            log.info("line %d", number)
    files = sorted(home.root.glob("orchestrator.log*"))
    assert len(files) == 5
    assert all(file.stat().st_size <= 2_000 for file in files)
    assert texts(home.log_file)[-1] == "line 199"


def test_memory_keeps_the_newest_two_thousand(logs: Logs) -> None:
    logging.getLogger("kingtui").setLevel(logging.INFO)
    for handler in logs._handlers[1:]:
        logging.getLogger().removeHandler(handler)
    for number in range(2_100):
        log.info("%d", number)
    assert [entry.text for entry in logs.entries()] == [str(number) for number in range(100, 2_100)]


async def test_listeners_hear_in_their_loop_whatever_the_thread(logs: Logs) -> None:
    heard: list[tuple[str, int]] = []
    end = logs.listen(lambda entry: heard.append((entry.text, threading.get_ident())), asyncio.get_running_loop())
    log.info("here")
    await asyncio.to_thread(log.info, "there")
    await asyncio.sleep(0.01)
    assert sorted(heard) == [("here", threading.get_ident()), ("there", threading.get_ident())]
    end()
    end()
    log.info("unheard")
    await asyncio.sleep(0.01)
    assert len(heard) == 2


async def test_a_listener_that_fails_is_dropped_and_told_of(logs: Logs) -> None:
    calls = 0

    def fail(entry: LogEntry) -> None:
        nonlocal calls
        calls += 1
        raise LookupError(entry.text)

    logs.listen(fail, asyncio.get_running_loop())
    log.info("one")
    log.info("two")
    await asyncio.sleep(0.01)
    assert calls == 1
    assert "a listener to the log failed and is dropped: LookupError" in logs.entries()[-1].text


def test_a_listener_whose_loop_is_closed_does_no_harm(logs: Logs) -> None:
    loop = asyncio.new_event_loop()
    logs.listen(lambda entry: None, loop)
    loop.close()
    log.info("still here")
    assert logs.entries()[-1].text == "still here"


def test_nothing_reaches_the_terminal_of_a_dashboard(home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    loud = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(loud)
    try:
        with Logs(home):
            log.error("not on the screen")
        log.error("on the screen again")
    finally:
        logging.getLogger().removeHandler(loud)
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "on the screen again\n"


def test_headless_lines_go_to_standard_error_too_and_a_closed_one_does_no_harm(home: Home) -> None:
    stream = io.StringIO()
    with Logs(home, stderr=stream) as logs:
        log.info("hello")
        written = stream.getvalue()
        stream.close()
        log.info("after the pipe broke")
        assert "standard error cannot be written" in logs.entries()[-1].text
        assert logs.lost == 0
    assert LINE.fullmatch(written.strip())
    assert texts(home.log_file) == ["hello", "after the pipe broke"]


def test_logging_is_given_back_as_it_was(home: Home) -> None:
    root, ours = logging.getLogger(), logging.getLogger("kingtui")
    before = (list(root.handlers), root.level, ours.level)
    logs = Logs(home)
    for _ in range(3):
        logs.start()
        logs.start()
        log.info("once")
        logs.stop()
        logs.stop()
    assert (list(root.handlers), root.level, ours.level) == before
    assert texts(home.log_file) == ["once"] * 3


def test_a_line_that_was_cut_short_does_not_swallow_the_next(home: Home) -> None:
    home.log_file.write_text("2026-01-02T03:04:05.678+00:00 INFO kingtui - half a li")
    with Logs(home):
        log.info("whole")
    assert texts(home.log_file) == ["half a li", "whole"]


def test_a_log_file_that_is_taken_away_comes_again(home: Home, logs: Logs) -> None:
    log.info("one")
    home.log_file.rename(home.root / "elsewhere.log")
    log.info("two")
    home.logs.rmdir()
    with run_log(1, 2):
        log.info("three")
    assert texts(home.log_file) == ["two", "three"]
    assert texts(run_log_file(home, 1, 2)) == ["three"]


def test_a_full_disk_is_told_once_and_its_lines_are_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    disk = tmp_path / "small"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False
    ).returncode:
        pytest.skip("only root may mount")
    try:
        home = Home(disk)
        home.create()
        with Logs(home) as logs:
            log.info("before")
            filler = disk / "filler"
            with filler.open("wb", buffering=0) as file, pytest.raises(OSError):
                while True:
                    file.write(b"x" * 512)
            for number in range(200):
                with run_log(1, 2):
                    log.info("lost %d %s", number, "x" * 500)
            assert logs.lost > 300
            told = [entry for entry in logs.entries() if entry.logger == "kingtui.logs"]
            assert sorted(entry.text for entry in told) == [  # a little more fits on the last page of one of them
                "the log cannot be written: No space left on device",
                "the log of a run cannot be written: No space left on device",
            ]
            lost = logs.lost
            filler.unlink()
            with run_log(1, 2):
                log.info("after")
            assert logs.lost == lost
        assert texts(home.log_file)[0] == "before"
        whole = [text for text in texts(home.log_file) if re.fullmatch(r"lost \d+ x{500}", text)]
        assert texts(home.log_file)[-1] == f"the log is written again; lines lost: {200 - len(whole)}"
        assert texts(home.log_file)[-2] == texts(run_log_file(home, 1, 2))[-1] == "after"
        assert all(LINE.fullmatch(line) for line in lines(home.log_file)[-2:])
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
    assert capfd.readouterr() == ("", "")
