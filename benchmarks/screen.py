"""The dashboard seen from its terminal: how fast it is there, how fast it answers a key, and what it takes and writes.

python -m benchmarks.screen [start] [keys] [idle] [step] [memory] [--seconds 120]
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import psutil
from textual.color import Color

from benchmarks.kingtui_process import machine, median, percentile, report
from benchmarks.pseudo_terminal import Dashboard, kingtui
from kingtui.charts.painter import paint
from kingtui.models import STEPS
from kingtui.services.demo import Market
from kingtui.themes import DARK

READY = ("● well", "Generate Professional Reports", "API http://", "No symbol is known yet", "Quit")
"""What the whole home screen of an empty home has on it, at its top, middle and bottom."""
STARTS, PRESSES, CHARTS = 10, 200, 80


@contextmanager
def _home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kingtui-benchmark-") as folder:
        (Path(folder) / "home").mkdir()
        yield Path(folder) / "home"


def _charts(count: int) -> list[bytes]:
    return [paint(chart) for chart in islice(Market(1).batch(count), count)]


def _drop(home: Path, charts: list[bytes], name: str) -> None:
    for number, chart in enumerate(charts):
        (home / "downloads" / f"{name}-{number}.jpg").write_bytes(chart)


def start(seconds: float) -> None:
    """From the start of the process to a home screen that lacks nothing."""
    taken = []
    with _home() as home:
        for number in range(STARTS + 1):
            with kingtui(home) as seen:
                moment = seen.wait_text(*READY)
                if number:
                    taken.append(moment - seen.started)
    report(
        f"dashboard: start → first complete screen ({STARTS} starts)",
        f"median {median(taken):.2f} s, longest {max(taken):.2f} s", "≤ 1.0 s",
    )  # fmt: skip


def keys(seconds: float) -> None:
    """``j`` and ``k`` on the board: from the key to the row painted as the focused one."""
    charts = _charts(CHARTS)
    red, green, blue = Color.parse(DARK.primary).blend(Color.parse(DARK.background or ""), 0.7).rgb
    focused = f"48;2;{red};{green};{blue}m"
    names = [step.name for step in STEPS]
    taken: list[float] = []
    with _home() as home:
        command = [sys.executable, "-m", "benchmarks.screen_fed", "--rate", "50"]
        with Dashboard(command, home, KINGTUI_WORKERS="2") as seen:
            seen.wait_text(*READY[:3])
            _drop(home, charts, "chart")
            seen.wait(lambda: len(seen.process.children()) >= 2, "two workers")
            row, way = 0, 1
            while len(taken) < PRESSES and _busy(seen):
                row, way = (row + way, way) if 0 <= row + way <= 5 else (row - way, -way)
                painted = re.compile(f"{re.escape(focused)}{re.escape(names[row])}".encode())
                place = len(seen.output)
                pressed = seen.press("j" if way > 0 else "k")
                taken.append(seen.wait(lambda: bool(painted.search(seen.output, place)), names[row], 10) - pressed)  # noqa: B023
                seen.watch(0.05)
    report(
        f"dashboard: key → repaint, two workers reading, 50 events/s more ({len(taken)} keys)",
        f"median {median(taken) * 1e3:.0f} ms, p95 {percentile(taken, 0.95) * 1e3:.0f} ms, "
        f"longest {max(taken) * 1e3:.0f} ms", "p95 ≤ 50 ms",
    )  # fmt: skip


def _busy(seen: Dashboard) -> bool:
    return any(child.cpu_percent() >= 0 for child in seen.process.children())


def idle(seconds: float) -> None:
    """After one chart was read and the workers have retired."""
    with _home() as home, kingtui(home) as seen:
        seen.wait_text(*READY)
        _drop(home, _charts(1), "chart")
        seen.wait(lambda: len(seen.process.children()) > 0, "a worker")
        seen.wait(lambda: not _workers(seen), "the workers to retire", 200)
        seen.watch(20)
        before, written = sum(seen.process.cpu_times()[:2]), seen.watch(seconds)
        share = (sum(seen.process.cpu_times()[:2]) - before) / seconds
    report(f"dashboard idle for {seconds:.0f} s: written to the terminal", f"{written / seconds:.0f} bytes/s", "≤ 200")
    report(f"dashboard idle for {seconds:.0f} s: processor", f"{share:.2%} of a core", "≤ 1.5 %")


def _workers(seen: Dashboard) -> list[psutil.Process]:
    return [child for child in seen.process.children() if "spawn_main" in " ".join(child.cmdline())]


def step(seconds: float) -> None:
    """Charts dropped at once are read by the steps while the home screen is looked at."""
    charts = _charts(CHARTS)
    rates = {flags: _under_work(charts, flags) for flags in ((), ("--low-bandwidth",))}
    full, low = rates.values()
    report("dashboard at work: written to the terminal", f"{full / 1e3:.1f} kB/s", "≤ 10 kB/s")
    report("dashboard at work, `--low-bandwidth`", f"{low / 1e3:.1f} kB/s, {low / full:.0%}", "a third")


def _under_work(charts: list[bytes], flags: tuple[str, ...]) -> float:
    with _home() as home, kingtui(home, *flags, KINGTUI_WORKERS="2") as seen:
        seen.wait_text(*READY)
        _drop(home, _charts(1), "before")  # a dashboard at work has symbols: that the empty screen fills is no work
        seen.wait(lambda: _analysed(home) > 0, "the first chart to be analysed", 60)
        seen.watch(10)
        begin, place = time.perf_counter(), len(seen.output)
        _drop(home, charts, "chart")
        seen.wait(lambda: not list((home / "downloads").glob("*.jpg")), "all charts to be sorted", 300)
        seen.wait(lambda: _analysed(home) >= len(charts) * 0.9, "most charts to be analysed", 600)
        return (len(seen.output) - place) / (time.perf_counter() - begin)


def _analysed(home: Path) -> int:
    return sum(1 for _ in (home / "imagesanalysed").rglob("*.jpg"))


def memory(seconds: float) -> None:
    """72,000 events, after 5,000 that fill what has a bound."""
    with _home() as home:
        feed = ["--rate", "600", "--after", "10000", "--count", "72000"]
        with Dashboard([sys.executable, "-m", "benchmarks.screen_fed", *feed], home) as seen:
            seen.wait((home / "fed-1").exists, "the first events", 200)
            before = seen.process.memory_full_info().uss
            seen.wait((home / "fed-2").exists, "all events", 600)
            after = seen.process.memory_full_info().uss
    report(
        "dashboard: memory after 72,000 events",
        f"{before / 1e6:.1f} MB → {after / 1e6:.1f} MB ({(after - before) / 1e6:+.1f} MB)", "± 5 MB",
    )  # fmt: skip


PARTS: dict[str, Callable[[float], None]] = {
    "start": start, "keys": keys, "idle": idle, "step": step, "memory": memory,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="|".join(PARTS), help="all of them, where none is named")
    parser.add_argument("--seconds", type=float, default=120)
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - PARTS.keys():
        parser.error(f"{', '.join(sorted(unknown))}: {', '.join(PARTS)} are measured")
    print(machine(), file=sys.stderr)
    for name in chosen.parts or PARTS:
        PARTS[name](chosen.seconds)


if __name__ == "__main__":
    main()
