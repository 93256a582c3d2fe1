"""Pictures beside what was read from them: values with their marks, previews, quarantine, duplicates, reading anew."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image as Pillow

from kingtui.models import Image, NotFound, Stage, WrongUse
from kingtui.runtime import Runtime
from kingtui.screens.asking import Pick
from kingtui.screens.picture import PictureScreen
from kingtui.screens.pictures import PicturesScreen
from kingtui.store import symbols
from kingtui.widgets.graphics import way
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from kingtui.widgets.preview import Cells, Preview
from tests.tui.dashboard import NARROW, dashboard
from tests.world import at_rest, ratio_chart, ratio_picture, until


async def said_once(runtime: Runtime, image: Image, symbol: str, like: str) -> None:
    """As if an older reader had made ``symbol`` out of a row of the picture."""
    async with runtime._database.write() as tx:
        known = (await symbols.newest_evidence(tx, [like]))[like][0]
        await symbols.add_evidence(tx, replace(known, symbol=symbol))
        await symbols.changed(tx, symbol, runtime._clock.now(), None)
    assert known.sha256 == image.sha256


@pytest.mark.slow
async def test_a_picture_stands_beside_its_values_and_can_be_read_again(tmp_path: Path) -> None:
    chart = ratio_chart(5)
    async with dashboard(tmp_path, report_interval=3600) as seen:
        seen.drop(ratio_picture(5), ratio_picture(5))
        Pillow.effect_noise((320, 240), 90).save(seen.runtime.home.downloads / "[b]holiday.png")
        control = seen.runtime.control
        await until(lambda: len(seen.app.live.book.records) == len(chart.rows), "the records")
        await at_rest(seen.runtime)
        counts = await control.image_counts()
        assert counts == {Stage.EXTRACTED: 1, Stage.DUPLICATE: 1, Stage.UNKNOWN: 1}

        await seen.press("g", "p", "f")
        await seen.shown(Pick)
        await seen.press("r")
        pictures = await seen.shown(PicturesScreen)
        await until(lambda: pictures.chosen is not None and pictures.chosen.stage is Stage.EXTRACTED, "the one read")
        assert list(pictures.query_one(KeyedTable).keys) == list(pictures.items)
        await seen.press("enter")
        screen = await seen.shown(PictureScreen)
        read = screen.query_one("#read", Line)
        await until(lambda: "values verified ✓" in read.text, "the values")
        for row in chart.rows:
            line = next(line for line in read.text.splitlines() if f" {row.symbol} " in line)
            assert line.startswith("✓")
            assert f"{row.long:.1f}% long" in line
        assert str(tmp_path / "imagesanalysed") in screen.query_one("#facts", Line).text.replace("\n", "").replace(
            " " * 11, ""
        )
        cells = screen.query_one(Cells)
        await until(lambda: cells.strips, "the preview")
        assert {len(strip.text) for strip in cells.strips} == {cells.strips[0].cell_length}
        assert cells.strips[0].cell_length <= screen.query_one(Preview).content_size.width

        view = await until(lambda: screen.view, "the view")
        await said_once(seen.runtime, view.image, "MISREAD", chart.rows[0].symbol)
        assert (await control.data("MISREAD")).win_rates["1m"] is not None
        await seen.press("e")
        await seen.notices("is read anew")
        await until(lambda: screen.view.read_at is not None and screen.view.read_at > view.read_at, "another reading")
        await at_rest(seen.runtime)
        again = await control.picture(view.image.id)
        assert again.image.stage is Stage.EXTRACTED
        assert again.values == view.values
        with pytest.raises(NotFound):
            await control.data("MISREAD")
        assert len((await control.data(chart.rows[0].symbol)).evidence) == 1
        assert await asyncio.to_thread(Path(again.file).read_bytes) == ratio_picture(5)

        await seen.press("escape", "f")
        await seen.shown(Pick)
        await seen.press("a")
        await until(lambda: len(pictures.items) == 3, "all pictures")
        await seen.press("G", "enter")
        screen = await seen.shown(PictureScreen)
        walked = [screen.image_id]
        while screen.check_action("walk", (-1,)):
            await seen.press("left_square_bracket")
            walked.append(screen.image_id)
            await until(lambda: screen.view and screen.view.image.id == screen.image_id, "the picture before")
        assert walked == sorted(image.id for image in await control.images())

        duplicate = next(image for image in await control.images() if image.stage is Stage.DUPLICATE)
        with pytest.raises(WrongUse, match="repeats picture"):
            await control.reread(duplicate.id)
        assert (await control.picture(duplicate.id)).values == view.values
        with pytest.raises(NotFound):
            await control.picture(99)
        with pytest.raises(WrongUse, match="pixels are allowed"):
            await control.preview(view.image.id, width=0, height=9)


async def test_what_is_unknown_says_why_and_what_to_do(tmp_path: Path) -> None:
    async with dashboard(tmp_path, NARROW) as seen:
        Pillow.effect_noise((320, 240), 90).save(seen.runtime.home.downloads / "[b]holiday.png")
        await seen.press("g", "p")
        pictures = await seen.shown(PicturesScreen)
        await until(lambda: any(image.stage is Stage.UNKNOWN for image in pictures.items.values()), "the unknown one")
        await seen.press("f")
        await seen.shown(Pick)
        await seen.press("u")
        detail = pictures.query_one("#detail", Line)
        await until(lambda: "press e to look at it anew" in detail.text, "what to do")
        assert "[b]holiday.png" in detail.text
        await seen.press("enter")
        screen = await seen.shown(PictureScreen)
        facts = screen.query_one("#facts", Line)
        await until(lambda: "? unknown" in facts.text, "the facts")
        assert "page colour" in facts.text
        assert not screen.query_one(Preview).region
        await seen.press("v")
        cells = screen.query_one(Cells)
        await until(lambda: cells.strips, "the picture alone")
        assert not screen.query_one("#values").region
        await seen.press("escape", "escape")
        assert await seen.shown(PicturesScreen) is pictures


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "xterm-kitty"}, "graphics"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "graphics"),
        ({"TERM": "xterm-kitty", "SSH_CONNECTION": "a b c d"}, "half cells"),
        ({"TERM": "tmux-256color", "TERM_PROGRAM": "WezTerm"}, "half cells"),
        ({"TERM": "xterm-256color"}, "half cells"),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, "shades"),
        ({"TERM": "linux"}, "shades"),
    ],
)
def test_how_a_terminal_shows_pictures(environ: dict[str, str], expected: str) -> None:
    assert way(environ) == expected


async def test_a_picture_that_became_narrow_meanwhile_is_told_in_its_whole_width(tmp_path: Path) -> None:
    async with dashboard(tmp_path) as seen:
        Pillow.effect_noise((320, 240), 90).save(seen.runtime.home.downloads / f"{'long' * 12}.png")
        await seen.press("g", "p")
        pictures = await seen.shown(PicturesScreen)
        await until(lambda: pictures.chosen is not None and pictures.chosen.stage is Stage.UNKNOWN, "it")
        await seen.press("enter")
        screen = await seen.shown(PictureScreen)
        facts = screen.query_one("#facts", Line)
        await until(lambda: "Picture" in facts.text, "what is known of it")
        await seen.press("g", "l")
        await seen.pilot.resize_terminal(*NARROW)
        await seen.press("g", "p")
        await seen.shown(PictureScreen)
        widest = lambda: max(map(len, facts.text.splitlines()))  # noqa: E731
        await until(lambda: 65 < widest() <= facts.content_size.width, "lines as long as the terminal is wide")
