"""Which web pages may use the API, and what browsers are told about it (CORS)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from kingtui.guard.answers import Headers

LOCAL = ("http://localhost:*", "http://127.0.0.1:*")
_EXPOSED = b"ETag, Last-Modified, Link, Retry-After, RateLimit, RateLimit-Policy"
_METHODS = b"GET, HEAD, POST, DELETE"
_SENT = b"Authorization, Content-Type, Accept, If-None-Match, If-Modified-Since, X-Requested-With"
VARY: tuple[bytes, bytes] = (b"vary", b"Origin")
_PREFLIGHT: Headers = [
    (b"access-control-allow-methods", _METHODS),
    (b"access-control-allow-headers", _SENT),
    (b"access-control-max-age", b"600"),
]
_REMEMBERED = 256


class Origins:
    """The list of those that may, beside pages of the API itself. ``either``: a proxy may have taken https off."""

    def __init__(self, more: Iterable[str] = (), *, tls: bool = False, either: bool = False) -> None:
        patterns = [re.escape(origin).replace(r":\*", r"(:\d{1,5})?") for origin in (*LOCAL, *more)]
        self._listed = re.compile("|".join(patterns).encode())
        self._schemes = (b"http", b"https") if either and not tls else (b"https",) if tls else (b"http",)
        self.headers = lru_cache(_REMEMBERED)(self._headers)

    def _headers(self, origin: bytes, host: bytes) -> Headers | None:
        """What an answer to a page from ``origin`` says; None where it may not. ``host``: the checked Host header."""
        scheme, _, authority = origin.lower().partition(b"://")
        own = scheme in self._schemes and _port_said(scheme, authority) == _port_said(scheme, host.lower())
        if not own and self._listed.fullmatch(origin.lower()) is None:
            return None
        return [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", _EXPOSED), VARY]

    @staticmethod
    def preflight(headers: Headers) -> Headers:
        """What a browser is told that asks before it sends."""
        return [*headers, *_PREFLIGHT]


def _port_said(scheme: bytes, authority: bytes) -> bytes:
    """The authority with its port, even where that is the scheme's own."""
    if authority.rpartition(b":")[2].isdigit():
        return authority
    return authority + (b":443" if scheme == b"https" else b":80")
