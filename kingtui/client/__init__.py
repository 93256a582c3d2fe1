"""Asks a running kingtui over its HTTP API: ``Client``, ``AsyncClient``, and the live events of the latter.

    from kingtui.client import Client

    with Client("http://127.0.0.1:5555") as king:
        print(king.data("ETH")["WinRate_24h"])

``Client.of_home(path)`` finds the kingtui that owns a home of this user's and shows it that home's own secret; for any
other give ``token``. Whatever goes wrong is a KingError whose text is a sentence.
"""

from kingtui.client.asynchronous import AsyncClient
from kingtui.client.errors import Refused, Unreachable
from kingtui.client.live import LiveEvent, LiveEvents
from kingtui.client.synchronous import Client
from kingtui.models import KingError, NotFound, WrongUse

__all__ = [
    "AsyncClient",
    "Client",
    "KingError",
    "LiveEvent",
    "LiveEvents",
    "NotFound",
    "Refused",
    "Unreachable",
    "WrongUse",
]
