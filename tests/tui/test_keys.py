"""Keys: each is named and told of, can be another, and does what it says; the key bar and the palette offer them."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from kingtui.clipboard import MOST_BYTES, local_tool, osc52
from kingtui.commands.start import start
from kingtui.keymap import _ours, bindings, checked
from kingtui.models import RunStatus, StepStatus, WrongUse
from kingtui.screens.dialogs import Choose, Confirm, Told
from kingtui.screens.home import HomeScreen
from kingtui.settings import Settings, keymap_of
from kingtui.widgets.key_bar import KeyBar
from kingtui.widgets.keyed_table import KeyedTable
from tests.tui.dashboard import NARROW, dashboard
from tests.world import SlowSource, until


def test_every_binding_has_an_id_and_a_tooltip() -> None:
    bindings()  # loads all that has some
    found = {node: node.__dict__.get("BINDINGS", ()) for node in _ours(DOMNode)}
    assert sum(map(len, found.values())) > 60
    for node, ours in found.items():
        for binding in ours:
            assert isinstance(binding, Binding), f"{node.__name__}: {binding}"
            assert binding.id, f"{node.__name__}: {binding.key}"
            assert binding.tooltip, f"{node.__name__}: {binding.key}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pauze=f8", "'pauze', which is no binding: did you mean pause?"),
        ("quit=ctrl+nokey", "gives quit 'ctrl+nokey', which is no key"),
        ("quit=2", "gives quit the key 2, which is that of trigger.2 (Run step 2: Sort Images with AI)"),
        ("quit=f9,help=f9", "the key f9, which is that of"),
        ("pictures.filter=t", "the key t, which is that of pictures.retry"),
        ("step.open=q", "the key q, which is that of quit"),
    ],
)
def test_a_keymap_that_cannot_be_is_told_of(text: str, says: str) -> None:
    with pytest.raises(WrongUse) as caught:
        checked(keymap_of(text))
    assert says in str(caught.value)


def test_keys_may_be_exchanged_and_shared_as_before() -> None:
    assert checked(keymap_of("pause=f8,resume=f8, quit=ctrl+q|f10, find=w, why=f9")) == {
        "pause": "f8", "resume": "f8", "quit": "ctrl+q,f10", "find": "w", "why": "f9",
    }  # fmt: skip


def test_a_wrong_keymap_or_theme_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True, raising=False)
    with pytest.raises(WrongUse, match="no binding"):
        start(Settings(home=tmp_path, keymap="quid=x"), api_only=False, low_bandwidth=False)
    with pytest.raises(WrongUse, match="KINGTUI_THEME is 'pink': .*kingfisher.* are allowed"):
        start(Settings(home=tmp_path, theme="pink"), api_only=False, low_bandwidth=False)


async def test_other_keys_do_the_same_and_are_the_ones_told_of(tmp_path: Path) -> None:
    keymap = checked(keymap_of("pause=f8,resume=f8,help=f1"))
    async with dashboard(tmp_path, keymap=keymap) as seen:
        bar = seen.one(KeyBar.__name__, KeyBar)
        await until(lambda: "f8 Pause" in bar.text and "f1 Help" in bar.text, "the keys in the bar")
        await seen.press("p")
        await seen.press("f8")
        await until(lambda: seen.app.live.status is not None and seen.app.live.status.paused, "the pause")
        await until(lambda: "f8 Resume" in bar.text, "the key that resumes")
        await seen.press("f8")
        await until(lambda: seen.app.live.status is not None and not seen.app.live.status.paused, "the end of it")
        await seen.press("f1")
        told = (await seen.shown(Told)).content.plain
        assert "Here" in told
        assert "Everywhere" in told
        assert "End every run, set all idle; asks first" in told


async def test_the_bar_has_room_for_help_and_quit_and_its_keys_can_be_clicked(tmp_path: Path) -> None:
    async with dashboard(tmp_path, NARROW) as seen:
        await seen.press("g", "p")
        await until(lambda: "Filter" in seen.one("KeyBar", KeyBar).text, "the screen's keys")
        bar = seen.one("KeyBar", KeyBar)
        assert len(bar.text) <= NARROW[0] - 2
        assert bar.text.endswith("? Help  q Quit")
        await seen.pilot.click(KeyBar, offset=(bar.text.index("? Help") + 1, 0))
        await seen.shown(Told)


async def test_a_run_is_cancelled_and_all_restarted_by_key(tmp_path: Path) -> None:
    source = SlowSource()
    async with dashboard(tmp_path, sources=[source]) as seen:
        await source.fetching.wait()
        await until(lambda: seen.app.live.status is not None and seen.app.live.status.is_running, "the run")
        seen.app.set_focus(None)
        await seen.press("x")
        question = await seen.shown(Confirm)
        assert "Step 1 is at work" in question.question
        await seen.press("y")
        await until(lambda: bool(seen.app._at_work()) is False, "the end of the run")
        (run,) = await seen.history(step=1)
        assert run.status is RunStatus.CANCELLED
        await seen.press("r")
        assert "Restart the orchestration?" in (await seen.shown(Confirm)).question
        await seen.press("y")
        await seen.shown(HomeScreen)
        await until(
            lambda: all(view.status is StepStatus.IDLE for view in seen.app.live.status.steps), "idle steps"
        )  # fmt: skip


async def test_which_of_several_runs_is_asked_by_number(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        answers: list[int | None] = []
        for keys in (("4",), ("2",), ("escape",)):
            seen.app.push_screen(Choose("End the run of", {2: "Sort", 4: "Analyse"}), answers.append)
            await seen.shown(Choose)
            await seen.press("3", *keys)
            await seen.shown(HomeScreen)
        assert answers == [4, 2, None]


async def test_letters_move_in_lists_and_the_palette_offers_what_the_place_does(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        await seen.press("g", "c", "tab")
        table = seen.app.screen.query_one("#settings KeyedTable", KeyedTable)
        await until(lambda: len(table.keys) > 20 and table.has_focus, "the settings")
        await seen.press("j", "j", "k", "l", "h")
        assert table.cursor_row == 1
        await seen.press("G")
        assert table.cursor_row == len(table.keys) - 1
        await seen.press("g", "g")
        await until(lambda: table.cursor_row == 0, "the top")
        names = {command.title for command in seen.app.get_system_commands(seen.app.screen)}
        assert {"Start API", "Theme", "Go to reports", "Leave it running", "Find a symbol"} <= names
        assert "Stop API" not in names


def test_what_a_terminal_is_sent_to_copy() -> None:
    assert osc52("añb", {}) == "\x1b]52;c;YcOxYg==\a"
    wrapped = osc52("x" * 2000, {"STY": "1.screen"})
    assert wrapped is not None
    pieces = wrapped.removeprefix("\x1bP").removesuffix("\x1b\\").split("\x1b\\\x1bP")
    assert "".join(pieces) == osc52("x" * 2000, {})
    assert max(map(len, pieces)) <= 700
    assert osc52("x" * MOST_BYTES, {}) is not None
    assert osc52("x" * (MOST_BYTES + 1), {}) is None
    assert local_tool({"SSH_TTY": "/dev/pts/1", "DISPLAY": ":0", "HOME": "/"}) is None


async def test_what_is_copied_is_said_and_what_is_too_long_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_TTY", "/dev/pts/1")
    async with dashboard(tmp_path) as seen:
        seen.app.copy("some text", "a text")
        await seen.notices("Copied a text: 9 characters, if your terminal lets it")
        seen.app.copy("x" * (MOST_BYTES + 1), "a book")
        await seen.notices("more than a terminal copies: save it")
