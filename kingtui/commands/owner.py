"""Asks the process that owns the home, over its API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx

from kingtui.home import Home, Owner, own_secret, trust
from kingtui.models import KingError, NotFound, WrongUse

TIMEOUT_SECONDS = 30.0


class OwnerApi:
    """The owner's answers, in the shapes of the API's routes. Raises KingError, NotFound, WrongUse as the owner did."""

    def __init__(self, owner: Owner, client: httpx.AsyncClient) -> None:
        self.owner = owner
        self._client = client

    async def health(self) -> dict[str, Any]:
        """``GET /health``"""
        return await self._ask("GET", "/health")

    async def status(self) -> dict[str, Any]:
        """``GET /status``"""
        return await self._ask("GET", "/status")

    async def history(
        self, *, limit: int = 100, before: int | None = None, step: int | None = None, status: str | None = None
    ) -> dict[str, Any]:
        """``GET /history``"""
        query = {"limit": limit, "before": before, "step": step, "status": status}
        return await self._ask("GET", "/history", {name: value for name, value in query.items() if value is not None})

    async def data(self, symbol: str) -> dict[str, Any]:
        """``GET /data/{symbol}``"""
        return await self._ask("GET", f"/data/{quote(symbol, safe='')}")

    async def report(self, symbol: str) -> dict[str, Any]:
        """``GET /reports/{symbol}``"""
        return await self._ask("GET", f"/reports/{quote(symbol, safe='')}")

    async def trigger(self, step: int) -> dict[str, Any]:
        """``POST /trigger/{step}``"""
        return await self._ask("POST", f"/trigger/{step}")

    async def tokens(self) -> dict[str, Any]:
        """``GET /tokens``"""
        return await self._ask("GET", "/tokens")

    async def create_token(self, name: str, scopes: list[str], seconds: float) -> dict[str, Any]:
        """``POST /tokens``"""
        return await self._ask("POST", "/tokens", data={"name": name, "scopes": scopes, "seconds": seconds})

    async def revoke_token(self, token_id: str) -> dict[str, Any]:
        """``DELETE /tokens/{id}``"""
        return await self._ask("DELETE", f"/tokens/{quote(token_id, safe='')}")

    async def control(self, method: str, args: dict[str, Any], seconds: float = TIMEOUT_SECONDS) -> Any:
        """``POST /control/{method}``: a method of Control; its answer as JSON data."""
        return (await self._ask("POST", f"/control/{method}", data={"args": args}, seconds=seconds))["result"]

    async def _ask(
        self, method: str, path: str, query: dict[str, Any] | None = None, data: dict[str, Any] | None = None,
        seconds: float = TIMEOUT_SECONDS,
    ) -> dict[str, Any]:  # fmt: skip
        try:
            response = await self._client.request(method, path, params=query, json=data, timeout=seconds)
            answer = response.json()
        except httpx.TimeoutException:
            raise KingError(f"{self.owner} does not answer within {seconds:.0f} s") from None
        except httpx.HTTPError as error:
            raise KingError(f"{self.owner} does not answer: {error}") from error
        except ValueError:
            raise KingError(f"{self.owner} answers something that is no JSON") from None
        if response.is_success and isinstance(answer, dict):
            return answer
        text = answer.get("error") if isinstance(answer, dict) else None
        kinds = {400: WrongUse, 404: NotFound, 422: WrongUse}
        raise kinds.get(response.status_code, KingError)(str(text or f"{self.owner} answers {response.status_code}"))


@asynccontextmanager
async def owner_api(home: Home, owner: Owner) -> AsyncIterator[OwnerApi]:
    """A connection to the owner's API, past any proxy, as this user. Raises KingError where the owner has none."""
    if owner.address is None:
        raise KingError(f"the home is owned by {owner}: it cannot be asked, so wait for its end or stop it")
    secret = own_secret(home)
    client = httpx.AsyncClient(
        base_url=owner.address, timeout=TIMEOUT_SECONDS, trust_env=False, verify=trust(home, owner.address),
        headers={"Authorization": f"Bearer {secret}"} if secret else {},
    )  # fmt: skip
    async with client:
        yield OwnerApi(owner, client)
