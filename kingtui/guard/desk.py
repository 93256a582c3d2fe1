"""``/tokens``: how ``kingtui token`` speaks to a running kingtui, which alone may write to the home.

Only the home's own secret is taken here: a token must not make tokens that outlive it.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from kingtui.guard.answers import Message, Receive, Refused, Send, answer
from kingtui.guard.book import TokenBook
from kingtui.guard.callers import TOKENS
from kingtui.models import KingError, NotFound, Scope, Token, WrongUse, iso


class TokenDesk:
    """``GET /tokens``, ``POST /tokens`` with ``{"name", "scopes", "seconds"}``, ``DELETE /tokens/{id}``."""

    def __init__(self, book: TokenBook) -> None:
        self._book = book

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path is ours."""
        return path == TOKENS or path.startswith(f"{TOKENS}/")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if not scope["state"]["caller"].own:
            raise Refused(403, "tokens are made with kingtui token, by the user who runs kingtui")
        method, token_id = scope["method"], scope["path"][len(TOKENS) + 1 :]
        try:
            if method == "GET" and not token_id:
                await answer(send, 200, {"tokens": [token_json(token) for token in await self._book.every()]}, [])
            elif method == "POST" and not token_id:
                token, text = await self._create(await _json(receive))
                await answer(send, 201, {**token_json(token), "token": text}, [(b"cache-control", b"no-store")])
            elif method == "DELETE" and token_id:
                await answer(send, 200, token_json(await self._book.revoke(token_id)), [])
            else:
                raise Refused(405, "Method not allowed", [(b"allow", b"DELETE" if token_id else b"GET, POST")])
        except KingError as error:
            status = 404 if isinstance(error, NotFound) else 400 if isinstance(error, WrongUse) else 503
            raise Refused(status, str(error)) from error

    async def _create(self, asked: Any) -> tuple[Token, str]:
        try:
            name, seconds = str(asked["name"]), float(asked["seconds"])
            scopes = [Scope(word) for word in asked["scopes"]]
            lifetime = timedelta(seconds=seconds)
        except (KeyError, TypeError, ValueError, OverflowError):
            raise WrongUse("a token is made of name, scopes and seconds") from None
        return await self._book.create(name, scopes, lifetime)


def token_json(token: Token) -> dict[str, Any]:
    """A token as ``kingtui token list --json`` shows it."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "created": iso(token.created_at),
        "expires": iso(token.expires_at),
        "revoked": iso(token.revoked_at),
        "last_used": token.last_used.isoformat() if token.last_used else None,
    }


async def _json(receive: Receive) -> Any:
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Refused(400, "the request broke off")
        body += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise WrongUse("the request is no JSON") from None
