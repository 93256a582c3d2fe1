"""The figure of a report: a pure function of the record's bytes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kingtui.models import Evidence, Value
from kingtui.reports.figure import LABEL_WIDTH, LONG, PAPER, SHORT, _spread, draw, figure_data
from kingtui.reports.record import record
from tests.reports.builders import NOW, ago, everything, heatmap, liquidation_map, long_term


def data(known: list[Evidence], live: Value | None = None, *, demo: bool = False) -> bytes | None:
    found = record("ETH", known, NOW, live)
    assert found is not None
    return figure_data(found, demo=demo)


def pixels(png: bytes) -> Counter[str]:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    counts = picture.getcolors(picture.width * picture.height) or []
    return Counter({f"#{bytes(colour).hex()}": count for count, colour in counts})  # type: ignore[arg-type]


def test_no_figure_without_bars() -> None:
    assert data([long_term(12.4), heatmap()]) is None
    assert data([liquidation_map(bars=[])]) is None
    assert data([liquidation_map(bars=None)]) is None


def test_the_data_of_a_figure_is_the_records() -> None:
    content = json.loads(data(everything()) or b"")
    assert content["price"] == 1010.0
    assert content["map_price"] == 1000.0
    assert [cluster["price"] for cluster in content["clusters"]] == [800, 960, 1100, 1200]
    assert content["long"] + content["short"] == everything()[0].facts["bars"]
    assert {at < 1000 for at, _ in content["long"]} == {True}
    assert data(everything()) == data(everything()[::-1])


def test_a_figure_of_stated_size_the_same_bytes_each_time() -> None:
    drawn = draw(data(everything()) or b"")
    assert Image.open(io.BytesIO(drawn)).size == (1320, 672)
    assert draw(data(everything()) or b"") == drawn
    assert draw(data(everything(), demo=True) or b"") != drawn


def test_both_sides_are_drawn_in_their_colours_on_white() -> None:
    both = pixels(draw(data([liquidation_map()]) or b""))
    assert both[PAPER] > both.total() / 2
    assert both[LONG] > 200
    assert both[SHORT] > 200
    longs = pixels(draw(data([liquidation_map(bars=[[960.0, 5.0]], clusters=None)]) or b""))
    assert longs[LONG] - longs[SHORT] > 200, "beside the equal patches of the legend"


@pytest.mark.parametrize(
    "known",
    [
        [liquidation_map(bars=[[1000.0, 5.0]], clusters=None, price_step=None)],
        [liquidation_map(bars=[[960.0, 0.0]])],
        [liquidation_map(price=3.86e-05, bars=[[3.5e-05, 1.0], [4.2e-05, 1e9]], clusters=None, price_step=1e-8)],
        [liquidation_map(ago(hours=3)), heatmap(1250.0)],
        [liquidation_map(price_verified=False, bars_verified=False)],
    ],
    ids=["one bar at the price", "nothing but zero", "tiny prices", "all passed above", "unverified"],
)
@pytest.mark.filterwarnings("error")
def test_odd_maps_are_drawn_without_a_warning(known: list[Evidence]) -> None:
    assert draw(data(known) or b"").startswith(b"\x89PNG")


@given(st.lists(st.floats(0, 1), max_size=4), st.floats(0, 1))
def test_labels_never_cover_each_other_on_one_side_nor_leave_the_figure(wanted: list[float], price_at: float) -> None:
    wanted.sort()
    places = _spread(wanted, price_at)
    assert len(places) == len(wanted)
    below = sum(place < price_at for place in wanted)
    for group in (places[:below], places[below:]):
        assert all(LABEL_WIDTH / 2 - 1e-9 <= place <= 1 - LABEL_WIDTH / 2 + 1e-9 for place in group)
        gaps = [after - before for before, after in pairwise(group)]
        assert all(gap >= LABEL_WIDTH - 1e-9 for gap in gaps)


def test_the_room_is_cheap_to_import() -> None:
    modules = ["analysis", "facts", "figure", "format", "levels", "professional", "rates", "record", "sentences"]
    code = "import sys; " + "; ".join(f"import kingtui.reports.{name}" for name in modules)
    code += "; print(sorted({'numpy', 'matplotlib', 'jinja2', 'PIL', 'textual'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
