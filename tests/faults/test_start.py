"""Starts that cannot succeed say why in a sentence; ends that are asked for are quick and lose nothing."""

import re
import signal
import socket
import subprocess
import sys

import pytest

from tests.faults.pictures import charts
from tests.faults.process import ROOT, Process, bound_by_modes, command, environment, wait_for
from tests.faults.snapshot import rows


def attempt(home, *flags, before=None):
    """A start that is expected to fail: exit code and what it said on stderr."""
    found = subprocess.run(
        command(home, *flags), cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60,
        preexec_fn=before,
    )  # fmt: skip
    assert "Traceback" not in found.stderr
    assert found.stdout == ""
    return found.returncode, found.stderr


def test_a_busy_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = attempt(tmp_path, "--port", str(port))
    assert code == 1
    assert f"port {port} on localhost is in use by another program" in said
    assert "--port" in said


def test_a_second_process_is_told_who_owns_the_home(tmp_path):
    with Process(tmp_path) as first:
        code, said = attempt(tmp_path, "--port", "0")
        assert code == 1
        assert re.search(rf"owned by process {first.pid}, headless mode, since .* UTC, API at http://127", said)
        assert first.get("/health")["status"] == "healthy"


@pytest.mark.skipif(sys.platform != "linux", reason="modes can be made to bind root on Linux only")
def test_a_home_that_cannot_be_written_is_named(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    code, said = attempt(home, "--port", "0", before=bound_by_modes)
    assert code == 1
    assert re.fullmatch(rf".*{re.escape(str(home))}\S* cannot be (made|written to): .+\n", said)


def test_a_home_that_is_a_file_is_named(tmp_path):
    home = tmp_path / "home"
    home.write_text("not a folder")
    code, said = attempt(home, "--port", "0")
    assert code == 1
    assert f"{home} is not a folder" in said


def test_a_database_that_is_none_is_named(tmp_path):
    (tmp_path / "kingtui.db").write_bytes(b"this is no database" * 100)
    code, said = attempt(tmp_path, "--port", "0")
    assert code == 1
    assert f"{tmp_path}/kingtui.db cannot be opened as a database" in said
    assert (tmp_path / "kingtui.db").read_bytes().startswith(b"this is no database")


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_work_ends_it_at_once_and_loses_nothing(tmp_path, signal_number):
    pictures = dict(enumerate(charts(6)))
    with Process(tmp_path) as kingtui:
        for number, data in pictures.items():
            (tmp_path / "downloads" / f"{number}.jpg").write_bytes(data)
        wait_for(lambda: rows(tmp_path, "SELECT 1 FROM runs WHERE status = 'running'"), "a run")
        assert kingtui.stop(10, by=signal_number) == 0
    images = rows(tmp_path, "SELECT path, stage FROM images")
    assert all((tmp_path / image["path"]).is_file() for image in images)
    unsorted = {path.name for path in (tmp_path / "downloads").iterdir() if path.is_file()}
    assert {image["path"].rpartition("/")[2] for image in images} | unsorted == {f"{n}.jpg" for n in pictures}
    assert not rows(tmp_path, "SELECT 1 FROM runs WHERE status = 'running'")
    cancelled = rows(tmp_path, "SELECT error FROM runs WHERE status = 'cancelled'")
    assert {row["error"] for row in cancelled} == {"kingtui was stopped"}


def test_the_workers_of_a_killed_process_go_too(tmp_path):
    import psutil

    kingtui = Process(tmp_path)
    kingtui.start()
    for number, data in enumerate(charts(6)):
        (tmp_path / "downloads" / f"{number}.jpg").write_bytes(data)
    children = wait_for(lambda: psutil.Process(kingtui.pid).children(recursive=True)[1:], "workers")
    kingtui.kill()
    _, alive = psutil.wait_procs(children, timeout=15)
    assert not alive
