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
    "AAVE ALGO ANKR APE ARB ATOM AXS BAND BAT BCH BLUR CAKE CELO CHZ COMP CRV DASH DENT DOT DYDX EGLD ENJ ENS FIL FLOW"
    " FTM GALA GMT GRT HBAR ICP IMX INJ JASMY KAVA KNC LDO LRC MANA MASK MINA NEAR NEO ONE OP PENDLE QTUM REN RNDR ROSE"
    " RUNE SAND SEI SKL SNX STX SUSHI THETA TIA UNI VET WLD XLM XMR XTZ YFI ZEC ZEN ZIL ZRX"
).split()


def charts(count: int, rows: int = 2) -> Iterator[bytes]:
    """Painted ratio charts; no symbol is in two of them, so that their order of arrival says nothing."""
    chance = random.Random(count)
    for number in range(count):
        names = TICKERS[number * rows : (number + 1) * rows]
        chart = RatioChart(
            rows=tuple(RatioRow(name, round(chance.uniform(3, 97), 1)) for name in names), leverage="optical_opti"
        )
        yield paint(chart)


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
