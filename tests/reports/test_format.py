"""Numbers, moments and text of others."""

from __future__ import annotations

import html
import math
import re
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kingtui.reports.format import age, amount, decimal, level, listed, md, moment, percent, price
from tests.reports.builders import NOW

MARKDOWN = MarkdownIt("gfm-like")


@pytest.mark.parametrize(
    ("value", "as_price", "as_level"),
    [
        (118_000.0, "118,000", "118,000"),
        (120_260.5, "120,260.5", "120,260"),
        (1_234_567.8, "1,234,567.8", "1,234,568"),
        (3764.6, "3,764.6", "3,764.6"),
        (3648.7134, "3,648.71", "3,648.7"),
        (1.0, "1", "1"),
        (0.009812, "0.009812", "0.009812"),
        (3.86e-05, "0.0000386", "0.0000386"),
        (0.00003, "0.00003", "0.00003"),
        (0.0, "0", "0"),
        (100.0, "100", "100"),
    ],
)
def test_prices_of_any_size(value: float, as_price: str, as_level: str) -> None:
    assert price(value) == as_price
    assert level(value) == as_level


@given(st.floats(1e-9, 1e9))
def test_a_formatted_number_is_the_number(value: float) -> None:
    for shown, digits in ((price(value), 6), (level(value), 5), (amount(value), 3)):
        assert "e" not in shown
        assert math.isclose(float(shown.replace(",", "")), value, rel_tol=0.51 * 10 ** (1 - digits))


def test_what_is_missing_is_not_available() -> None:
    for show in (price, level, amount, percent, decimal):
        assert show(None) == show(math.nan) == show(math.inf) == "not available"


def test_percents_ages_and_lists() -> None:
    assert percent(87.6) == "87.6%"
    assert percent(-3.14, signed=True) == "−3.1%"
    assert percent(3.14, signed=True) == "+3.1%"
    assert moment(NOW) == "2025-07-29 18:00 UTC"
    spans = {"just now": 59, "12 min": 12 * 60, "3 h": 3 * 3600, "2 d 4 h": 52 * 3600, "7 d": 170 * 3600}
    for text, seconds in spans.items():
        assert age(NOW - timedelta(seconds=seconds), NOW) == text
    assert age(NOW + timedelta(hours=1), NOW) == "just now"
    assert [listed(list(words)) for words in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    "name", ["liquidation_map-2025.07.29_16:00.jpg", "photo 1 (2).PNG", "87.6 + 12.5 = 100.1, not ± 1"]
)
def test_plain_text_stays_readable(name: str) -> None:
    assert md(name) == name


def rendered(markdown: str) -> str:
    """What a reader sees: the text of the page; a tag other than those expected fails."""
    page = MARKDOWN.render(markdown)
    body = re.sub(r"</?(p|table|thead|tbody|tr|th|td|ul|li)>", "\n", page)
    assert "<" not in body, page
    return html.unescape(body)


HOSTILE = [
    "[a](javascript:x)",
    "![i](http://x/y.png)",
    "<script>alert(1)</script>",
    "a|b||c",
    "**b** _i_ ~~s~~ `c`",
    "www.evil.com https://evil.com evil.com a@b.com //evil.com mailto:a@b.com",
    "# h",
    "1. x",
    "1) x",
    "- x",
    "+",
    "---",
    "===",
    "> q",
    "&lt;b&gt; &#65;",
    "a\n\n# b\n| c | d |\n| - | - |",
    "\x1b[31mred\x1b]0;title\x07",
    "\\| \\",
    "    code",
    "{{ 7 * 7 }} {% raw %}",
    "gpj.\u202eexe\u200b",
    "\ud800",
    "* * *",
    "- - -",
    "_ _ _",
    "-_-",
    "http:/\\/evil.com",
]


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(HOSTILE + list("\\`*_{}[]<>()#+-.!|~&$@:/= \n1aw")), max_size=8).map("".join)
)
@example("_a_")
@pytest.mark.parametrize("shape", ["{}", "- {}", "- Source: {} end", "| a | b |\n| - | - |\n| {} | z |\n"])
def test_text_of_others_never_becomes_markup(shape: str, text: str) -> None:
    escaped = md(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029\ud800-\udfff]", escaped)
    expected = "".join(character for character in text if character.isprintable() and not character.isspace())
    seen = rendered(shape.format(escaped or "nothing"))
    if expected.isascii() and expected:
        squeezed = "".join(seen.split()).replace("\ufffd", "")
        assert expected in squeezed


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("shape", ["{}", "- {}", "| a | b |\n| - | - |\n| {} | z |\n"])
def test_hostile_text_is_shown_as_it_is(shape: str, text: str) -> None:
    test_text_of_others_never_becomes_markup.hypothesis.inner_test(shape, text)
