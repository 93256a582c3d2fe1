"""Telegram as a source for step 1: sweeps are the truth, what the server tells by itself is a hint."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kingtui.clock import Clock
from kingtui.models import KingError, SourceState
from kingtui.services import Offer, ServiceUnavailable
from kingtui.services.telegram.connection import Connection, Tell
from kingtui.services.telegram.downloads import Downloads
from kingtui.services.telegram.edge import Chat, Edge, Happening, Heard, Post
from kingtui.services.telegram.progress import ChatProgress, Progress, key_of, prefixes
from kingtui.services.telegram.session import Account, SessionFile

log = logging.getLogger("kingtui.telegram")

MOST_OFFERS = 200
"""Pictures of one sweep; where there are more, another follows at once."""
AGAIN_SECONDS, LONGEST_AGAIN = 30.0, 3600.0
"""A picture that cannot be had is asked for less and less often, and never given up while its message is there."""
FIND_AGAIN = timedelta(minutes=10)
"""A chat that was not found is looked for so much later: Telegram counts such questions."""


@dataclass(frozen=True, slots=True)
class Senders:
    """Whose pictures count, where not everybody's do. ``complete``: all that are configured were found."""

    ids: frozenset[int]
    complete: bool


class Telegram:
    """Pictures of the configured chats. ``run`` keeps the connection, ``offers`` sweeps, ``fetch`` downloads."""

    name = "telegram"

    def __init__(
        self, account: Account, make: Callable[[], Edge], clock: Clock, tell: Tell, *, first_hours: float = 24,
        chance: random.Random | None = None,
    ) -> None:  # fmt: skip
        """``make``: a new edge for each connection; ``tell``: gets what a person should read."""
        self.label = account.label
        self._account = account
        self._clock = clock
        self._first = timedelta(hours=first_hours)
        self._hinted = asyncio.Event()
        self.connection = Connection(
            self.label, SessionFile(account), make, self._heard, clock, chance or random.Random(), tell  # noqa: S311
        )  # fmt: skip
        self.connection.came = self._hinted.set
        self._downloads = Downloads(account.session.parent / "parts")
        self._progress = Progress()
        self._found: dict[str | int, Chat] = {}
        self._watched: Sequence[Chat] = ()
        self._missing: dict[str | int, tuple[float, str]] = {}
        self._posts: dict[str, tuple[Chat, Post]] = {}
        self._look: dict[int, set[int]] = {}
        self._unstored: tuple[bool, dict[int, set[int]]] = (False, {})
        """What the last sweep looked at again, until what it found is stored: as after an outage, and edited ones."""
        self._withdrawn: set[str] = set()
        self._failures: dict[str, int] = {}
        self._not_before: dict[tuple[int, int], float] = {}

    @property
    def state(self) -> SourceState:
        """How it is."""
        return self.connection.state

    async def run(self) -> None:
        """Keep the connection until cancelled."""
        await asyncio.to_thread(self._downloads.sweep, self._clock.now())
        await self.connection.run()

    async def hints(self) -> AsyncIterator[None]:
        while True:
            await self._until_hinted()
            self._hinted.clear()
            yield

    async def _until_hinted(self) -> None:
        """The end of a wait that Telegram asked for is a hint too."""
        while not self._hinted.is_set():
            until, now = self.connection.waits_until, self._clock.now()
            if until is not None and until <= now:
                await self.connection.end_wait()
                return
            hinted = asyncio.create_task(self._hinted.wait())
            pause = asyncio.create_task(self._clock.sleep(5 if until is None else (until - now).total_seconds()))
            try:
                await asyncio.wait({hinted, pause}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                hinted.cancel()
                pause.cancel()

    def _heard(self, heard: Heard) -> None:
        """News of a message; of a deletion in a chat that is no channel Telegram does not tell in which."""
        chats = [
            chat.id for chat in self._watched if (not chat.channel if heard.chat is None else chat.id == heard.chat)
        ]
        if not chats:
            return
        if heard.what is Happening.DELETED:
            self._withdrawn.update(prefixes(chats, heard.ids))
        elif heard.what is Happening.EDITED:
            self._look.setdefault(chats[0], set()).update(heard.ids)
        self.connection.event()
        self._hinted.set()

    async def offers(self, cursor: Any) -> Sequence[Offer]:
        edge = await self.connection.ready()
        self._progress = Progress.load(cursor)
        self._posts.clear()
        self._look_once_more()
        anew, self.connection.fresh = self.connection.fresh, False
        self._unstored = (anew, {})
        if anew:
            self._found.clear()  # an id found with one session means nothing to another
        try:
            senders = await self._senders(edge)
            self._watched = await self._known(edge, self._account.chats)
            offers = [offer for chat in self._watched for offer in await self._sweep(edge, chat, senders, anew)]
        except ServiceUnavailable as error:
            await self.connection.failed(error)
            raise
        self.connection.swept()
        self._complain()
        if not self._watched:
            raise ServiceUnavailable(self.state.detail)
        return offers

    def _look_once_more(self) -> None:
        """What the last sweep looked at again came to nothing, if it broke or what it found was not stored."""
        anew, looked = self._unstored
        self.connection.fresh = self.connection.fresh or anew
        for chat, ids in looked.items():
            self._look.setdefault(chat, set()).update(ids)

    async def _senders(self, edge: Edge) -> Senders:
        """Whose pictures count; an id needs no looking for."""
        wanted = self._account.senders
        names = [name for name in wanted if isinstance(name, str)]
        known = {chat.id for chat in await self._known(edge, names)}
        everybody = all(name in self._found for name in names)
        return Senders(frozenset(known.union(name for name in wanted if isinstance(name, int))), everybody)

    def _complain(self) -> None:
        """Tell of the chats and senders that could not be found."""
        lost = "; ".join(sorted(text for _, text in self._missing.values()))
        settings = ((self._account.chats, "TELEGRAM_CHATS"), (self._account.senders, "KINGTUI_TELEGRAM_SENDERS"))
        named = [setting for names, setting in settings if any(name in self._missing for name in names)]
        self.connection.complain(lost, f"Correct {' and '.join(named)}, or join there in Telegram" if named else "")

    async def _known(self, edge: Edge, names: Iterable[str | int]) -> list[Chat]:
        """Those of the chats that can be found; the others are told of, and looked for again later."""
        now = self._clock.monotonic()
        for name in names:
            if name in self._found or (name in self._missing and now < self._missing[name][0]):
                continue
            try:
                self._found[name] = await edge.chat(name)
                self._missing.pop(name, None)
            except ServiceUnavailable:
                raise
            except KingError as error:
                self._lost(name, error)
        return [self._found[name] for name in names if name in self._found]

    def _lost(self, name: str | int, error: KingError) -> None:
        text = f"{name} cannot be looked at: {error}"
        if name not in self._missing:
            log.warning("%s", text)
        self._missing[name] = (self._clock.monotonic() + FIND_AGAIN.total_seconds(), text)
        self._found.pop(name, None)

    async def _sweep(self, edge: Edge, chat: Chat, senders: Senders, anew: bool) -> list[Offer]:
        progress = self._progress.of(chat.id)
        since = progress.since = progress.since or self._clock.now() - self._first
        first, found = not progress.after, dict[str, Offer]()

        def wanted(post: Post) -> bool:
            return (not self._account.senders or post.sender in senders.ids) and post.media is not None

        def undecided(post: Post) -> bool:
            """It may be of a sender that cannot be found now: the cursor passes it, but it stays open."""
            return not senders.complete and post.media is not None

        try:
            await self._look_again(edge, chat, progress, anew, wanted, undecided, found)
            async with aclosing(edge.posts(chat, after=progress.after, since=since)) as posts:
                async for post in posts:
                    of_now = not first or post.at >= since
                    opened = of_now and (wanted(post) or undecided(post))
                    progress.saw(post.id, post.media.id if post.media is not None and opened else None)
                    if of_now and wanted(post):
                        self._offer(chat, post, post.at, found)
                    if len(found) >= MOST_OFFERS:
                        self._hinted.set()
                        break
        except ServiceUnavailable:
            raise
        except KingError as error:
            for name in [name for name, known in self._found.items() if known == chat]:
                self._lost(name, error)
        return list(found.values())

    async def _look_again(
        self, edge: Edge, chat: Chat, progress: ChatProgress, anew: bool, wanted: Callable[[Post], bool],
        undecided: Callable[[Post], bool], found: dict[str, Offer],
    ) -> None:  # fmt: skip
        """At messages that failed before, that were edited, and after an outage at the last ones."""
        now = self._clock.monotonic()
        edited = {number for number in self._look.pop(chat.id, ()) if number <= progress.after}  # the sweep sees others
        failed = {number for number in progress.open if self._not_before.get((chat.id, number), now) <= now}
        self._unstored[1][chat.id] = edited
        ids = sorted({*failed, *edited, *(progress.recent if anew else ())})
        if later := set(ids[MOST_OFFERS:]) - failed:
            self._look[chat.id] = later
            self._hinted.set()
        del ids[MOST_OFFERS:]
        try:
            posts = await edge.posts_by_id(chat, ids) if ids else {}
        except KingError:
            self._look.setdefault(chat.id, set()).update(edited)
            raise
        for number in ids:
            post, before = posts.get(number), progress.recent.get(number)
            if post is None or post.media is None:
                if number in progress.open:
                    log.warning("message %d of chat %d is gone, and its picture was not fetched yet", number, chat.id)
                self._withdrawn.update(prefixes([chat.id], [number]))
                progress.gone(number)
                continue
            if number in failed and not wanted(post):
                if undecided(post):
                    self._not_before[chat.id, number] = now + FIND_AGAIN.total_seconds()
                else:
                    progress.gone(number)
                continue
            other = before is not None and before != post.media.id and wanted(post)
            late = before is None and wanted(post) and progress.since is not None and post.at >= progress.since
            if number in failed or other or late:
                progress.saw(number, post.media.id)
                self._offer(chat, post, (post.edited_at or post.at) if other else post.at, found)

    def _offer(self, chat: Chat, post: Post, at: Any, found: dict[str, Offer]) -> None:
        if post.media is None:
            return
        key = key_of(chat.id, post.id, post.media.id)
        self._posts[key] = (chat, post)
        name = f"telegram_{abs(chat.id)}_{post.id}_{post.media.id & 0xFFFFFFFFFFFFFFFF:x}{post.media.suffix}"
        found[key] = Offer(key, name, message_at=at, caption=post.text or None)

    async def fetch(self, offer: Offer) -> bytes:
        if offer.key not in self._posts:
            raise KingError(f"{offer.name} is looked for again in the next sweep")
        edge = await self.connection.ready()
        chat, post = self._posts[offer.key]
        try:
            data = await self._downloads.fetch(edge, offer, chat, post)
        except ServiceUnavailable as error:
            await self.connection.failed(error)
            raise
        except KingError:
            tries = self._failures[offer.key] = self._failures.get(offer.key, 0) + 1
            wait = min(AGAIN_SECONDS * 2.0 ** min(tries - 1, 10), LONGEST_AGAIN)
            self._not_before[chat.id, post.id] = self._clock.monotonic() + wait
            raise
        self._failures.pop(offer.key, None)
        return data

    def remember(self, stored: Sequence[str]) -> Any:
        """What to keep once the pictures of these keys are stored as well."""
        for key in stored:
            chat, message, _ = key.split(":")
            self._progress.of(int(chat)).stored(int(message))
        return self._progress.dump()

    def unstored(self, key: str) -> None:
        """The picture of this key could not be stored: its message stays open."""
        chat, message, _ = key.split(":")
        self._progress.of(int(chat)).open.add(int(message))

    def withdrawn(self) -> Sequence[str]:
        """How the keys begin of pictures whose messages were deleted, until ``marked``."""
        return sorted(self._withdrawn)

    def marked(self, withdrawn: Sequence[str]) -> None:
        """How far it was looked through is stored, and these are kept as deleted."""
        self._withdrawn.difference_update(withdrawn)
        self._unstored = (False, {})

    @property
    def who(self) -> str:
        """Who is signed in, while it is connected."""
        return self.connection.who

    def nudge(self) -> None:
        """Somebody has signed in: connect."""
        self.connection.nudge()

    async def log_out(self) -> None:
        """End the session at the server; raises ServiceUnavailable where it is not connected."""
        edge = await self.connection.ready()
        await edge.log_out()
        self.connection.nudge()
