"""Takes notices as apprise's ``json://`` sends them, on loopback, and refuses or stalls on demand."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Notices:
    """``with Notices() as server:`` a notice sent to ``server.url`` is in ``server.taken``, unless ``server.status``
    is an error."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.asked = 0
        self.status = 200
        self.headers: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.notices = self  # type: ignore[attr-defined]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"json://someone:correct-horse@127.0.0.1:{self._server.server_address[1]}/batterystaple"


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_POST(self) -> None:
        server: Notices = self.server.notices  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        server.asked += 1
        server.headers.append(dict(self.headers))
        if server.status == 200:
            server.taken.append(body)
        self.send_response(server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()
