"""The feed tells events in plain words, and many of a sort in one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kingtui import events
from kingtui.models import Health, HealthWord, Run, RunStatus, Stage
from kingtui.widgets.feed import LINES, TOGETHER, Feed

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def told(feed: Feed) -> list[str]:
    return [line.text for line in feed.lines]


def finished(status: RunStatus, trigger: str = "timer", done: int = 0) -> events.RunFinished:
    return events.RunFinished(Run(9, 4, status, trigger, NOW, NOW, NOW + timedelta(seconds=2), done=done))


def test_many_pictures_share_a_line_until_they_are_late() -> None:
    feed = Feed()
    feed.take([events.PictureArrived(1, "a.jpg")], NOW)
    assert told(feed) == ["a.jpg arrived"]
    feed.take([events.PictureArrived(number, f"{number}.jpg") for number in range(2, 1001)], NOW)
    assert told(feed) == ["1,000 pictures arrived"]
    feed.take([events.PictureArrived(7, "late.jpg")], NOW + TOGETHER + timedelta(seconds=1))
    assert told(feed) == ["1,000 pictures arrived", "late.jpg arrived"]


def test_symbols_and_reports_are_counted_once() -> None:
    feed = Feed()
    feed.take([events.SymbolUpdated(name) for name in ("BTC", "ETH", "BTC", "SOL", "XRP", "XRP")], NOW)
    feed.take([events.ReportWritten("BTC", "x.md")], NOW)
    assert told(feed) == ["Updated: BTC, ETH, SOL and 1 more", "Report written: BTC"]


def test_pictures_put_aside_say_why() -> None:
    feed = Feed()
    feed.take([events.PictureStaged(1, "a\x1b[2J.jpg", Stage.QUARANTINED, "it is\nbroken")], NOW)
    assert told(feed) == ["a\ufffd[2J.jpg went to Quarantine: it is broken"]
    assert feed.lines[0].tone == "error"
    feed.take([events.PictureStaged(2, "b.jpg", Stage.QUARANTINED, "too")], NOW)
    assert told(feed) == ["2 pictures went to Quarantine: a\ufffd[2J.jpg, b.jpg"]
    assert not feed.take([events.PictureStaged(3, "c.jpg", Stage.SORTED)], NOW)


def test_runs_that_are_news() -> None:
    feed = Feed()
    assert not feed.take([finished(RunStatus.SUCCESS), finished(RunStatus.FAILED)], NOW)
    batch = [finished(RunStatus.SUCCESS, done=3), finished(RunStatus.SUCCESS, "manual"), finished(RunStatus.CANCELLED)]
    assert feed.take(batch, NOW)
    assert told(feed) == [
        "Step 4: 3 done in 2.0 s",
        "Step 4: nothing due",
        "Step 4: cancelled (run 9)",
    ]


def test_attention_is_told_once_and_its_end_too() -> None:
    feed = Feed()
    attention = events.HealthChanged(Health(HealthWord.ATTENTION, ("step 4 failed: no disk",)))
    feed.take([events.Notice("step 4 failed: no disk", "error"), attention, attention], NOW)
    assert told(feed) == ["Step 4 failed: no disk"]
    feed.take([events.Notice("nobody is signed in. The rest goes on without it", "warning")], NOW)
    feed.take([events.HealthChanged(Health(HealthWord.ATTENTION, ("nobody is signed in",)))], NOW)
    assert told(feed) == ["Step 4 failed: no disk", "Nobody is signed in. The rest goes on without it"]
    feed.lines.pop()
    feed.take([events.HealthChanged(Health(HealthWord.WORKING)), events.HealthChanged(Health())], NOW)
    assert told(feed) == ["Step 4 failed: no disk", "All is well again"]


def test_it_begins_with_the_runs_before_and_never_grows_beyond_its_lines() -> None:
    feed = Feed()
    before = [finished(RunStatus.SUCCESS, done=number).run for number in range(3)]
    feed.remember(before)
    assert told(feed) == ["Step 4: 1 done in 2.0 s", "Step 4: 2 done in 2.0 s"]
    feed.remember(before)
    assert len(feed.lines) == 2
    for number in range(3 * LINES):
        feed.take([events.Notice(f"notice {number}")], NOW)
    assert len(feed.lines) == LINES
    assert feed.lines[-1].text == f"Notice {3 * LINES - 1}"
