"""Pictures for the faults: the real charts where they are, painted ones with symbols of their own else and beside."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from kingtui.charts.painter import RatioChart, RatioRow, paint

SHARED = Path(__file__).parents[3] / "shared" / "charts"
TICKERS = (
    "ALGO", "ANKR", "APE", "ATOM", "AXS", "BAND", "BAT", "BLUR", "CAKE", "CELO", "CHZ", "COMP", "DASH", "DENT",
    "DYDX", "EGLD", "ENJ", "ENS", "FLOW", "FTM", "GAL", "GALA", "GAS", "GFT", "GHST", "GLM", "GLMR", "GMT", "GMX",
    "GNO", "GOAT", "GODS", "GRT", "ICP", "IMX", "INJ", "JASMY", "KAVA", "KNC", "LDO", "LRC", "MANA", "MASK", "MINA",
    "NEO", "ONE", "PENDLE", "QTUM", "REN", "RNDR", "ROSE", "SEI", "SKL", "SNX", "STX", "SUSHI", "THETA", "VET", "XMR",
    "XTZ", "YFI", "ZEC", "ZEN", "ZIL", "ZRX",
)  # fmt: skip
"""None of them is in the real charts, which a test checks: so the order of arrival says nothing."""
ROWS = 6


def charts(count: int) -> Iterator[bytes]:
    """Painted ratio charts, up to 20; no two tell the same of a symbol, so that their order of arrival says nothing."""
    chance = random.Random(count)
    for number in range(count):
        first = number // 2 * ROWS
        rows = tuple(RatioRow(name, round(chance.uniform(3, 97), 1)) for name in TICKERS[first : first + ROWS])
        if len(rows) < ROWS:
            raise ValueError(f"there are not enough symbols for {count} charts")
        yield paint(RatioChart(rows=rows, leverage=("optical_opti", "all_leverage")[number % 2]))


def junk(seed: int) -> bytes:
    """A photograph of nothing: clouds of colour."""
    noise = Image.frombytes("RGB", (12, 9), random.Random(seed).randbytes(12 * 9 * 3))
    file = io.BytesIO()
    noise.resize((640, 480), Image.Resampling.BICUBIC).save(file, "JPEG")
    return file.getvalue()


def workload(painted: int) -> dict[str, bytes]:
    """Name → bytes: painted charts, a copy of one, junk, a broken one, and the real charts where they are."""
    found = {f"chart {number}.jpg": data for number, data in enumerate(charts(painted))}
    found["copy.jpeg"] = found["chart 0.jpg"]
    found["junk.png"] = junk(1)
    real = [*SHARED.glob("real/*.jpg"), *SHARED.glob("junk/*.jpg")]
    return found | {path.name: path.read_bytes() for path in sorted(real)}
