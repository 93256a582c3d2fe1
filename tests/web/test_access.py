"""axe-core finds nothing serious in any view, light or dark, wide or on a phone."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.web.conftest import PHONE, WIDE, Running, open_page

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", PHONE)], ids=["light", "dark phone"])
def test_axe_finds_nothing_serious(
    browser: Browser, kingtui: Running, scheme: Literal["light", "dark"], size: dict[str, int]
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme, service_workers="block")  # type: ignore[arg-type]
    page, _ = open_page(context)
    paths = (
        "home", f"symbols/{kingtui.map_symbol}", f"reports/{kingtui.map_symbol}", "history/1", "pictures/1", "symbols",
    )  # fmt: skip
    found = []
    for path in paths:
        page.goto("about:blank")
        page.goto(f"{kingtui.address}/#{path}")
        expect(page.locator("#connection")).to_have_attribute("data-state", "live")
        page.wait_for_load_state("networkidle")
        found += [f"{path}: {line}" for line in serious(Axe().run(page).response)]
    for key in ("?", "w", "r"):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog")).to_be_visible()
        found += [f"key {key}: {line}" for line in serious(Axe().run(page).response)]
        page.keyboard.press("Escape")
    context.close()
    assert not found, "\n".join(found)


def serious(response: dict) -> list[str]:  # type: ignore[type-arg]
    """The violations of weight, each with what it is about."""
    return [
        f"{violation['id']} ({violation['impact']}): {node['target']} {node['failureSummary']}"
        for violation in response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]
