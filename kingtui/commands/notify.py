"""``kingtui notify test``: a notice to every address now."""

from __future__ import annotations

import asyncio

from kingtui.commands.output import say
from kingtui.models import KingError, WrongUse
from kingtui.notices.loop import address_list, title
from kingtui.services.notify import Address
from kingtui.settings import Settings

TEXT = "This is a test: notices come this way when kingtui needs attention, and when it is well again."


def try_addresses(settings: Settings) -> bool:
    """Send a notice to each address and say what came of it. Whether all of them took it. Raises WrongUse."""
    addresses = address_list(settings)
    if not addresses:
        raise WrongUse("KINGTUI_NOTIFY_URLS is not set: it names where notices go, such as tgram://… or mailto://…")
    return all(asyncio.run(_try(settings, addresses)))


async def _try(settings: Settings, addresses: list[Address]) -> list[bool]:
    return list(await asyncio.gather(*(_one(settings, address) for address in addresses)))


async def _one(settings: Settings, address: Address) -> bool:
    try:
        await address.send(title(settings, "test"), TEXT)
    except KingError as error:
        say(f"✗ {error}")
        return False
    finally:
        address.close()
    say(f"✓ {address.label} took it")
    return True
