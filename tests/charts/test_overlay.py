"""Pictures laid over each other: copies show no difference, a single changed figure does."""

import io
import random
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from benchmarks.duplicates import WAYS, copy, duplicate, judge
from kingtui.charts import NotAPicture
from kingtui.charts.overlay import SAME_PICTURE, difference
from kingtui.charts.painter import RatioRow, paint
from kingtui.charts.reading import Kind
from tests.charts.builders import ratio_chart
from tests.charts.originals import originals

CHART = ratio_chart(27.9, 87.6, 50, 60, 75, 33.3, 44.4, 12.1, 55.5, 66.6, 7.7, 91.0)


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_shows_no_difference(way):
    original = paint(CHART, quality=90)
    found = difference(original, copy(original, way, random.Random(way), 800))
    assert found is not None
    assert found < SAME_PICTURE


def test_a_pixel_of_shift_is_no_difference():
    original = paint(CHART, format="PNG")
    assert difference(original, shifted(original, 1)) < SAME_PICTURE


def shifted(data: bytes, by: int) -> bytes:
    """The picture moved to the right by some pixels."""
    with Image.open(io.BytesIO(data)) as picture:
        moved = np.roll(np.asarray(picture.convert("RGB")), by, axis=1)
    out = io.BytesIO()
    Image.fromarray(moved).save(out, "PNG")
    return out.getvalue()


def test_one_figure_is_a_difference_also_on_poor_pictures():
    row = CHART.rows[4]
    other = replace(CHART, rows=(*CHART.rows[:4], RatioRow(row.symbol, row.long + 0.1), *CHART.rows[5:]))
    poor = [paint(chart, scale=scale, quality=60) for chart, scale in ((CHART, 0.75), (other, 0.8))]
    found = difference(*poor)
    assert found is not None
    assert found > 2 * SAME_PICTURE


def test_pages_of_other_shapes_and_no_pages_cannot_be_laid():
    original = paint(CHART)
    assert difference(original, paint(replace(CHART, rows=CHART.rows[:-1]))) is None
    with pytest.raises(NotAPicture):
        difference(original, b"")


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_copies_of_painted_charts_are_found_and_near_misses_are_not():
    tallies = judge(charts=3, seed=4)
    assert set(tallies) == set(Kind) - {Kind.UNKNOWN}
    for tally in tallies.values():
        assert tally.false == []
    found, copies = (sum(getattr(tally, name) for tally in tallies.values()) for name in ("found", "copies"))
    assert found >= 0.95 * copies, [text for tally in tallies.values() for text in tally.missed]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.UNKNOWN])
def test_copies_of_originals_are_found(kind):
    chance, missed, made = random.Random(kind.value), [], 0
    width = 940 if kind is Kind.LIQUIDATION_HEATMAP else 800
    charts = originals("train", kind)[:5]
    for data, truth in charts:
        for way in ("re-encoded", "framed"):
            made += 1
            if not duplicate(data, copy(data, way, chance, width)):
                missed.append(f"{truth['image']} {way}")
    assert len(missed) <= 0.1 * made, missed
    for (data, truth), (other, _) in pairwise(charts):
        assert not duplicate(data, other), truth["image"]
