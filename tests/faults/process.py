"""kingtui headless in a process of its own, which may be killed."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

from kingtui.home import Home, own_secret, owner
from kingtui.models import KingError
from kingtui.settings import Settings, variable

ROOT = Path(__file__).parents[2]
Found = TypeVar("Found")
_LIBC = ctypes.CDLL(None, use_errno=True)


def command(home: Path, *flags: str) -> list[str]:
    """How a headless kingtui is started."""
    return [sys.executable, "-m", "kingtui", "--api-only", "--home", str(home), *flags]


def environment(**settings: object) -> dict[str, str]:
    """This process's environment without settings and keys of services, and with these settings, by field name."""
    variables = {name: variable(name, info) for name, info in Settings.model_fields.items()}
    ours = {*variables.values()}
    kept = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("KINGTUI_")}
    defaults = {"min_free_disk": 0, "workers": 2, "rate_limit": "1000000/second"}
    chosen = defaults | {name.lower(): value for name, value in settings.items()}
    return kept | {variables[name]: str(value) for name, value in chosen.items()}


def wait_for(condition: Callable[[], Found], what: str, seconds: float = 60.0) -> Found:
    """Wait until ``condition()`` is true, and return what it gave; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.02)
    return found


def bound_by_modes() -> None:
    """Called in a new process before it runs its program: modes of files bind even root. Linux only."""
    drop, override, read_search = 24, 1, 2  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    for capability in (override, read_search):
        if os.geteuid() == 0 and _LIBC.prctl(drop, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")


class Process:
    """``with Process(home) as kingtui:`` starts it and waits for its first answer; the end is SIGTERM.

    Settings are given without their prefix, in any case: ``step_timeout=5``. ``before`` is called in the new process.
    ``port`` 0 takes a free one at each start.
    """

    def __init__(
        self, home: Path, *, port: int = 0, before: Callable[[], None] | None = None, **settings: object
    ) -> None:
        self.home = Home(home)
        self.address = ""
        self._port = port
        self._before = before
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._http: httpx.Client | None = None

    def __enter__(self) -> Process:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.stop()

    def launch(self) -> None:
        """Start without waiting."""
        self._process = subprocess.Popen(
            command(self.home.root, "--port", str(self._port)), cwd=ROOT, env=environment(**self._settings),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=self._before,
        )  # fmt: skip

    def start(self) -> None:
        """Start, and wait until it answers."""
        self.launch()
        self.address = wait_for(self._address, "an owner of the home")
        headers = {"Authorization": f"Bearer {own_secret(self.home)}"}
        self._http = httpx.Client(base_url=self.address, timeout=10, headers=headers)
        wait_for(self._answers, "an answer")

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def get(self, path: str) -> Any:
        """The JSON of a route that must answer 200."""
        assert self._http is not None
        response = self._http.get(path)
        assert response.status_code == 200, f"{path}: {response.status_code} {response.text}"
        return response.json()

    def post(self, path: str) -> httpx.Response:
        """The answer to a POST."""
        assert self._http is not None
        return self._http.post(path)

    def token(self, scope: str) -> str:
        """A token of its own making."""
        made = [sys.executable, "-m", "kingtui", "token", "create", "--name", scope, "--scope", scope, "--home"]
        done = subprocess.run(
            [*made, str(self.home.root)], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def kill(self) -> None:
        """kill -9. Its pool workers notice and go by themselves."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._end()

    def stop(self, seconds: float = 10.0, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; the exit code."""
        assert self._process is not None
        self._process.send_signal(by)
        return self._end(seconds)

    def at_rest(self) -> bool:
        """Whether nothing runs, waits or is due."""
        steps = self.get("/status")["steps"].values()
        return all(
            step["status"] not in ("pending", "running") and not step["backlog"] and not step["waiting"]
            for step in steps
        )

    def _end(self, seconds: float = 10.0) -> int:
        process, self._process = self._process, None
        if self._http is not None:
            self._http.close()
            self._http = None
        assert process is not None
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"it did not end within {seconds:.0f} s") from None

    def _address(self) -> str | None:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"it ended with {self._end()}")
        try:
            found = owner(self.home)
        except KingError:
            return None
        return found.address if found and found.pid == self._process.pid else None

    def _answers(self) -> bool:
        assert self._http is not None
        try:
            return self._http.get("/health").status_code == 200
        except httpx.TransportError:
            return False
