"""Whatever is done to a picture, the reader neither fails nor hangs nor claims a wrong value to be verified.

``KINGTUI_FUZZ=1000 pytest -m slow tests/charts/test_fuzz.py`` looks at so many damaged charts rather than at a few.
"""

from __future__ import annotations

import os
import time
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from kingtui import charts
from kingtui.charts import NotAPicture
from kingtui.charts.painter import Chart, paint
from kingtui.charts.painter.agreement import compare
from kingtui.charts.reading import AnyReading, Kind
from kingtui.services.demo import Market
from tests.charts.damage import damaged, mutilated
from tests.charts.test_painter_roundtrip import KINDS, sent

EXAMPLES = int(os.environ.get("KINGTUI_FUZZ", "60"))
HANGS_SECONDS = 5.0
"""Of processor time: no picture may take longer."""

FOUND = (
    (Kind.SHORT_TERM_RATIO, 9, 2187204945),  # cut at the sides: an I was read into the gap behind a name
    (Kind.LONG_TERM_RATIO, 14, 3624168225),  # something lies over the beginnings of names
    (Kind.SHORT_TERM_RATIO, 15, 1606386638),  # what tells short from long term is covered
    (Kind.LIQUIDATION_MAP, 15, 1224069827),  # parts of bars are blank, but not the curve over them
    (Kind.LIQUIDATION_MAP, 1, 1385630185),  # turned by a degree
)
"""What was read wrongly once, as kind, market and seed."""

seeds = st.integers(0, 2**32 - 1)


def found_before(test: Any) -> Any:
    """Try all of FOUND first."""
    for case in FOUND:
        test = example(*case)(test)
    return test


careful = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@cache
def painted(kind: Kind, market: int) -> tuple[Chart, bytes]:
    chart = sent(kind, Market(market))
    scale = Random(market).choice((0.75, 1.0, 1.0, 1.3, 1.6))
    return chart, paint(chart, scale=scale)


def read(picture: bytes) -> AnyReading | None:
    """The reading, or None where the file is refused as no picture; fails where it took too long."""
    began = time.process_time()
    try:
        found = charts.read(picture)
        assert charts.identify(picture).kind is found.kind
        return found
    except NotAPicture:
        return None
    finally:
        assert time.process_time() - began < HANGS_SECONDS


@pytest.mark.slow
@pytest.mark.timeout(3600)
@careful
@given(st.sampled_from(KINDS), st.integers(0, 19), seeds)
@found_before
def test_no_damage_makes_a_wrong_value_sure(kind: Kind, market: int, seed: int) -> None:
    chart, picture = painted(kind, market)
    picture, done = damaged(picture, seed)
    found = read(picture)
    assert found is not None
    if found.kind is not Kind.UNKNOWN:
        agreement = compare(chart, found.to_json())
        assert found.kind is chart.kind, f"{done}: read as {found.kind}"
        assert not agreement.wrong, f"{done}: {agreement}"


@pytest.mark.slow
@careful
@given(st.sampled_from(KINDS), seeds)
def test_a_broken_file_is_read_or_refused(kind: Kind, seed: int) -> None:
    _, picture = painted(kind, 1)
    read(mutilated(picture, seed))


@careful
@given(st.one_of(st.binary(max_size=300), st.binary(max_size=100).map(lambda tail: b"\xff\xd8\xff\xe0" + tail),
                 st.binary(max_size=100).map(lambda tail: b"\x89PNG\r\n\x1a\n" + tail),
                 st.binary(max_size=100).map(lambda tail: b"RIFF\x24\0\0\0WEBP" + tail)))  # fmt: skip
@example(b"")
def test_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    with pytest.raises(NotAPicture):
        charts.read(data)
