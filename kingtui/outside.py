"""The outside services that the settings ask for. What is not set up is not even imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kingtui.clock import Clock
from kingtui.settings import Settings
from kingtui.store.database import Database

if TYPE_CHECKING:
    from kingtui.services.openai.assistant import Assistant, Tell
    from kingtui.services.prices.feed import LivePrices


def assistant_for(settings: Settings, database: Database, clock: Clock, tell: Tell) -> Assistant | None:
    """Words from a language model; None without a key or an address, and in a demo."""
    if not settings.asks_openai:
        return None
    from kingtui.services.openai.assistant import assistant_of
    from kingtui.steps.ledger import StoreLedger

    return assistant_of(settings, StoreLedger(database), clock, tell)


def prices_for(settings: Settings, clock: Clock) -> LivePrices | None:
    """Live prices; None where they are off, and in a demo."""
    if settings.prices == "off" or settings.demo:
        return None
    from kingtui.services.prices.feed import LivePrices
    from kingtui.services.prices.venues import venues_of

    return LivePrices(venues_of(settings), clock)
