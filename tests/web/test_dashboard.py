"""The browser dashboard in Chromium, against a running kingtui that has read painted charts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from kingtui.charts.painter import paint
from tests.faults.process import wait_for
from tests.web.conftest import ODD_NAME, PHONE, Running, market_charts
from tests.world import ratio_picture

pytestmark = pytest.mark.slow
VIEWS = ("home", "symbols", "reports", "history", "pictures")


def test_what_happens_is_shown_without_reload(page: Page, kingtui: Running, picture: bytes) -> None:
    page.goto("/")
    expect(page.locator("#connection")).to_have_text(re.compile("live"))
    expect(page.locator(".step")).to_have_count(6)
    page.evaluate("window.loadedOnce = true")
    before = kingtui.process.get("/status")["pictures"]
    kingtui.drop("live.jpg", picture)
    expect(page.locator("#facts .count")).to_contain_text(f"of {before + 1} pictures")
    expect(page.locator(".feed")).to_contain_text("live.jpg arrived")
    expect(page.locator(".feed")).to_contain_text("Updated: ")
    expect(page.locator(".step").first.locator(".state")).not_to_be_empty()
    kingtui.settled()
    expect(page.locator(".feed li").first).to_contain_text(re.compile("Step 6|Report"))
    newest = kingtui.process.get("/symbols?sort=updated&descending=true&limit=1")["symbols"][0]["Symbol"]
    expect(page.locator(".newest tbody tr").first.locator("th")).to_have_text(newest)
    assert page.evaluate("window.loadedOnce")


def test_steps_are_triggered_by_button_and_by_key(page: Page, kingtui: Running) -> None:
    page.goto("/")
    expect(page.locator("#connection")).to_have_text(re.compile("live"))
    page.get_by_role("button", name="Run step 2: Sort Images with AI").click()
    expect(page.locator("#notices")).to_contain_text("Step 2 triggered: run ")
    page.keyboard.press("3")
    expect(page.locator("#notices")).to_contain_text("Step 3 triggered: run ")
    kingtui.settled()
    page.goto("/#history")
    for step in (2, 3):
        page.locator("#history-step").select_option(str(step))
        newest = page.locator(".runs tbody tr").first
        expect(newest.locator("td").first).to_have_text(str(step))
        run = kingtui.process.get(f"/history?step={step}&limit=1")["history"][0]
        assert run["trigger"] == "manual"
        expect(newest.locator("th")).to_have_text(str(run["id"]))


def test_pause_and_resume(page: Page, kingtui: Running) -> None:
    page.goto("/")
    expect(page.locator("#connection")).to_have_text(re.compile("live"))
    page.keyboard.press("p")
    expect(page.locator("#paused")).to_be_visible()
    assert kingtui.process.get("/status")["paused"]
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#paused")).to_be_hidden()
    assert not kingtui.process.get("/status")["paused"]


def test_a_symbol_is_looked_up(page: Page, kingtui: Running) -> None:
    page.goto("/")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type(f"{kingtui.map_symbol.lower()}/usdt")
    page.keyboard.press("Enter")
    card = page.get_by_role("article", name="Symbol")
    expect(card.locator("h2")).to_have_text(kingtui.map_symbol)
    known = kingtui.process.get(f"/data/{kingtui.map_symbol}")
    expect(card.locator(".figures .big").first).to_have_text(f"{known['CurrentPrice']:,}")
    expect(card).to_contain_text(f"{known['Score']} ")
    expect(card.locator(".rates")).to_contain_text(known["WinRate_24h"])
    expect(card.locator(".rates")).to_contain_text(known["WinRate_24h_Source"])


def test_the_levels_are_drawn_and_told(page: Page, kingtui: Running) -> None:
    page.goto(f"/#symbols/{kingtui.map_symbol}")
    plot = page.locator("svg.plot")
    levels = kingtui.process.get(f"/symbols/{kingtui.map_symbol}/levels")
    expect(plot.locator(".cluster")).to_have_count(len(levels["clusters"]))
    expect(plot).to_have_attribute("aria-label", re.compile("liquidations around the price"))
    bars = plot.locator("rect.bar, rect[fill^='url']")
    assert 2 <= bars.count() <= 28
    page.get_by_text("As a table").click()
    rows = page.locator(".levels table tbody tr")
    expect(rows).to_have_count(28)
    sides = [row.split("\t")[1] for row in rows.all_inner_texts()]
    assert sides == ["short"] * 14 + ["long"] * 14
    page.keyboard.press("z")
    expect(page.locator(".choices [aria-pressed=true]")).to_have_text("± 5 %")
    expect(page.locator(".levels figcaption")).to_contain_text("± 5 %")


def test_what_comes_while_another_view_is_shown_is_drawn_later(page: Page, kingtui: Running) -> None:
    waiting: list[Route] = []
    page.route("**/levels", lambda route: waiting.append(route))
    page.goto(f"/#symbols/{kingtui.map_symbol}")
    page.wait_for_function("document.querySelector('#view-symbols .card, #view-symbols article')")
    page.evaluate("location.hash = '#history'")
    expect(page.locator("#view-symbols")).to_be_hidden()
    while not waiting:
        page.wait_for_timeout(50)
    for route in waiting:
        route.continue_()
    page.wait_for_load_state("networkidle")
    page.unroute("**/levels")
    page.evaluate(f"location.hash = '#symbols/{kingtui.map_symbol}'")
    expect(page.locator("svg.plot .cluster").first).to_be_visible()


def test_a_source_that_is_not_well_stands_first(page: Page) -> None:
    page.goto("/")
    told = page.evaluate(
        """async () => {
          const { sources } = await import("/web/header.js");
          const at = "2026-01-02T03:00:00+00:00";
          const made = (name, note, last_picture_at) => ({ name, note, last_picture_at });
          const all = [made("drop", "", at), made("inbox", "", at), made("telegram", "not connected", null)];
          const now = Date.parse("2026-01-02T03:02:00Z");
          return [sources({ sources: all }, now), sources({ sources: [made("drop", "", null)] }, now)];
        }"""
    )
    mended = "Telegram: ▲ not connected, no picture yet · Inbox: 2 min ago · Downloads: 2 min ago"
    assert told == [mended, "Downloads: no picture yet"]


def test_numbers_on_a_phone_never_run_together(page: Page, kingtui: Running) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(f"/#symbols/{kingtui.map_symbol}")
    page.wait_for_selector(".figures .big")
    ends, starts = page.evaluate(
        """() => {
          const found = [...document.querySelectorAll(".figures .big")];
          found[0].textContent = "117,267.25";
          const range = document.createRange();
          const boxes = found.map((each) => (range.selectNodeContents(each), range.getBoundingClientRect()));
          const row = boxes.filter((box) => box.top === boxes[0].top);
          return [row.map((box) => box.right), row.map((box) => box.left)];
        }"""
    )
    assert all(end + 8 <= start for end, start in zip(ends, starts[1:], strict=False))
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_bins_hold_every_bar_of_the_map(page: Page, kingtui: Running) -> None:
    levels = kingtui.process.get(f"/symbols/{kingtui.map_symbol}/levels")
    page.goto("/")
    found = page.evaluate(
        """async (map) => {
          const { binsOf } = await import("/web/plot.js");
          const { above, below, outside } = binsOf(map, Math.abs(map.price * 10), 14);
          const sum = (bins) => bins.reduce((all, bin) => all + bin.total, 0);
          return [sum(above), sum(below), outside];
        }""",
        levels["map"],
    )
    total = {
        side: sum(bar["total"] for bar in levels["map"]["bars"] if bar["side"] == side) for side in ("short", "long")
    }
    assert found == pytest.approx([total["short"], total["long"], 0])


def test_a_report_is_found_by_symbol_and_read(page: Page, kingtui: Running) -> None:
    page.goto("/#reports")
    page.locator("#report-find").fill(kingtui.map_symbol)
    entry = page.locator(".rows li").filter(has_text=kingtui.map_symbol)
    entry.first.click()
    report = page.get_by_role("article", name="Report")
    expect(report.locator("h2").first).to_have_text(f"{kingtui.map_symbol}: liquidation report")
    text = kingtui.process.get(f"/reports/{kingtui.map_symbol}")["report"]
    for heading in re.findall(r"^## (.+)$", text, re.MULTILINE):
        expect(report.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    assert report.locator("table").count() == len(re.findall(r"^\|[\s:|-]+\|$", text, re.MULTILINE))
    assert "**" not in report.inner_text()
    figure = report.get_by_role("img", name=f"{kingtui.map_symbol}: liquidation levels")
    expect(figure).to_be_visible()
    assert figure.evaluate("image => image.naturalWidth") > 300
    page.locator("#report-find").fill("")
    page.locator("#report-day").fill("2001-01-01")
    expect(page.get_by_text("No report is like that.")).to_be_visible()


def test_a_picture_stands_beside_what_was_read(page: Page, kingtui: Running) -> None:
    page.goto("/#pictures")
    page.locator("#stage").select_option("extracted")
    page.locator(".pictures li").filter(has_text="liquidation map").first.click()
    card = page.get_by_role("article", name="Picture")
    expect(card.locator("canvas")).to_be_visible()
    painted = page.evaluate(
        """() => {
          const canvas = document.querySelector(".picture canvas");
          const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          return new Set(new Uint32Array(pixels.buffer)).size;
        }"""
    )
    assert painted > 100
    view = kingtui.process.get(f"/images/{page.url.rpartition('/')[2]}")
    expect(card.locator(".values tbody tr:not(:has(.group))")).to_have_count(len(view["values"]))
    marked = [value["verified"] for value in view["values"] if value["verified"] is not None]
    expect(card.locator("h3").first).to_contain_text(f"{sum(marked)} of {len(marked)} values verified")
    marks = card.locator(".marks")
    expect(marks.locator(".sure").first).to_be_visible()
    shown = kingtui.process.get(f"/images/{view['image']['id']}/marks")["marks"]
    expect(marks.locator("> *")).to_have_count(len(shown))
    expect(marks.locator(".unsure")).to_have_count(sum(mark["verified"] is False for mark in shown))
    canvas, layer = card.locator("canvas").bounding_box(), marks.bounding_box()
    assert canvas and layer  # noqa: PT018
    assert all(abs(canvas[side] - layer[side]) <= 1 for side in ("x", "y", "width", "height"))
    price = next(mark for mark in shown if mark["about"] == "current_price" and mark["form"] == "box")
    marks.locator("rect").nth([mark for mark in shown if mark["form"] == "box"].index(price)).hover()
    expect(card.locator(".mark-told")).to_contain_text(f"current_price: {price['text']}")
    card.get_by_role("button", name="What was found").click()
    expect(marks).to_be_hidden()
    card.get_by_role("button", name="Read again").click()
    expect(page.locator("#notices")).to_contain_text("Picture is read again")
    kingtui.settled()


def test_pictures_are_added(page: Page, kingtui: Running) -> None:
    page.goto("/#pictures")
    before = kingtui.process.get("/status")["pictures"]
    files = [
        {"name": "added.jpg", "mimeType": "image/jpeg", "buffer": ratio_picture(815, rows=5)},
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"words"},
        {"name": "empty.png", "mimeType": "image/png", "buffer": b"no picture at all"},
    ]
    page.locator("input[type=file]").set_input_files(files)
    expect(page.locator("#alarms")).to_contain_text("notes.txt is no picture: .jpg, .jpeg, .png and .webp are allowed")
    expect(page.locator("#alarms")).to_contain_text("empty.png: ")
    expect(page.locator("#notices")).to_contain_text("1 picture added")
    wait_for(lambda: kingtui.process.get("/status")["pictures"] == before + 1, "the picture")
    kingtui.settled()


def test_pictures_are_dropped_on_the_page(page: Page, kingtui: Running) -> None:
    page.goto("/")
    before = kingtui.process.get("/status")["pictures"]
    picture = list(paint(market_charts()[4]))
    page.evaluate(
        """(bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" }));
          const how = { dataTransfer: transfer, bubbles: true, cancelable: true };
          for (const name of ["dragenter", "dragover", "drop"]) document.body.dispatchEvent(new DragEvent(name, how));
        }""",
        picture,
    )
    expect(page.locator("#notices")).to_contain_text("1 picture added")
    wait_for(lambda: kingtui.process.get("/status")["pictures"] == before + 1, "the picture")
    kingtui.settled()


def test_a_restart_asks_first(page: Page, kingtui: Running) -> None:
    page.goto("/")
    expect(page.locator("#connection")).to_have_text(re.compile("live"))
    page.keyboard.press("r")
    dialog = page.get_by_role("dialog", name="Restart the orchestration?")
    expect(dialog.get_by_role("button", name="Leave it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Restart …").click()
    dialog.get_by_role("button", name="Restart", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("Orchestration restarted")
    expect(page.locator(".feed")).to_contain_text("Restarted: every run was ended")


def test_keys_lead_everywhere_and_can_be_switched_off(page: Page) -> None:
    page.goto("/")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    for letter, view in {"s": "symbols", "e": "reports", "r": "history", "p": "pictures", "h": "home"}.items():
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page.locator(f"#view-{view}")).to_be_visible()
    page.keyboard.press("w")
    expect(page.get_by_role("dialog", name=re.compile("Health: "))).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").get_by_label("Single keys work on this page").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("view", VIEWS)
def test_a_phone_shows_it_without_scrolling_sideways(page: Page, kingtui: Running, view: str) -> None:
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    opened = {"symbols": kingtui.map_symbol, "reports": kingtui.map_symbol, "history": "1", "pictures": "1"}
    for path in filter(None, (view, f"{view}/{opened[view]}" if view in opened else "")):
        page.goto("about:blank")
        page.goto(f"/#{path}")
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")
        expect(page.locator(f"#view-{view}")).not_to_be_empty()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_text_of_others_is_only_text(page: Page, kingtui: Running) -> None:
    page.goto("/#pictures")
    page.locator(".pictures li").filter(has_text=ODD_NAME).first.click()
    expect(page.get_by_role("article", name="Picture").locator("h2")).to_have_text(ODD_NAME)
    page.goto("/#symbols/<img src=x onerror=hacked=1>")
    expect(page.get_by_role("article", name="Symbol").locator("h2")).to_have_text("<img src=x onerror=hacked=1>")
    report = kingtui.process.get(f"/reports/{kingtui.map_symbol}")
    file = kingtui.process.home.root / report["file"]
    hostile = (
        "# <script>hacked=1</script>\n\n<img src=x onerror=hacked=1> [a](javascript:hacked=1) ![b](x)\n\n"
        "| <b>a</b> |\n| --- |\n| \\| <svg onload=hacked=1> |\n\n- **<i>**\n\n> <iframe src=javascript:hacked=1>\n"
    )
    file.write_text(hostile, encoding="utf-8")
    try:
        page.goto(f"/#reports/{kingtui.map_symbol}")
        text = page.get_by_role("article", name="Report")
        expect(text.locator("h2")).to_have_text("<script>hacked=1</script>")
        expect(text.locator("td, tbody th")).to_have_text("| <svg onload=hacked=1>")
        assert text.locator("img:not([src^='blob:']), script, iframe, svg, a[href^='javascript']").count() == 0
    finally:
        file.write_text(report["report"], encoding="utf-8")
    assert page.evaluate("typeof hacked") == "undefined"


def test_words_that_reorder_or_act_are_made_harmless(page: Page) -> None:
    page.goto("/")
    found = page.evaluate(
        """async () => (await import("/web/dom.js")).h("p", {}, "a\\u202eb\\u001b[31mc\\u200b").textContent"""
    )
    assert found == "ab\ufffd[31mc"


@pytest.mark.parametrize(
    ("value", "price", "level"),
    [
        (120260.7, "120,260.7", "120,261"), (3764.6, "3,764.6", "3,764.6"), (0.0000386, "0.0000386", "0.0000386"),
        (117853.2, "117,853.2", "117,853"), (0, "0", "0"), (None, "not available", "not available"),
        (-1234.5, "−1,234.5", "−1,234.5"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_everywhere_else(page: Page, value: float | None, price: str, level: str) -> None:
    from kingtui.reports import format as words

    assert (words.price(value), words.level(value)) == (price, level)
    page.goto("/")
    script = "async (value) => { const f = await import('/web/words.js'); return [f.price(value), f.level(value)]; }"
    assert page.evaluate(script, value) == [price, level]
