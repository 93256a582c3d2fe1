"""The chart reader beside two general text recognisers, on the same painted charts in one run.

    python -m benchmarks.ocr --rapidocr /path/to/its/python [--charts 50] [--seed 1]

Only printed values are asked for, because a text recogniser sees no bars, bands or dots: rows of a ratio chart (symbol
and both percentages), the price and the title's facts of a map, the title's facts of a heat map, the symbols of an RSI
heat map. A recogniser is credited with a value wherever in its text the value stands; a row of a ratio chart has to
stand in one line. Made up: rows and symbols in its text that are not on the chart.

Tesseract is the Debian package ``tesseract-ocr``. rapidocr lives in an environment of its own, because it brings
OpenCV: ``python3 -m venv ocr && ocr/bin/pip install rapidocr onnxruntime``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.kingtui_process import machine, median
from kingtui import charts
from kingtui.charts.painter import Chart, paint
from kingtui.charts.painter.truth import truth
from kingtui.services.demo import Market

RAPIDOCR = """
import json, logging, sys, time
logging.disable(logging.CRITICAL)
from rapidocr import RapidOCR
engine = RapidOCR()
for path in sys.argv[1:]:
    start = time.process_time()
    found = engine(path)
    boxes = [] if found.boxes is None else found.boxes.tolist()
    print(json.dumps([time.process_time() - start, list(zip(boxes, found.txts or ()))]), flush=True)
"""
PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*%")


@dataclass
class Tally:
    """What one tool made of the charts of one kind."""

    right: int = 0
    asked: int = 0
    made_up: int = 0
    seconds: list[float] = field(default_factory=list)


def rows(lines: Sequence[str]) -> list[tuple[str, float, float]]:
    """The rows of a ratio chart in lines of text: a word, then two percentages."""
    found = []
    for line in lines:
        shares = PERCENT.findall(line)
        words = re.findall(r"[A-Z0-9]{2,}", PERCENT.sub(" ", line))
        if len(shares) == 2 and words:
            long, short = (float(share.replace(",", ".")) for share in shares)
            found.append((words[0], long, short))
    return found


def printed(told: Mapping[str, Any]) -> list[str]:
    """What a title prints, without its spaces."""
    if told["kind"] == "liquidation_map":
        moment = time.strptime(told["timestamp"], "%Y-%m-%dT%H:%M:%SZ")
        date = time.strftime("%a,%d%b%Y%H:%M:%S", moment)
        return [
            f"{told['symbol']}:", "_".join(told["exchanges"]), date, told["leverage"], told["current_price_label"]
        ]  # fmt: skip
    return [told["symbol"], told["leverage"]]


def judge(tally: Tally, told: Mapping[str, Any], lines: Sequence[str]) -> None:
    """Count what of a chart's printed values stands in the text."""
    match told["kind"]:
        case "liquidation_map" | "liquidation_heatmap":
            text = re.sub(r"\s", "", "".join(lines))
            wanted = printed(told)
            tally.asked += len(wanted)
            tally.right += sum(value in text for value in wanted)
        case "rsi_heatmap":
            there = Counter(point["symbol"] for point in told["points"])
            words = Counter(word for line in lines for word in re.findall(r"\b[A-Z0-9]{2,}\b", line))
            tally.asked += there.total()
            tally.right += (there & words).total()
            axis = Counter({str(number): 9 for number in range(0, 101, 10)} | {"RSI": 1})
            tally.made_up += (words - there - axis).total()
        case _:
            count(tally, [(row["symbol"], row["long"], row["short"]) for row in told["rows"]], rows(lines))


def count(tally: Tally, told: Sequence[object], found: Sequence[object]) -> None:
    """Count what was found of what was told, and what was found beyond it."""
    wanted, got = Counter(told), Counter(found)
    tally.asked += wanted.total()
    tally.right += (wanted & got).total()
    tally.made_up += (got - wanted).total()


def ours(tally: Tally, told: Mapping[str, Any], picture: bytes, *, verified: bool) -> None:
    """The chart reader: all that it read, or only what it verified."""
    start = time.process_time()
    read = charts.read(picture).to_json()
    tally.seconds.append(time.process_time() - start)
    sure = read["verified"]
    if told["kind"] in ("liquidation_map", "liquidation_heatmap"):
        names = ["symbol", "leverage"]
        if told["kind"] == "liquidation_map":
            names += ["exchanges", "timestamp", "current_price"]
        wanted = [(name, str(told[name])) for name in names]
        got = [(name, str(_plain(read.get(name)))) for name in names if not verified or name in sure]
        count(tally, wanted, [pair for pair in got if pair[1] != "None"])
    elif told["kind"] == "rsi_heatmap":
        points = [point["symbol"] for point in read.get("points", ()) if point["verified"] or not verified]
        count(tally, [point["symbol"] for point in told["points"]], [symbol for symbol in points if symbol])
    else:
        columns = ("symbol", "long", "short")
        found = [row for row in read.get("rows", ()) if row["verified"] or not verified]
        count(
            tally, [tuple(row[name] for name in columns) for row in told["rows"]],
            [tuple(row[name] for name in columns) for row in found],
        )  # fmt: skip


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def tesseract(path: Path) -> tuple[float, list[str]]:
    """Processor seconds and lines of text, by the page segmentation (6: one block) that reads most of these charts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        ["tesseract", str(path), "-", "--psm", "6"], capture_output=True, text=True, check=True, timeout=120,
        env=os.environ | {"OMP_THREAD_LIMIT": "1"},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, run.stdout.splitlines()


def rapidocr(python: Path, paths: Sequence[Path]) -> Iterator[tuple[float, list[str]]]:
    """Processor seconds and lines of text of each picture: boxes at one height are a line."""
    run = subprocess.run(
        [str(python), "-c", RAPIDOCR, *map(str, paths)], capture_output=True, text=True, check=True, timeout=3600
    )
    for answer in run.stdout.splitlines():
        seconds, boxes = json.loads(answer)
        lines: list[tuple[float, list[tuple[float, str]]]] = []
        for box, text in sorted(boxes, key=lambda item: sum(point[1] for point in item[0])):
            height = sum(point[1] for point in box) / 4
            if not lines or height - lines[-1][0] > 8:
                lines.append((height, []))
            lines[-1][1].append((box[0][0], text))
        yield seconds, [" ".join(text for _, text in sorted(line)) for _, line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--charts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rapidocr", type=Path, metavar="PYTHON", required=True)
    args = parser.parse_args()
    print(machine(), file=sys.stderr)
    made: list[Chart] = list(Market(args.seed).batch(args.charts))
    tools = ("kingtui, verified", "kingtui, all", "tesseract", "rapidocr")
    tallies = {(kind, tool): Tally() for kind in sorted({chart.kind.value for chart in made}) for tool in tools}
    charts.read(paint(made[0]))  # the recogniser is loaded
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, chart in enumerate(made):
            path = Path(folder, f"{number:04}.jpg")
            path.write_bytes(paint(chart))
            paths.append(path)
        by_rapidocr = rapidocr(args.rapidocr, paths)
        for chart, path, (seconds, lines) in zip(made, paths, by_rapidocr, strict=True):
            told, kind = truth(chart), chart.kind.value
            for tool in tools[:2]:
                ours(tallies[kind, tool], told, path.read_bytes(), verified=tool == tools[0])
            tallies[kind, "rapidocr"].seconds.append(seconds)
            judge(tallies[kind, "rapidocr"], told, lines)
            seconds, lines = tesseract(path)
            tallies[kind, "tesseract"].seconds.append(seconds)
            judge(tallies[kind, "tesseract"], told, lines)
    print("| kind | tool | printed values right | made up or wrong | processor seconds a chart |")
    print("| --- | --- | --- | --- | --- |")
    for (kind, tool), tally in tallies.items():
        share = f"{tally.right} of {tally.asked} ({tally.right / tally.asked:.1%})"
        print(f"| {kind.replace('_', ' ')} | {tool} | {share} | {tally.made_up} | {median(tally.seconds):.2f} |")


if __name__ == "__main__":
    main()
