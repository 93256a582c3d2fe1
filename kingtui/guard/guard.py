"""The guard: pure ASGI around the API. Every request passes it once, in this order: Host, Origin, stopping, token,
rate, scope, size. It answers what may not pass, and every answer carries the headers of ``headers.py``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from kingtui.guard.answers import App, Headers, Message, Receive, Refused, Send, answer, refuse, refuse_socket
from kingtui.guard.bodies import Measured, check_length, too_large
from kingtui.guard.callers import ADD_PICTURE, ANYBODY, SAFE, UPLOAD, Caller, needed
from kingtui.guard.clients import client
from kingtui.guard.desk import TokenDesk
from kingtui.guard.doorkeeper import Doorkeeper, shown_token
from kingtui.guard.headers import SafeHeaders
from kingtui.guard.hosts import Hosts
from kingtui.guard.keys import BadToken, Verified
from kingtui.guard.origins import VARY, Origins
from kingtui.guard.rates import Rates
from kingtui.guard.sockets import Lasting
from kingtui.models import KingError

log = logging.getLogger("kingtui.guard")

_LOOKED_AT = frozenset(
    {
        b"host", b"origin", b"authorization", b"content-length", b"x-forwarded-for", b"forwarded", b"sec-fetch-site",
        b"access-control-request-method",
    }
)  # fmt: skip
_STARTS = frozenset({"http.response.start", "websocket.http.response.start"})
_CHALLENGE = (b"www-authenticate", b'Bearer realm="kingtui"')
_BAD = (b"www-authenticate", b'Bearer realm="kingtui", error="invalid_token"')
_UNCOUNTED = frozenset({"/health", "/readyz"})
_FOREIGN = "pages of this origin may not use the API (KINGTUI_CORS_ORIGINS lists those that may)"
_LATER = (b"retry-after", b"5")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may be."""

    body: int
    """Bytes that it may carry."""
    upload: int
    """Bytes that one with a picture may carry."""
    hops: int = 0
    """Proxies whose X-Forwarded-For counts."""
    insecure: bool = False
    """Whether everybody may do everything, from behind a proxy too."""

    def body_of(self, path: str) -> int:
        """Bytes that a request to ``path`` may carry."""
        return self.upload * 4 // 3 + 1024 if path == ADD_PICTURE else self.upload if path == UPLOAD else self.body


class Guard:
    """Lets through what may pass. ``state.caller`` of the scope says who asks; ``closing`` refuses all new work."""

    def __init__(
        self, app: App, *, hosts: Hosts, origins: Origins, doorkeeper: Doorkeeper, rates: Rates, limits: Limits,
        headers: SafeHeaders, desk: TokenDesk, refused: Callable[[int], None],
    ) -> None:  # fmt: skip
        """``refused`` is told the status of each request that is refused."""
        self.closing = False
        self.rates = rates
        self._app = app
        self._hosts = hosts
        self._origins = origins
        self._doorkeeper = doorkeeper
        self._limits = limits
        self._headers = headers
        self._desk = desk
        self._count = refused

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self._app(scope, receive, send)
            return
        told: Headers = []

        async def sending(message: Message) -> None:
            if message["type"] in _STARTS:
                self._headers.add(message, told)
            await send(message)

        try:
            found = _look(scope["headers"])
            if await self._admit(scope, found, told):
                await answer(sending, 204, None, [])
            elif kind == "websocket":
                await self._follow(scope, receive, sending)
            else:
                await self._pass(scope, found, receive, sending)
        except Refused as refused:
            self._count(refused.status)
            if kind == "websocket":
                await refuse_socket(scope, receive, sending, refused)
            else:
                await refuse(sending, refused)

    async def _admit(self, scope: Message, found: dict[bytes, bytes], told: Headers) -> bool:
        """Look who asks and whether that may be; fills ``told``. True for a browser that only asks what it may.

        Raises Refused.
        """
        self._check_host(scope, found)
        method = scope.get("method", "GET")
        changing = method not in SAFE or scope["type"] == "websocket"
        self._check_origin(found, told, changing=changing)
        if method == "OPTIONS" and b"access-control-request-method" in found and b"origin" in found:
            if len(told) == 1:
                raise Refused(403, _FOREIGN)
            told[:] = self._origins.preflight(told)
            return True
        if self.closing and changing:
            raise Refused(503, "kingtui is stopping and takes no new work", [_LATER])
        caller, token = await self._caller(scope, found, told)
        scope.setdefault("state", {}).update(caller=caller, token=token)
        return False

    def _check_host(self, scope: Message, found: dict[bytes, bytes]) -> None:
        host, here = found.get(b"host"), scope.get("server")
        if host is None:
            raise Refused(400, "the request has no Host header, or more than one")
        if not self._hosts.allows(host, here[0] if here else None):
            raise Refused(403, "the API does not go by this name (KINGTUI_ALLOWED_HOSTS lists other names)")

    def _check_origin(self, found: dict[bytes, bytes], told: Headers, *, changing: bool) -> None:
        origin = found.get(b"origin")
        if origin is not None:
            allowed = self._origins.headers(origin, found[b"host"])
            told += allowed or [VARY]
            if allowed is None and changing:
                raise Refused(403, _FOREIGN)
        elif changing and found.get(b"sec-fetch-site") == b"cross-site":
            raise Refused(403, "a page of another site may not change anything here")

    async def _caller(self, scope: Message, found: dict[bytes, bytes], told: Headers) -> tuple[Caller, Verified | None]:
        """Who asks, counted, and allowed to ask this. Raises Refused."""
        who = client(scope, found.get(b"x-forwarded-for"), self._limits.hops)
        path = scope["path"]
        try:
            caller, token = await self._doorkeeper.caller(shown_token(scope, found.get(b"authorization")))
        except BadToken as error:
            raise await self._failed(who, error) from None
        except KingError as error:
            log.error("a token could not be looked up: %s", error)
            raise Refused(503, "the tokens cannot be looked up just now", [_LATER]) from None
        if caller is ANYBODY and not self._limits.insecure and _came_through_a_proxy(found):
            raise Refused(401, "this came through a proxy, for somebody else: set KINGTUI_PROXY_HOPS", [_CHALLENGE])
        wanted = needed(scope.get("method", "GET"), path)
        if not caller.own and wanted is not None and path not in _UNCOUNTED:
            allowed, headers = await self.rates.request(f"token:{token.id}" if token else who)
            told += headers
            if not allowed:
                raise Refused(429, "too many requests: wait as long as Retry-After says")
        if wanted is not None and wanted not in caller.scopes:
            if not caller.scopes and token is None:
                raise Refused(401, "a token is asked for: Authorization: Bearer …", [_CHALLENGE])
            raise Refused(403, f"the token's scope does not allow this: it takes {wanted.value}")
        return caller, token

    async def _failed(self, who: str, error: BadToken) -> Refused:
        allowed, headers = await self.rates.failure(who)
        if not allowed:
            return Refused(429, "too many tokens that do not count: wait as long as Retry-After says", headers)
        log.warning("a request from %s was refused: %s", who, error)
        return Refused(401, str(error), [_BAD])

    async def _follow(self, scope: Message, receive: Receive, send: Send) -> None:
        token = scope["state"]["token"]
        if token is None:
            await self._app(scope, receive, send)
        else:
            lasting = Lasting(receive, send, partial(self._doorkeeper.counts, token))
            await self._app(scope, lasting.receive, lasting.send)

    async def _pass(self, scope: Message, found: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method in SAFE and b"content-length" not in found:
            if self._desk.serves(scope["path"]):
                await self._desk(scope, receive, send)
            else:
                await self._app(scope, receive, send)
            return
        limit = self._limits.body_of(scope["path"])
        check_length(found.get(b"content-length"), limit)
        measured = Measured(receive, send, limit)
        app: Any = self._desk if self._desk.serves(scope["path"]) else self._app
        try:
            await app(scope, measured.receive, measured.send)
        except Exception:
            if not measured.refused:
                raise
        if measured.refused:
            raise too_large(limit)


def _look(headers: Headers) -> dict[bytes, bytes]:
    """The headers that count here, looked at once. A second Host is none; lists are joined, else the first counts."""
    found: dict[bytes, bytes] = {}
    twice = False
    for name, value in headers:
        if name not in _LOOKED_AT:
            continue
        if name not in found:
            found[name] = value
        elif name == b"host":
            twice = True
        elif name == b"x-forwarded-for":
            found[name] += b"," + value
    if twice:
        del found[b"host"]
    return found


def _came_through_a_proxy(found: dict[bytes, bytes]) -> bool:
    return b"x-forwarded-for" in found or b"forwarded" in found
