"""The same bytes give the same reading: alone, beside others on threads, and in any order."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from kingtui import charts
from kingtui.charts.painter import paint
from kingtui.charts.reading import dump
from kingtui.services.demo import Market
from tests.charts.test_painter_roundtrip import KINDS, sent


@pytest.mark.slow
def test_threads_and_order_change_no_reading() -> None:
    pictures = [paint(sent(kind, Market(seed))) for kind in KINDS for seed in (21, 22)]

    def read(number: int) -> tuple[int, bytes]:
        return number, dump(charts.read(pictures[number]))

    alone = dict(map(read, range(len(pictures))))
    shuffled = random.Random(5).sample(range(len(pictures)), len(pictures))
    for threads in (2, 5):
        with ThreadPoolExecutor(threads) as pool:
            assert dict(pool.map(read, shuffled)) == alone
