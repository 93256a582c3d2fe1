"""The HTTP server: uvicorn inside our loop, on sockets that we bound."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kingtui.models import KingError, WrongUse

if TYPE_CHECKING:
    import ssl

    from uvicorn import Server

log = logging.getLogger("kingtui.server")

STOP_SECONDS = 5.0
PING_SECONDS = 20.0
TAKING_SECONDS = 60.0
"""A client that takes nothing of what was sent to it for so long has its connection cut, where the system can (Linux):
else it would keep it for good."""
WS_BYTES = 65_536
"""Of a message from a WebSocket client, which has little to say."""


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
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # the connections that are accepted have it from here
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1000 * TAKING_SECONDS))
        bound.bind(address)
        bound.listen(512)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


def addresses(sockets: list[socket.socket]) -> list[str]:
    """The IP addresses that are listened on."""
    return [str(bound.getsockname()[0]) for bound in sockets]


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """What the API shows by TLS, None where it speaks http. Raises WrongUse with a sentence for a pair that is none."""
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        there, missing = (
            ("KINGTUI_CERTFILE", "KINGTUI_KEYFILE") if certificate else ("KINGTUI_KEYFILE", "KINGTUI_CERTFILE")
        )
        raise WrongUse(f"{there} is set and {missing} is not: TLS needs both")
    import ssl

    for path in (certificate, key):
        try:
            path.read_bytes()
        except OSError as error:
            raise WrongUse(f"{path}, which the API needs for https, cannot be read: {error.strerror}") from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        differ = "KEY_VALUES_MISMATCH" in str(error)
        why = "the key is not that of the certificate" if differ else "both must be PEM, and the key without a password"
        raise WrongUse(f"{certificate} and {key} cannot be used for https: {why}") from None
    return context


def address_of(sockets: list[socket.socket], *, tls: bool = False) -> str:
    """The address to tell people: ``http://127.0.0.1:5555``."""
    host, port = sockets[0].getsockname()[:2]
    literal = ipaddress.ip_address(host.split("%")[0])
    if literal.is_unspecified:
        host = "127.0.0.1" if literal.version == 4 else "::1"
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class ApiServer:
    """Serves an ASGI app until told to stop. The sockets stay open: who comes meanwhile waits for the next server."""

    def __init__(
        self, make_app: Callable[[], Any], sockets: list[socket.socket], *, after: float = 0.0,
        tls: ssl.SSLContext | None = None, connections: int = 1_000,
    ) -> None:  # fmt: skip
        """``make_app`` is called in a thread, ``after`` so many seconds: who asks before is answered then.

        ``connections``: how many there may be at one time.
        """
        self.address = address_of(sockets, tls=tls is not None)
        self._make_app = make_app
        self._after = after
        self._sockets = sockets
        self._tls = tls
        self._connections = connections
        self._server: Server | None = None
        self._stopped = False
        self._done = asyncio.Event()

    async def run(self) -> None:
        """Serve. Signals stay with whoever owns the process; connections end within seconds of ``stop``."""
        await asyncio.sleep(self._after)
        self._server = await asyncio.to_thread(self._load)
        if self._stopped:
            return
        try:
            await self._server.serve(sockets=[bound.dup() for bound in self._sockets])  # it closes those
        except SystemExit as error:  # uvicorn's way to fail at start
            raise KingError(f"the API could not be started (code {error.code})") from None
        finally:
            self._done.set()

    def _load(self) -> Server:
        import uvicorn

        from kingtui.connections import HEAD_SECONDS, Connection, Socket

        tls, most_seconds = self._tls, HEAD_SECONDS if self._tls else None

        class Counted(Connection):
            most = self._connections

        class Quiet(uvicorn.Server):
            @contextlib.contextmanager
            def capture_signals(self) -> Iterator[None]:
                yield

            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                """As uvicorn does for sockets that are bound, but a TLS handshake has a time too."""
                loop = asyncio.get_running_loop()
                await self.lifespan.startup()
                if self.lifespan.should_exit:
                    raise KingError("the API could not be started; the log says why")

                def connection() -> Counted:
                    return Counted(
                        config=self.config, server_state=self.server_state, app_state=self.lifespan.state, _loop=loop
                    )

                self.servers = [
                    await loop.create_server(
                        connection,
                        sock=bound,
                        backlog=self.config.backlog,
                        ssl=tls,
                        ssl_handshake_timeout=most_seconds,
                    )
                    for bound in sockets or []
                ]
                self.started = True

        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)  # it warns of every client's fault
        config = uvicorn.Config(
            self._make_app(), http=Counted, ws=Socket, ws_max_size=WS_BYTES, ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PING_SECONDS, ws_per_message_deflate=False, log_config=None, access_log=False,
            lifespan="on", timeout_graceful_shutdown=3, timeout_keep_alive=30, server_header=False, date_header=True,
            proxy_headers=False,
        )  # fmt: skip
        config.load()
        return Quiet(config)

    async def stop(self) -> None:
        """End connections gracefully."""
        self._stopped = True
        if self._server is not None:
            self._server.should_exit = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._done.wait()
