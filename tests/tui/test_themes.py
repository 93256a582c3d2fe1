"""Themes: which suits a terminal, that ours survive it, that the choice is remembered, and that NO_COLOR is kept to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES

from kingtui.home import Home, read_choices
from kingtui.themes import THEMES, depth_of, on_palette, suited
from kingtui.widgets.activity import Activity
from tests.tui.dashboard import Dashboard, dashboard
from tests.world import until

SSH = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    ("environ", "system", "depth", "theme"),
    [
        ({}, "truecolor", "full", "kingfisher"),
        ({"COLORFGBG": "0;15"}, "truecolor", "full", "kingfisher-light"),
        ({"COLORFGBG": "15;0"}, "truecolor", "full", "kingfisher"),
        ({}, "256", "256", "kingfisher-256"),
        ({"COLORFGBG": "0;default;15"}, "256", "256", "kingfisher-light-256"),
        ({}, "standard", "16", "kingfisher-16"),
        ({}, None, "16", "kingfisher-16"),
        ({"NO_COLOR": "1"}, "truecolor", "none", "kingfisher-16"),
        ({"NO_COLOR": ""}, "truecolor", "full", "kingfisher"),
    ],
)
def test_a_theme_suits_the_terminal(environ: Mapping[str, str], system: str | None, depth: str, theme: str) -> None:
    assert depth_of(environ, system) == depth
    assert suited(depth_of(environ, system), environ) == theme


@pytest.mark.parametrize("name", ["kingfisher-256", "kingfisher-light-256"])
def test_every_colour_for_256_is_one_of_them(name: str) -> None:
    (theme,) = [theme for theme in THEMES if theme.name == name]
    colours = 0
    for value in (theme.to_color_system().generate() | theme.variables).values():
        try:
            color = Color.parse(value)
        except ColorParseError:
            continue
        if color.a == 1:
            colours += 1
            assert on_palette(color).rgb == color.rgb, value
            assert survives(color.rich_color), value
    assert colours > 80


def survives(color: RichColor) -> bool:
    """Whether a terminal of 256 shows it as it is meant: a grey as a grey, at most a step of the ramp away."""
    meant, shown = color.get_truecolor(), color.downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
    if meant.red == meant.green == meant.blue:
        return shown.red == shown.green == shown.blue and abs(shown.red - meant.red) <= 10
    return shown == meant


def painted(seen: Dashboard) -> Iterator[RichColor]:
    """Every colour on the screen."""
    for strip in seen.app.screen._compositor.render_strips():
        for segment in strip:
            for color in (segment.style.color, segment.style.bgcolor) if segment.style is not None else ():
                if color is not None:
                    yield color


async def test_a_screen_for_256_has_none_that_the_terminal_would_have_to_round(tmp_path: Path) -> None:
    async with dashboard(tmp_path, theme="kingfisher-256") as seen:
        await seen.press("j")
        found = set(painted(seen))
        assert len(found) > 5
        assert all(survives(color) for color in found), [color.name for color in found if not survives(color)]


async def test_a_screen_for_16_has_the_terminals_own(tmp_path: Path) -> None:
    async with dashboard(tmp_path, theme="kingfisher-16") as seen:
        await seen.press("j")
        found = set(painted(seen))
        assert len(found) > 3
        assert all(color.is_default or (color.number is not None and color.number < 16) for color in found)


async def test_no_color_means_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with dashboard(tmp_path, theme=None) as seen:
        assert seen.app.theme == "kingfisher-16"
        assert all(color.is_default for color in painted(seen))
        seen.app.theme = "dracula"
        await seen.pilot.pause()
        assert all(color.is_default for color in painted(seen))


async def test_a_theme_is_remembered_for_such_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    async with dashboard(tmp_path, theme=None) as seen:
        assert set(BUILTIN_THEMES) <= set(seen.app.available_themes)
        seen.app.theme = "nord"
        await until(lambda: read_choices(Home(tmp_path)) == {"theme.full": "nord"}, "the choice")
    async with dashboard(tmp_path, theme=None) as seen:
        assert seen.app.theme == "nord"
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", "screen-256color")
    async with dashboard(tmp_path, theme=None) as seen:
        assert seen.app.theme == "kingfisher-256"
    assert read_choices(Home(tmp_path)) == {"theme.full": "nord"}


@pytest.mark.parametrize(
    "name",
    [
        "kingfisher-light",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("kingfisher", "kingfisher-256", "nord")),
    ],
)
async def test_the_first_screen_is_in_its_theme_and_nothing_is_as_dark_as_its_ground(tmp_path: Path, name: str) -> None:
    async with dashboard(tmp_path, theme=name) as seen:
        await seen.press("2")
        await seen.notices("Step 2 asked")
        ground = Color.parse(seen.app.current_theme.background or "")
        assert seen.app.screen.styles.background == ground
        await until(lambda: len(seen.one("#activity", Activity).feed.lines) > 0, "the feed")
        await seen.pilot.pause(0.7)
        for strip in seen.app.screen._compositor.render_strips():
            for segment in strip:
                if segment.text.strip() and segment.style is not None:
                    assert segment.style.color != segment.style.bgcolor, segment.text
