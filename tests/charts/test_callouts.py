"""Words on an explained picture: near what they name, apart from each other, on the picture."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kingtui.charts.callouts import Rectangle, place

WITHIN = (0.0, 0.0, 800.0, 600.0)


def shared(one: Rectangle, other: Rectangle) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0) * max(down, 0)


def test_one_alone_stands_beside_its_anchor() -> None:
    (callout,) = place([(100, 100, 120, 110)], [(60, 20)], [], WITHIN)
    assert not callout.far
    assert shared(callout.box, (100, 100, 120, 110)) == 0
    assert callout.box[3] == pytest.approx(98)


def test_crowded_words_move_apart_and_say_that_they_are_far() -> None:
    anchors = [(400.0 + k, 300.0, 405.0 + k, 305.0) for k in range(25)]
    callouts = place(anchors, [(80, 20)] * 25, anchors, WITHIN)
    assert all(shared(one.box, other.box) == 0 for one, other in itertools.combinations(callouts, 2))
    assert any(callout.far for callout in callouts)


def test_what_was_found_is_left_free() -> None:
    anchor, above = (400.0, 300.0, 420.0, 310.0), (350.0, 260.0, 470.0, 299.0)
    (callout,) = place([anchor], [(60, 20)], [anchor, above], WITHIN)
    assert shared(callout.box, above) == 0


@given(
    st.lists(st.tuples(st.floats(-20, 820), st.floats(-20, 620), st.floats(0, 300), st.floats(0, 300)), max_size=8),
    st.tuples(st.floats(1, 799), st.floats(1, 200)),
)
def test_words_stay_on_the_picture(corners: list[tuple[float, float, float, float]], size: tuple[float, float]) -> None:
    anchors = [(x, y, x + width, y + height) for x, y, width, height in corners]
    for callout in place(anchors, [size] * len(anchors), anchors, WITHIN):
        left, top, right, bottom = callout.box
        assert left >= 0
        assert top >= 0
        assert right <= 800 + 1e-6
        assert bottom <= 600 + 1e-6
