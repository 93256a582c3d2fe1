"""The browser dashboard's files as they are served: a fixed list, ETags, nothing from outside, nothing inline."""

from __future__ import annotations

import gzip
import json
import re
from importlib.resources import files
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from PIL import Image

from kingtui.api import pages
from kingtui.api.errors import handle_errors

FOLDER = Path(str(files("kingtui") / "web"))


@pytest_asyncio.fixture
async def client():
    """A client of nothing but the pages."""
    app = FastAPI()
    handle_errors(app)
    app.include_router(pages.router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        yield http


def test_the_list_is_what_is_there():
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(pages.FILES)


@pytest.mark.parametrize("path", ["/", "/orchestrator_dashboard.html"])
async def test_the_page_and_its_old_name(client, path):
    found = await client.get(path)
    assert found.status_code == 200
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["cache-control"] == "no-cache"
    assert "kingtui" in found.text


@pytest.mark.parametrize("name", sorted(pages.FILES))
async def test_each_file_has_a_strong_etag_and_is_not_sent_again(client, name):
    first = await client.get(f"/web/{name}", headers={"accept-encoding": "identity"})
    assert first.status_code == 200
    etag = first.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', etag)
    again = await client.get(
        f"/web/{name}", headers={"accept-encoding": "identity", "if-none-match": f'"other", W/{etag}'}
    )
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    packed = await client.get(f"/web/{name}", headers={"accept-encoding": "gzip"})
    assert packed.content == first.content
    assert (packed.headers["etag"] == etag) is ("content-encoding" not in packed.headers)
    refused = await client.get(f"/web/{name}", headers={"accept-encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers


async def test_parts_of_this_version_are_kept_for_good(client):
    page = (await client.get("/")).text
    parts = re.findall(r'(?:href|src)="(/web/[^"#]+)', page)
    assert len(parts) > 5
    for part in parts:
        found = await client.get(part)
        assert found.status_code == 200, part
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    other = await client.get("/web/0123456789abcdef/app.js")
    assert other.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/web/", "/web/nothing.js", "/web/../pages.py", "/web/%2e%2e%2fpages.py", "/web/a/b/app.js", "/web/..%5capp.js"],
)
async def test_what_is_not_listed_is_not_there(client, path):
    found = await client.get(path)
    assert (found.status_code, found.json()["code"]) == (404, "not_found")


async def test_the_service_worker_knows_this_version(client):
    text = (await client.get("/service-worker.js")).text
    version, known = pages.pages()
    assert f'const VERSION = "{version}";' in text
    shell = json.loads(re.search(r"const SHELL = (\[.*?\]);", text)[1])
    assert {name.rpartition("/")[2] for name in shell} == {n for n in known if n.endswith((".css", ".js"))}


async def test_the_manifest_names_icons_that_are_there(client):
    found = (await client.get("/manifest.webmanifest")).json()
    assert found["start_url"] == "/"
    for icon in found["icons"]:
        answer = await client.get(icon["src"])
        assert answer.headers["content-type"] == icon["type"]
        if icon["sizes"] != "any":
            with Image.open(FOLDER / icon["src"].removeprefix("/web/")) as image:
                assert f"{image.width}x{image.height}" == icon["sizes"]


def test_nothing_comes_from_outside_and_nothing_is_inline():
    page = (FOLDER / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=", page)
    for name in pages.FILES:
        if name.endswith(".png"):
            continue
        text = (FOLDER / name).read_text()
        addresses = set(re.findall(r"https?://[^\s\"'<>)]+", text)) - {"http://www.w3.org/2000/svg"}
        assert not addresses, name


@pytest.mark.parametrize("name", [name for name in pages.FILES if name.endswith(".js")])
def test_no_script_reads_text_as_markup(name):
    text = (FOLDER / name).read_text()
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
    ):
        assert word not in text


def test_files_are_small_and_pack_well():
    packed = sum(len(gzip.compress((FOLDER / name).read_bytes())) for name in pages.FILES if not name.endswith(".png"))
    assert packed < 70_000
