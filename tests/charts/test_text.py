"""The recogniser and its witness, the font."""

from __future__ import annotations

import hashlib
import random
import threading

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from kingtui.charts import text
from kingtui.charts.font import advance, font_file
from kingtui.charts.glyphs import confirm, settle
from kingtui.charts.lines import read_lines
from kingtui.charts.text import NUMBER, SYMBOL, read_texts


def printed(words: str, size: float = 14, x: float = 6, colour: str = "white") -> Image.Image:
    """The words on the page's colour, in the charts' font, baseline at 20."""
    large = Image.new("RGB", (round(advance(words, size)) * 8 + 160, 240), (45, 55, 82))
    font = ImageFont.truetype(str(font_file()), size * 8)
    ImageDraw.Draw(large).text((x * 8, 160), words, fill=colour, font=font, anchor="ls")
    return large.reduce(8)


def luma(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L"), dtype=np.float32)


def test_a_text_does_not_depend_on_its_company() -> None:
    words = ["BTC", "1000PEPE", "FARTCOIN", "S", "ETH", "27.9%", "AI16Z", "WIF", "1INCH", "MOODENG", "100.0%"]
    crops = [printed(word) for word in words]
    alone = [read_texts([crop])[0].text for crop in crops]
    assert alone == words
    order = list(range(len(words)))
    random.Random(3).shuffle(order)
    assert [t.text for t in read_texts([crops[i] for i in order])] == [words[i] for i in order]
    results: list[list[str]] = []
    threads = [threading.Thread(target=lambda: results.append([t.text for t in read_texts(crops)])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [words] * 3


def test_only_the_allowed_characters_are_read() -> None:
    assert read_texts([printed("3764.6")], allow=NUMBER)[0].text == "3764.6"
    assert set(read_texts([printed("a_b-c")], allow=SYMBOL)[0].text) <= set(SYMBOL)
    assert read_texts([]) == []


def test_a_changed_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "SHA256", hashlib.sha256(b"another").hexdigest())
    with pytest.raises(text.RecogniserMissing, match="checksum"):
        text._load.__wrapped__()


@pytest.mark.parametrize("word", ["BTC", "FARTCOIN", "AVAX", "S", "0X0", "1INCH", "B2B"])
def test_the_font_confirms_what_is_printed_and_nothing_else(word: str) -> None:
    picture = luma(printed(word, x=6.3))
    witness = confirm(picture, word, 14, 6, 20, SYMBOL)
    assert witness.agrees()
    assert witness.likeness > 0.9
    for one, other in (("B", "8"), ("S", "5"), ("0", "O"), ("C", "G"), ("1", "7"), ("A", "4")):
        if one in word:
            assert not confirm(picture, word.replace(one, other), 14, 6, 20, SYMBOL).agrees()


def test_settling_finds_the_pen() -> None:
    x, baseline, likeness = settle(luma(printed("3764.6", x=6.5)), "3764.6", 14, 6, 20.5)
    assert (x, baseline) == (pytest.approx(6.5, abs=0.25), pytest.approx(20, abs=0.25))
    assert likeness > 0.95


@pytest.mark.parametrize("number", ["0.0%", "87.6%", "100.0%", "5.9%", "33.3%"])
@pytest.mark.parametrize("colour", ["white", (140, 150, 170)])
def test_lines_are_read_glyph_by_glyph_from_their_end(number: str, colour: str) -> None:
    picture = luma(printed(number, x=20, colour=colour))
    (line,) = read_lines(picture, [(20.4 + advance(number, 14), 20)], 14, "0123456789.%")
    assert line.text == number
    assert line.likeness > 0.8
    assert line.margin > 0.05
    assert line.start == pytest.approx(20, abs=0.6)


def test_an_empty_place_has_no_line() -> None:
    (line,) = read_lines(np.full((40, 80), 55, dtype=np.float32), [(70, 20)], 14, "0123456789.%")
    assert (line.text, line.likeness) == ("", 0)
    assert read_lines(np.zeros((40, 80), dtype=np.float32), [], 14, "01") == []


def test_widths_do_not_depend_on_the_layout_engine_of_the_machine() -> None:
    """Kerned and joined as the charts are, by the font's own numbers."""
    assert advance("AVAX", 2048) == advance("A", 2048) * 2 + advance("V", 2048) + advance("X", 2048) - 2 * 131
    assert advance("bitfinex", 2048) == advance("bit", 2048) + advance("\ufb01", 2048) + advance("nex", 2048)
    assert advance("", 14) == 0
