"""The sources that the settings tell of, and what hangs on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kingtui.clock import Clock
from kingtui.home import Home
from kingtui.services import Source
from kingtui.services.inbox import Inbox
from kingtui.services.telegram.connection import Tell
from kingtui.services.telegram.edge import Edge, WronglySetUp
from kingtui.services.telegram.session import account_of, wanted
from kingtui.services.telegram.sign_in import SigningIn
from kingtui.services.telegram.source import Telegram
from kingtui.settings import Settings

if TYPE_CHECKING:
    from kingtui.services.painted import Paint


@dataclass(frozen=True, slots=True)
class Configured:
    """What there is. ``problems``: by source, why one that is wanted is not there."""

    sources: Sequence[Source] = ()
    sign_in: SigningIn | None = None
    problems: Mapping[str, str] = field(default_factory=dict)


def configured(settings: Settings, home: Home, clock: Clock, paint: Paint, tell: Tell) -> Configured:
    """The painter in a demo; else the inbox and Telegram, as far as they are set up."""
    if settings.demo:
        from kingtui.services.painted import Painted  # loads the painter

        return Configured([Painted(settings.demo_interval, settings.demo_pictures, clock, paint)])
    sources: list[Source] = [Inbox(settings.inbox)] if settings.inbox is not None else []
    if not wanted(settings):
        return Configured(sources)
    try:
        account = account_of(settings, home)
    except WronglySetUp as error:
        return Configured(sources, problems={"telegram": f"Telegram is not set up: {error}"})

    def make() -> Edge:
        from kingtui.services.telegram.client import TelethonEdge  # loads Telethon, which takes a second

        return TelethonEdge(account)

    source = Telegram(account, make, clock, tell, first_hours=settings.telegram_first_hours)
    return Configured([*sources, source], SigningIn(account, make, clock, source))
