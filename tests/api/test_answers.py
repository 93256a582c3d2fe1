"""ETags, forms by Accept, kept answers, and the frames of the live channel, each alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from kingtui.api import kept as kept_answers
from kingtui.api.answers import Answer, encoded, preferred
from kingtui.api.frames import MOST, Frames
from kingtui.api.kept import KeptAnswers
from kingtui.events import Logged, Notice, RunProgressed, SymbolUpdated
from kingtui.models import LogEntry, Progress
from tests.world import FakeClock

OFFERED = ("application/json", "text/markdown", "text/html")


def asked(**headers):
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw})


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("text/*", "text/markdown"),
        ("text/markdown;q=0.5, text/html;q=0.4", "text/markdown"),
        ("application/json;q=0.1, text/html;q=0.2", "text/html"),
        ("application/json;q=0, */*", "text/markdown"),
        ("image/png", "application/json"),
        ("text/html;q=nonsense", "application/json"),
        (";;;,,,q=", "application/json"),
    ],
)
def test_the_form_is_the_one_that_is_wanted_most(accept, form):
    assert preferred(asked(accept=accept), OFFERED) == form


@given(st.text(max_size=80))
def test_no_accept_header_is_too_odd(text):
    raw = text.encode("utf-8").decode("latin-1")
    assert preferred(asked(accept=raw), OFFERED) in OFFERED


def test_an_etag_follows_the_bytes():
    one, same, other = Answer.of({"a": 1}), Answer.of({"a": 1}), Answer.of({"a": 2})
    assert one.etag == same.etag != other.etag
    for written in (one.etag, f"W/{one.etag}", f'"x", {one.etag}', "*"):
        assert one.head([(b"if-none-match", written.encode())])[0] == 304
    for written in ('"x"', other.etag, ""):
        assert one.head([(b"if-none-match", written.encode())])[0] == 200


def test_json_of_an_odd_file_name_is_valid():
    assert json.loads(encoded({"name": "a\udcffb\x00\u2028"})) == {"name": "a\udcffb\x00\u2028"}
    with pytest.raises(ValueError, match="JSON"):
        encoded({"price": float("nan")})


def test_an_answer_is_kept_until_its_subject_changes_or_it_ages():
    clock, answer = FakeClock(), Answer(b"{}")
    kept = KeptAnswers(clock)
    for path in ("/data/BTC", "/data/btc"):
        kept.keep(path, "BTC", kept.version("BTC"), answer, 5)
    kept.keep("/data/ETH", "ETH", kept.version("ETH"), answer, 5)
    kept.changed("BTC")
    assert (kept.find("/data/BTC"), kept.find("/data/btc"), kept.find("/data/ETH")) == (None, None, answer)
    kept._clock._elapsed += 5  # time passes
    assert kept.find("/data/ETH") is None


def test_what_changed_while_an_answer_was_made_makes_it_void():
    kept = KeptAnswers(FakeClock())
    version = kept.version("BTC")
    kept.changed("BTC")
    kept.keep("/data/BTC", "BTC", version, Answer(b"old"), 5)
    assert kept.find("/data/BTC") is None
    version = kept.version("BTC")
    kept.all_changed()
    kept.keep("/data/BTC", "BTC", version, Answer(b"old"), 5)
    assert kept.find("/data/BTC") is None


def test_only_so_many_are_kept(monkeypatch):
    monkeypatch.setattr(kept_answers, "MOST", 3)
    kept = KeptAnswers(FakeClock())
    for number in range(5):
        kept.keep(f"/data/{number}", str(number), 0, Answer(b"{}"), 5)
    assert [number for number in range(5) if kept.find(f"/data/{number}")] == [2, 3, 4]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=300), st.integers(0, 300), st.booleans())
def test_who_comes_back_misses_nothing_that_counts(kinds, after, logs):
    """Whatever happened: of the events after a number exactly those come that no newer one has replaced, in order."""
    made = [
        lambda n: Notice(f"{n}"), lambda n: SymbolUpdated(f"S{n % 5}"), lambda n: RunProgressed(1, 1, Progress(n)),
        lambda n: Logged(LogEntry(FakeClock().now(), "INFO", "x", f"{n}")),
    ]  # fmt: skip
    frames = Frames(FakeClock())
    posted = [made[kind](number) for number, kind in enumerate(kinds)]
    for event in posted:
        frames.add(event)
    after = min(after, len(posted))
    assert frames.reach(after)
    wanted = [
        number
        for number, event in enumerate(posted, 1)
        if number > after
        and (logs or not isinstance(event, Logged))
        and (event.key is None or not any(later.key == event.key for later in posted[number:]))
    ]
    found, seq = [], after
    while seq < frames.seq:
        part, seq = frames.after(seq, logs=logs, most=7)
        found += [frame.seq for frame in part]
    assert found == wanted


def test_the_ring_is_bounded_and_log_lines_push_little_out():
    frames, clock = Frames(FakeClock()), FakeClock()
    for number in range(MOST + 500):
        frames.add(Notice(f"{number}"))
        frames.add(Logged(LogEntry(clock.now(), "INFO", "x", "y")))
    assert frames.seq == 2 * (MOST + 500)
    assert not frames.reach(900)
    assert frames.reach(frames.seq - 2 * MOST + 1)
    assert len(frames._frames) <= 8_000
    assert len(frames.after(0, logs=False, most=10_000)[0]) == MOST
