"""``kingtui serve``: the dashboard in a browser. Each visitor gets a process of its own, which is attached."""

from __future__ import annotations

import importlib.util
import ipaddress
import logging
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kingtui.client import Client
from kingtui.client.doors import AddressDoor, Door, HomeDoor
from kingtui.commands.output import say
from kingtui.home import Home
from kingtui.models import KingError, WrongUse
from kingtui.server import PortBusy, bind
from kingtui.settings import Settings

if TYPE_CHECKING:
    from aiohttp import web

VISITORS = 10
"""At a time: each is a process of some 100 MB."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PAGE = Path(__file__).parent / "served"
_HEADERS = {
    # xterm.js sizes its lines by styles that it writes into the page
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def serve_dashboard(settings: Settings, *, host: str, port: int, attach: str | None, insecure: bool) -> None:
    """Serve until a signal says stop. Raises KingError without textual-serve, without a running kingtui, …"""
    if importlib.util.find_spec("textual_serve") is None:
        raise KingError(f"kingtui serve needs textual-serve: {sys.prefix}/bin/pip install textual-serve adds it")
    if not is_loopback(host) and not insecure:
        raise WrongUse(
            f"--host {host} lets everybody who can reach this machine work the dashboard, for it asks for no token: "
            "leave it on localhost and come through SSH (ssh -L) or a proxy that asks who you are, or say --insecure"
        )
    if settings.require_token and not insecure:
        raise WrongUse(
            "KINGTUI_REQUIRE_TOKEN keeps other users of this machine out, and this page would let them in, for it asks "
            "for no token: use kingtui in a terminal, or say --insecure"
        )
    token = settings.token.get_secret_value() if settings.token is not None else None
    door: Door = HomeDoor(Home(settings.home)) if attach is None else AddressDoor(attach, token)
    with Client(door=door) as king:
        try:
            king.status()
        except KingError as error:
            raise KingError(
                f"{error}; kingtui serve shows one that runs: start it, such as kingtui --api-only"
            ) from None
    _free(host, port)
    served = _server(_command(settings, attach or door.find().address), host, port)
    try:
        served.serve()
    except OSError as error:
        raise KingError(f"{host} port {port} cannot be listened on: {error.strerror or error}") from error


def _free(host: str, port: int) -> None:
    """Raises KingError where the page cannot be served there, before anything says that it is."""
    try:
        sockets = bind(host, port)
    except PortBusy:
        raise KingError(
            f"port {port} on {host} is in use by another program: stop it, or choose another port with --port"
        ) from None
    for bound in sockets:
        bound.close()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host in _LOOPBACK or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _command(settings: Settings, address: str) -> str:
    """What a visitor's process runs. The home is that of whoever it attaches to, so that its secret is found."""
    home = settings.home.parent if settings.demo else settings.home
    demo = ["--demo"] if settings.demo else []
    return shlex.join(
        ["exec", sys.executable, "-m", "kingtui", "--home", str(home), *demo, "--attach", address]
    )  # the shell gives way to it


def _server(command: str, host: str, port: int) -> Any:
    from aiohttp import web
    from aiohttp_jinja2 import render_template
    from textual_serve.server import Server, to_int

    class Served(Server):
        """textual-serve's, for one page of ours: other pages may not use it, and visitors are counted."""

        visitors = 0

        def initialize_logging(self) -> None:
            logging.basicConfig(level=logging.WARNING, format="%(message)s")

        async def on_startup(self, app: web.Application) -> None:
            say(f"the dashboard is served at {self.public_url}; Ctrl+C ends it, and what it shows works on")

        async def _make_app(self) -> web.Application:
            app = await super()._make_app()
            app.middlewares.append(_guarded(host))
            app.router.add_get("/page.css", _style)
            return app

        async def handle_index(self, request: web.Request) -> web.StreamResponse:
            here = f"{request.scheme}://{request.host}"
            return render_template("app_index.html", request, {
                "font_size": to_int(request.query.get("fontsize", "16"), 16),
                "app_websocket_url": f"ws{here.removeprefix('http')}/ws",
                "config": {"static": {"url": "/static/"}},
                "application": {"name": self.title},
                "page_style": "/page.css",
            })  # fmt: skip

        async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
            if self.visitors >= VISITORS:
                raise web.HTTPServiceUnavailable(text=f"{VISITORS} visitors are here already: come back later")
            self.visitors += 1
            try:
                return await super().handle_websocket(request)
            finally:
                self.visitors -= 1

    return Served(command, host=host, port=port, title="kingtui", templates_path=_PAGE)


async def _style(request: web.Request) -> web.StreamResponse:
    from aiohttp import web

    return web.FileResponse(_PAGE / "page.css")


def _guarded(host: str) -> Any:
    """Only who asks by a name of ours (no DNS rebinding), and no page of another origin: it could work it."""
    from aiohttp import web

    @web.middleware
    async def guarded(request: web.Request, handler: Any) -> web.StreamResponse:
        name = request.host.rpartition(":")[0] if ":" in request.host.rpartition("]")[2] else request.host
        if is_loopback(host) and not is_loopback(name.strip("[]")):
            raise web.HTTPForbidden(text=f"{name[:80]} is no name of this dashboard: ask for localhost")
        origin = request.headers.get("Origin")
        if origin is not None and origin != f"{request.scheme}://{request.host}":
            raise web.HTTPForbidden(text="another page may not use this dashboard")
        response: web.StreamResponse = await handler(request)
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    return guarded
