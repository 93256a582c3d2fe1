"""From the start of the process to its first answer with 200, and what it costs.

    python -m benchmarks.start [--starts 10]

The first start, which makes the home and compiles what is not compiled yet, is not counted.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.kingtui_process import KingtuiProcess, machine, median, report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=10)
    chosen = parser.parse_args()
    print(machine(), file=sys.stderr)
    seconds, processor = [], []
    with tempfile.TemporaryDirectory(prefix="kingtui-benchmark-") as folder:
        for number in range(chosen.starts + 1):
            with KingtuiProcess(Path(folder)) as process:
                if number:
                    seconds.append(time.perf_counter() - process.started)
                    processor.append(process.processor_seconds())
    report(
        f"start of `--api-only` → first 200 ({len(seconds)} starts)",
        f"median {median(seconds):.2f} s, longest {max(seconds):.2f} s (processor time {median(processor):.2f} s)",
        "≤ 1.0 s",
        "0.5 s",
    )


if __name__ == "__main__":
    main()
