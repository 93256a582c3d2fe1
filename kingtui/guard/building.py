"""Builds the guard from the settings, and says when the API may not be reachable as they want."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kingtui.clock import Clock
from kingtui.guard.answers import CountingApp
from kingtui.guard.book import TokenBook
from kingtui.guard.desk import TokenDesk
from kingtui.guard.doorkeeper import Doorkeeper
from kingtui.guard.exposure import asks_tokens
from kingtui.guard.guard import Guard, Limits
from kingtui.guard.headers import SafeHeaders
from kingtui.guard.hosts import Hosts
from kingtui.guard.keys import keyring
from kingtui.guard.origins import Origins
from kingtui.guard.rates import Rates, shared_storage
from kingtui.home import Home, make_secret
from kingtui.settings import Settings, hosts_of, origins_of
from kingtui.store.database import Database


def make_guard(
    app: CountingApp, settings: Settings, home: Home, database: Database, clock: Clock, bound: Sequence[str],
    changed: Callable[[], None] = lambda: None,
) -> Guard:  # fmt: skip
    """The guard around ``app``, which is served on the addresses ``bound``.

    ``changed`` is called when ``rates.problem`` changes. Raises WrongUse, KingError with a sentence.
    """
    keys = keyring(settings, home)
    book = TokenBook(database, keys, clock)
    tls = settings.certfile is not None
    return Guard(
        app,
        hosts=Hosts(bound, settings.host, hosts_of(settings.allowed_hosts)),
        origins=Origins(origins_of(settings.cors_origins), tls=tls, either=settings.proxy_hops > 0),
        doorkeeper=Doorkeeper(make_secret(home), keys, book, clock, asks_tokens=asks_tokens(settings, bound)),
        rates=Rates(settings.rate_limit, shared_storage(settings), changed),
        limits=Limits(settings.max_body, settings.max_upload, settings.proxy_hops, settings.insecure),
        headers=SafeHeaders(tls=tls),
        desk=TokenDesk(book),
        refused=app.refused,
    )
