"""What the benchmarks of the running program share: a headless kingtui in a home of its own, seen from outside."""

from __future__ import annotations

import contextlib
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from kingtui.home import Home, owner

Found = TypeVar("Found")
ENDS = "('extracted', 'unknown', 'duplicate', 'quarantined', 'missing')"


class KingtuiProcess:
    """``python -m kingtui --api-only`` in a temporary home; ended with the block.

    ``started`` is when its process was made, on ``time.perf_counter``. Settings are given without their prefix.
    """

    def __init__(self, home: Path, **settings: object) -> None:
        self.home = Home(home)
        self.started = 0.0
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KINGTUI_")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
        chosen = {"MIN_FREE_DISK": 0} | {name.upper(): value for name, value in settings.items()}
        self._environment = environment | {f"KINGTUI_{name}": str(value) for name, value in chosen.items()}
        self._process: subprocess.Popen[bytes] | None = None
        self._http: httpx.Client | None = None

    def __enter__(self) -> KingtuiProcess:
        flags = ["--api-only", "--home", str(self.home.root), "--port", "0"]
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "kingtui", *flags],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._http = httpx.Client(base_url=wait_for(self._address, "an owner of the home") or "", timeout=60)
        wait_for(self._answers, "an answer")
        return self

    def __exit__(self, *_: object) -> None:
        if self._http is not None:
            self._http.close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    @property
    def url(self) -> str:
        """The address of its API."""
        return str(self._client().base_url).rstrip("/")

    def get(self, path: str) -> Any:
        """The JSON of a route."""
        return self._client().get(path).raise_for_status().json()

    def post(self, path: str) -> Any:
        """The JSON answer to a POST."""
        return self._client().post(path).raise_for_status().json()

    def rows(self, query: str, *values: object) -> list[Any]:
        """Rows of the store, read beside the process that owns it."""
        with closing(sqlite3.connect(f"file:{self.home.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def at_rest(self) -> bool:
        """Whether nothing runs, waits or is due."""
        steps = self.get("/status")["steps"].values()
        return not any(step["status"] in ("pending", "running") or step["backlog"] for step in steps)

    def tree(self) -> list[psutil.Process]:
        """The process and all it has started."""
        if self._process is None:
            raise RuntimeError("it was not started")
        main = psutil.Process(self._process.pid)
        return [main, *main.children(recursive=True)]

    def memory(self) -> int:
        """Bytes of the whole tree: what several processes share is counted once (PSS on Linux, else USS)."""
        total = 0
        for process in self.tree():
            with contextlib.suppress(psutil.Error):
                full = process.memory_full_info()
                total += getattr(full, "pss", full.uss)
        return total

    def processor_seconds(self) -> float:
        """Processor time of the whole tree so far, ended children included."""
        total = 0.0
        for process in self.tree():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
        return total

    def _client(self) -> httpx.Client:
        if self._http is None:
            raise RuntimeError("it was not started")
        return self._http

    def _address(self) -> str | None:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("kingtui ended at once")
        with contextlib.suppress(ValueError):
            found = owner(self.home)
            if found and found.pid == self._process.pid:
                return found.address
        return None

    def _answers(self) -> bool:
        try:
            return self._client().get("/health").status_code == 200
        except httpx.TransportError:
            return False


@contextlib.contextmanager
def kingtui(**settings: object) -> Iterator[KingtuiProcess]:
    """A running kingtui in a fresh home, which is removed in the end."""
    with (
        tempfile.TemporaryDirectory(prefix="kingtui-benchmark-") as folder,
        KingtuiProcess(Path(folder) / "home", **settings) as process,
    ):
        yield process


def wait_for(condition: Callable[[], Found], what: str, seconds: float = 120.0, pause: float = 0.001) -> Found:
    """Wait until ``condition()`` is true, and return what it gave."""
    deadline = time.perf_counter() + seconds
    while not (found := condition()):
        if time.perf_counter() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(pause)
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile."""
    return sorted(values)[max(0, -(-int(share * len(values) * 1000) // 1000) - 1)]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def machine() -> str:
    """What it was measured on, in words."""
    memory = psutil.virtual_memory().total / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{cores} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )


def report(subject: str, measured: str, target: str, replaced: str = "–") -> None:
    """Print a row of the table in README.md: what, measured, target, and the scripts that kingtui replaces."""
    print(f"| {subject} | {measured} | {target} | {replaced} |", flush=True)
