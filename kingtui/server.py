"""The HTTP server: uvicorn inside our loop, on sockets that we bound."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from kingtui.models import KingError

if TYPE_CHECKING:
    from uvicorn import Server

log = logging.getLogger("kingtui.server")

STOP_SECONDS = 5.0


class PortBusy(KingError):
    """Another program has the port."""


def bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets: for ``localhost`` on 127.0.0.1 and, where there is IPv6, on ::1, both on one port.

    ``port`` 0 takes any free one. Raises PortBusy naming the port, KingError for other troubles.
    """
    wanted = ["127.0.0.1", "::1"] if host == "localhost" else [host]
    sockets: list[socket.socket] = []
    try:
        for address in wanted:
            try:
                sockets.append(_bind(address, sockets[0].getsockname()[1] if sockets else port))
            except OSError as error:
                if address == "::1" and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                    continue  # a machine without IPv6
                raise
    except OSError as error:
        for bound in sockets:
            bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusy(
                f"port {port} on {host} is in use by another program: stop it, or choose another port with "
                "--port or KINGTUI_PORT (0 takes any free one)"
            ) from None
        raise KingError(f"{host} port {port} cannot be listened on: {error.strerror or error}") from error
    return sockets


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
        bound.listen(512)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


def address_of(sockets: list[socket.socket]) -> str:
    """The address to tell people: ``http://127.0.0.1:5555``."""
    host, port = sockets[0].getsockname()[:2]
    literal = ipaddress.ip_address(host.split("%")[0])
    if literal.is_unspecified:
        host = "127.0.0.1" if literal.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class ApiServer:
    """Serves an ASGI app until told to stop. The sockets stay open: who comes meanwhile waits for the next server."""

    def __init__(self, make_app: Callable[[], Any], sockets: list[socket.socket], *, after: float = 0.0) -> None:
        """``make_app`` is called in a thread, ``after`` so many seconds: who asks before is answered then."""
        self.address = address_of(sockets)
        self._make_app = make_app
        self._after = after
        self._sockets = sockets
        self._server: Server | None = None
        self._stopped = False
        self._done = asyncio.Event()

    async def run(self) -> None:
        """Serve. Signals stay with whoever owns the process; connections end within seconds of ``stop``."""
        await asyncio.sleep(self._after)
        app = await asyncio.to_thread(self._load)
        if self._stopped:
            return
        import uvicorn

        class Quiet(uvicorn.Server):
            @contextlib.contextmanager
            def capture_signals(self) -> Iterator[None]:
                yield

        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=3,
            timeout_keep_alive=30, server_header=False, date_header=True, ws="none",
        )  # fmt: skip
        self._server = Quiet(config)
        try:
            await self._server.serve(sockets=[bound.dup() for bound in self._sockets])  # it closes those
        except SystemExit as error:  # uvicorn's way to fail at start
            raise KingError(f"the API could not be started (code {error.code})") from None
        finally:
            self._done.set()

    def _load(self) -> Any:
        import uvicorn  # noqa: F401 - so that it is there when it is wanted

        return self._make_app()

    async def stop(self) -> None:
        """End connections gracefully."""
        self._stopped = True
        if self._server is not None:
            self._server.should_exit = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._done.wait()
