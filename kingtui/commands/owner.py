"""Asks the process that owns the home, over its API: with the client that every program can use, as this user."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kingtui.client import AsyncClient
from kingtui.client.doors import HomeDoor
from kingtui.client.remote import RemoteControl
from kingtui.home import Home, Owner
from kingtui.models import KingError

TIMEOUT_SECONDS = 30.0


@asynccontextmanager
async def owner_api(home: Home, owner: Owner) -> AsyncIterator[AsyncClient]:
    """A connection to the owner's API. Raises KingError where the owner has none."""
    async with AsyncClient(door=_door(home, owner), timeout=TIMEOUT_SECONDS) as api:
        yield api


@asynccontextmanager
async def owner_control(home: Home, owner: Owner, *, seconds: float = TIMEOUT_SECONDS) -> AsyncIterator[RemoteControl]:
    """The owner's Control, whose answers may take so many seconds. Raises KingError where it has no API."""
    remote = RemoteControl(_door(home, owner), timeout=seconds)
    try:
        yield remote
    finally:
        await remote.stop()


def _door(home: Home, owner: Owner) -> HomeDoor:
    if owner.address is None:
        raise KingError(f"the home is owned by {owner}: it cannot be asked, so wait for its end or stop it")
    return HomeDoor(home)
