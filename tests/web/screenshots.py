"""Draws docs/screens/browser*.png anew: the browser dashboard over a demo.

python -m tests.web.screenshots
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

import httpx
from PIL import Image
from playwright.sync_api import expect, sync_playwright

from kingtui.home import Home, owner
from tests.faults.process import ROOT, command, environment, wait_for
from tests.web.conftest import WIDE

OUT = ROOT / "docs" / "screens"
COLOURS = 256


def main() -> None:
    """The home and a picture in the dark, a symbol in the light."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("Chromium is not there: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = environment(demo_interval=3600, demo_pictures=16)
        flags = command(home, "--demo", "--port", "0")
        process = subprocess.Popen(flags, cwd=ROOT, env=settings | {"KINGTUI_RATE_LIMIT": "100000/minute"})
        try:
            address = wait_for(lambda: _address(home, process.pid), "the demo")
            wait_for(lambda: _rests(address), "all the charts to be read", 120)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                symbol = _mapped(address)
                for name, scheme, path in (
                    ("browser", "dark", "home"),
                    ("browser-symbol", "light", f"symbols/{symbol}"),
                    ("browser-picture", "dark", f"pictures/{_map(address)}"),
                ):
                    context = browser.new_context(viewport=WIDE, color_scheme=scheme, service_workers="block")  # type: ignore[arg-type]
                    page = context.new_page()
                    page.goto(f"{address}/#{path}")
                    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
                    page.wait_for_load_state("networkidle")
                    if "picture" in name:
                        expect(page.locator(".marks")).to_be_visible()
                    _save(page.screenshot(), name)
                browser.close()
        finally:
            process.terminate()
            process.wait(20)


def _address(home: Path, pid: int) -> str | None:
    found = owner(Home(home / "demo")) if (home / "demo").exists() else None
    return found.address if found and found.pid == pid else None


def _rests(address: str) -> bool:
    try:
        found = httpx.get(f"{address}/status").json()
    except httpx.TransportError:
        return False
    steps = found["steps"].values()
    return found["pictures"] > 0 and all(step["status"] == "completed" and not step["backlog"] for step in steps)


def _mapped(address: str) -> str:
    """A symbol with clusters."""
    found = httpx.get(f"{address}/symbols", params={"sort": "below", "limit": 1}).json()["symbols"]
    return str(found[0]["Symbol"])


def _map(address: str) -> int:
    """A picture of a liquidation map."""
    found = httpx.get(f"{address}/images", params={"stage": "extracted"}).json()["images"]
    return next(int(image["id"]) for image in found if image["kind"] == "liquidation_map")


def _save(png: bytes, name: str) -> None:
    """With as few colours as are enough."""
    with Image.open(io.BytesIO(png)) as image:
        few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(OUT / f"{name}.png", optimize=True)
    print(name, (OUT / f"{name}.png").stat().st_size)


if __name__ == "__main__":
    main()
