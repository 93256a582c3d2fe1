"""The browser dashboard's files: a fixed list, read once, each with a strong ETag.

``index.html`` names its parts under ``/web/<version>/``, where the version is a hash of them all: a browser keeps those
for good and asks again only for the page itself.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath

from fastapi import APIRouter, Request, Response

from kingtui.api.answers import matches
from kingtui.models import NotFound

FILES = (
    "actions.js", "api.js", "app.js", "before-paint.js", "dialogs.js", "dom.js", "feed.js", "frame.css", "header.js",
    "history.js", "home.js", "icon-180.png", "icon-192.png", "icon-512.png", "icon-maskable-512.png", "icon.svg",
    "index.html", "keys.js", "live.js", "loader.js", "manifest.webmanifest", "markdown.js", "marks.js", "paged.js",
    "parts.css", "picture.js", "pictures.js", "plot.js", "reports.js", "service-worker.js", "sparkline.js", "steps.js",
    "store.js", "symbol_card.js", "symbol_list.js", "symbols.js", "theme.js", "token.js", "tokens.css", "upload.js",
    "views.css", "words.js",
)  # fmt: skip
"""What may be asked for; a name that is not here is not looked for."""
_TYPES = {
    ".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
    ".png": "image/png", ".svg": "image/svg+xml", ".webmanifest": "application/manifest+json",
}  # fmt: skip
_ASK_AGAIN = "no-cache"
_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Page:
    """A file as it is sent: plain, and packed where that makes it smaller."""

    media_type: str
    body: bytes
    packed: bytes | None
    etag: str


@cache
def pages() -> tuple[str, Mapping[str, Page]]:
    """The version, and each file by its name. Reads the files: call it in a thread the first time."""
    folder = files("kingtui") / "web"
    contents = {name: (folder / name).read_bytes() for name in FILES}
    whole = hashlib.sha256()
    for name, content in contents.items():
        whole.update(f"{name} {len(content)} ".encode() + content)
    version = whole.hexdigest()[:16]
    contents["index.html"] = contents["index.html"].replace(b'"/web/', f'"/web/{version}/'.encode())
    shell = json.dumps([f"/web/{version}/{name}" for name in FILES if PurePosixPath(name).suffix in (".css", ".js")])
    head = f'const VERSION = "{version}";\nconst SHELL = {shell};\n'
    contents["service-worker.js"] = head.encode() + contents["service-worker.js"]
    return version, {name: _page(name, content) for name, content in contents.items()}


def _page(name: str, content: bytes) -> Page:
    packed = gzip.compress(content, 9, mtime=0) if not name.endswith(".png") else None
    if packed is not None and len(packed) >= len(content):
        packed = None
    return Page(_TYPES[PurePosixPath(name).suffix], content, packed, hashlib.sha256(content).hexdigest()[:32])


def router() -> APIRouter:
    """``/``, ``/orchestrator_dashboard.html``, ``/web/…`` and what browsers ask for by fixed names."""
    routes = APIRouter(include_in_schema=False)
    version, known = pages()

    def answer(request: Request, name: str, caching: str = _ASK_AGAIN) -> Response:
        page = known.get(name)
        if page is None:
            raise NotFound("Not found")
        return _answer(request, page, caching)

    @routes.get("/")
    @routes.get("/orchestrator_dashboard.html")
    async def index(request: Request) -> Response:
        return answer(request, "index.html")

    @routes.get("/manifest.webmanifest")
    async def manifest(request: Request) -> Response:
        return answer(request, "manifest.webmanifest")

    @routes.get("/service-worker.js")
    async def service_worker(request: Request) -> Response:
        found = answer(request, "service-worker.js")
        found.headers["content-security-policy"] = "default-src 'self'"  # what the worker itself may fetch
        return found

    @routes.get("/favicon.ico")
    async def favicon(request: Request) -> Response:
        return answer(request, "icon-192.png")

    @routes.get("/web/{name}")
    async def file(request: Request, name: str) -> Response:
        return answer(request, name)

    @routes.get("/web/{of}/{name}")
    async def versioned(request: Request, of: str, name: str) -> Response:
        return answer(request, name, _FOR_GOOD if of == version else _ASK_AGAIN)

    return routes


def _answer(request: Request, page: Page, caching: str) -> Response:
    packed = page.packed if _takes_gzip(request.headers.get("accept-encoding", "")) else None
    etag = f'"{page.etag}{"-gzip" if packed else ""}"'
    headers = {"etag": etag, "cache-control": caching, "vary": "accept-encoding"}
    if matches(etag, request.scope["headers"]):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(packed or page.body, media_type=page.media_type, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    """Whether gzip is among the encodings, and not with a weight of nothing."""
    for part in accepted.lower().split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.strip().removeprefix("q=").strip() not in ("0", "0.0", "0.00", "0.000")
    return False
