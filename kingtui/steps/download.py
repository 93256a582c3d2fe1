"""Step 1: pulls pictures from every configured source into downloads."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from kingtui.events import PictureArrived
from kingtui.home import write_bytes
from kingtui.models import Backlog, KingError, StepInfo
from kingtui.services import LiveSource, Offer, ServiceUnavailable, Source
from kingtui.steps.base import Outcome, RunContext, Toolbox, info
from kingtui.steps.filing import Filing, unbroken
from kingtui.steps.items import raise_if_of_the_machine, sentence
from kingtui.store import cursors, images
from kingtui.store.database import StoreFailed
from kingtui.store.images import Arrival


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer and the source that makes it."""

    source: Source
    offer: Offer


class Download:
    """Each offer is stored with its receipt before the source's cursor passes it."""

    number = 1

    def __init__(self, tools: Toolbox, filing: Filing, sources: Sequence[Source]) -> None:
        self.tools = tools
        self.sources = sources
        self._filing = filing
        self._waiting: list[Offered] = []
        self._left = 0
        """Offers that the last run had no room for."""

    @property
    def info(self) -> StepInfo:
        return info(self.number)

    async def backlog(self) -> Backlog:
        return Backlog(due=len(self._waiting) or self._left)

    async def run(self, run: RunContext) -> None:
        self._left = 0
        free = await asyncio.to_thread(self.tools.home.free_disk)
        least = self.tools.settings.min_free_disk
        if free < least:
            raise KingError(f"{free / 1e9:.1f} GB of disk are free, less than {least / 1e9:.1f} GB: nothing is fetched")
        found: list[Offered] = []
        broken: list[Exception] = []
        for source in self.sources:
            try:
                found += await self._new(source, run)
            except StoreFailed:
                raise
            except Exception as error:  # raised again when the others were served: a source holds back only itself
                run.log(f"{source.label} broke: {sentence(error, self.tools.settings.item_timeout)}")
                broken.append(error)
        self._waiting = found
        try:
            await run.each(self._next, lambda offered: self._attempt(offered, run), key=_key)
            self._left = len(self._waiting)
        finally:
            self._waiting = []
        if broken:
            raise broken[0]

    async def _new(self, source: Source, run: RunContext) -> list[Offered]:
        async with self.tools.database.read() as connection:
            cursor = await cursors.cursor(connection, source.name)
        try:
            offers = await source.offers(cursor)
        except ServiceUnavailable as error:
            run.errors.append(str(error))
            run.log(f"{source.label}: {error}")
            return []
        async with self.tools.database.read() as connection:
            known = await images.received(connection, source.name, [offer.key for offer in offers])
        if isinstance(source, LiveSource):
            await self._keep_up(source, cursor, known)
        return [Offered(source, offer) for offer in offers if offer.key not in known]

    async def _keep_up(self, source: LiveSource, cursor: Any, known: Collection[str]) -> None:
        """Store how far it was looked through, and which deliveries were taken back; their pictures stay."""
        reached, withdrawn = source.remember(sorted(known)), source.withdrawn()
        if reached != cursor or withdrawn:
            now = self.tools.clock.now()
            async with self.tools.database.write() as tx:
                await cursors.advance(tx, source.name, reached, now)
                for prefix in withdrawn:
                    await images.withdraw(tx, source.name, prefix, now)
        source.marked(withdrawn)

    async def _next(self, limit: int, seen: Collection[Hashable]) -> list[Offered]:
        return [offered for offered in self._waiting if _key(offered) not in seen][:limit]

    async def _attempt(self, offered: Offered, run: RunContext) -> Outcome:
        offer = offered.offer
        try:
            async with asyncio.timeout(self.tools.settings.item_timeout):
                data = await offered.source.fetch(offer)
                name = await unbroken(self._store(offered, data))
        except ServiceUnavailable as error:
            run.errors.append(str(error))
            run.log(f"{offer.name} from {offered.source.label} waits: {error}")
            return Outcome.WAITS
        except Exception as error:
            if isinstance(offered.source, LiveSource):
                offered.source.unstored(offer.key)
            raise_if_of_the_machine(error, offer.name)
            text = sentence(error, self.tools.settings.item_timeout)
            run.errors.append(f"{offer.name}: {text}")
            run.log(f"{offer.name} from {offered.source.label} failed, and is offered again next time: {text}")
            return Outcome.FAILED
        finally:
            self._waiting.remove(offered)
        run.log(f"{name} ({len(data):,} bytes) from {offered.source.label}")
        return Outcome.DONE

    async def _store(self, offered: Offered, data: bytes) -> str:
        source, offer = offered.source, offered.offer
        digest = hashlib.sha256(data).hexdigest()
        unfinished = f"downloads/.{hashlib.sha256(_key(offered).encode()).hexdigest()[:24]}.part"
        path = self.tools.home.root / unfinished
        await asyncio.to_thread(write_bytes, path, data)
        status = await asyncio.to_thread(path.stat)
        now = self.tools.clock.now()
        async with self.tools.database.write() as tx:
            move = await self._filing.plan(tx, unfinished, "downloads", offer.name, digest, now, exact=True)
            arrival = Arrival(
                move.dst, PurePosixPath(move.dst).name, digest, status.st_size, status.st_mtime_ns, source.name,
                offer.key, offer.message_at, offer.caption,
            )  # fmt: skip
            image_id = await images.register(tx, arrival, now)
            reached = source.remember([offer.key]) if isinstance(source, LiveSource) else offer.cursor
            if reached is not None:
                await cursors.advance(tx, source.name, reached, now)
        await self._filing.follow(move)
        self.tools.bus.post(PictureArrived(image_id, arrival.name))
        return arrival.name


def _key(offered: Offered) -> str:
    return f"{offered.source.name}:{offered.offer.key}"
