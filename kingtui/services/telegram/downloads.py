"""Downloads: whole or not at all, resumed where Telegram allows it, checked before they are handed on."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from contextlib import aclosing, suppress
from datetime import datetime
from pathlib import Path

from kingtui.charts import NotAPicture
from kingtui.models import KingError
from kingtui.services import Offer
from kingtui.services.telegram.edge import RESUME_BYTES, Chat, Edge, Media, Post, ReferenceExpired

log = logging.getLogger("kingtui.telegram")

MAX_BYTES = 50_000_000
"""No chart is so large."""
KEPT_SECONDS = 7 * 86_400.0


class Downloads:
    """Fetches the pictures of messages. What was had of a file whose download broke is kept in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def sweep(self, now: datetime) -> None:
        """Remove what was begun long ago: its message is gone."""
        for part in self._folder.glob("*.part"):
            with suppress(FileNotFoundError):
                if now.timestamp() - part.stat().st_mtime > KEPT_SECONDS:
                    part.unlink()

    async def fetch(self, edge: Edge, offer: Offer, chat: Chat, post: Post) -> bytes:
        """The picture of a message, all of it. Raises ServiceUnavailable, or KingError for this one alone."""
        for first in (True, False):
            try:
                data = await self._whole(edge, offer, post)
            except ReferenceExpired:
                if not first:
                    raise
                post = await _anew(edge, chat, post)
                continue
            if not first or await asyncio.to_thread(_decodes, data):
                return data
            log.warning("%s came whole but cannot be decoded: it is fetched once more", offer.name)
        return data  # as it is at Telegram: step 2 says what is wrong with it

    async def _whole(self, edge: Edge, offer: Offer, post: Post) -> bytes:
        media = post.media
        if media is None:
            raise KingError(f"message {post.id} has no picture any more")
        if media.size is not None and media.size > MAX_BYTES:
            raise KingError(f"{offer.name} has {media.size / 1e6:.0f} MB: at most {MAX_BYTES / 1e6:.0f} MB are taken")
        data = await self._resumed(edge, offer, post, media) if media.document else await edge.photo(post)
        if not data or (media.size is not None and len(data) != media.size):
            of = f" of {media.size:,}" if media.size is not None else ""
            raise KingError(f"{offer.name} came incomplete: {len(data):,}{of} bytes")
        return data

    async def _resumed(self, edge: Edge, offer: Offer, post: Post, media: Media) -> bytes:
        part = self._folder / f"{hashlib.sha256(offer.key.encode()).hexdigest()[:24]}.part"
        have = await asyncio.to_thread(_begun, part, media.size)
        if have:
            log.info("the download of %s goes on at %d bytes", offer.name, have)
        async with aclosing(edge.document(post, have)) as chunks:
            async for chunk in chunks:
                have += len(chunk)
                if have > (media.size or MAX_BYTES):
                    await asyncio.to_thread(part.unlink, missing_ok=True)
                    raise KingError(f"{offer.name} is larger than it was said to be")
                await asyncio.to_thread(_append, part, chunk)
                if have == media.size:
                    break
        return await asyncio.to_thread(_taken, part, media.size)


async def _anew(edge: Edge, chat: Chat, post: Post) -> Post:
    """The message with a fresh permission to download. Raises KingError where it has another picture by now."""
    found = (await edge.posts_by_id(chat, [post.id])).get(post.id)
    if found is None or found.media is None or post.media is None or found.media.id != post.media.id:
        raise KingError(f"message {post.id} was deleted or changed before its picture could be fetched")
    return found


def _begun(part: Path, size: int | None) -> int:
    """How much of a download is there, cut to where it can go on."""
    part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        have = part.stat().st_size
    except FileNotFoundError:
        return 0
    whole = have - have % RESUME_BYTES if size is None or have < size else 0
    os.truncate(part, whole)
    return whole


def _append(part: Path, chunk: bytes) -> None:
    with part.open("ab") as file:
        file.write(chunk)


def _taken(part: Path, size: int | None) -> bytes:
    """All of a download; what came incomplete stays for the next try."""
    data = part.read_bytes() if part.exists() else b""
    if size is None or len(data) == size:
        part.unlink(missing_ok=True)
    return data


def _decodes(data: bytes) -> bool:
    from kingtui.charts.locate import open_picture  # loads Pillow and NumPy

    try:
        open_picture(data)
    except NotAPicture:
        return False
    return True
