"""Words read by the font alone, from their right end."""

from __future__ import annotations

import numpy as np
import pytest

from kingtui.charts.locate import canvas_of, open_picture
from kingtui.charts.painter import RatioChart, RatioRow, paint
from kingtui.charts.ratio import SIZE
from kingtui.charts.text import SYMBOL
from kingtui.charts.words import read_words

NAMES = (
    "LTC",
    "1INCH",
    "AVAX",
    "HYPE",
    "PYTH",
    "1000PEPE",
    "W",
    "0G",
    "IP",
    "AI16Z",
    "FARTCOIN",
    "MKR",
    "USUAL",
    "5S8B",
)
GROUND = 55.2


@pytest.mark.parametrize(("scale", "quality"), [(1.0, 90), (1.5, 70), (0.9, 90)])
def test_whole_words_compete(scale: float, quality: int) -> None:
    """No glyph poses as a part of another: LTC is not 1TC, H not two I."""
    chart = RatioChart(rows=tuple(RatioRow(name, 40) for name in NAMES))
    picture = open_picture(paint(chart, scale=scale, quality=quality))
    canvas = canvas_of(picture, (0, 0, picture.width, picture.height), *SIZE)
    ends = [(80.0, 64 + 35 * k + 20.0) for k in range(len(NAMES))]
    words = read_words(canvas.luma, ends, 14, SYMBOL, GROUND, reach=79)
    assert [word.text for word in words] == list(NAMES)
    assert all(word.likeness > 0.8 for word in words)
    assert all(word.rival != word.text and word.margin > 0 for word in words)


def test_nothing_is_read_where_nothing_stands() -> None:
    page = np.full((60, 120), GROUND, dtype=np.float32)
    (word,) = read_words(page, [(80, 30)], 14, SYMBOL, GROUND, reach=79)
    assert (word.text, word.likeness) == ("", 0)
    assert read_words(page, [], 14, SYMBOL, GROUND, reach=79) == []
