"""From Telethon's messages to posts: which of them carry a picture, and which of its sizes is taken."""

from __future__ import annotations

from typing import Any

from telethon.tl import types

from kingtui.charts import SUFFIXES
from kingtui.services.telegram.edge import Chat, Media, Post

_SUFFIXES = {"image/jpeg": ".jpg", "image/jpg": ".jpg", "image/png": ".png", "image/webp": ".webp"}


def post_of(chat: Chat, message: Any) -> Post:
    """A message as the edge tells of it."""
    return Post(
        chat.id, message.id, message.date, message.edit_date, message.sender_id, message.message or "",
        _media(message), message,
    )  # fmt: skip


def _media(message: Any) -> Media | None:
    """The picture that a message itself carries: a photo, or a file that is an image; a link's preview is none."""
    media = message.media
    if isinstance(media, types.MessageMediaPhoto) and isinstance(media.photo, types.Photo):
        sizes = [size for size in media.photo.sizes if getattr(size, "type", "") == largest(media.photo)]
        return Media(media.photo.id, ".jpg", _bytes(sizes[0]) if sizes else None)
    if isinstance(media, types.MessageMediaDocument) and isinstance(media.document, types.Document):
        document = media.document
        if (document.mime_type or "").startswith("image/"):
            return Media(document.id, _suffix(document), document.size, document=True)
    return None


def largest(photo: Any) -> str:
    """The type of a photo's largest size; small previews that come within the message, and videos, do not count."""
    sizes = [size for size in photo.sizes if isinstance(size, types.PhotoSize | types.PhotoSizeProgressive)]
    sizes = sizes or [size for size in photo.sizes if isinstance(size, types.PhotoCachedSize)]
    return str(max(sizes, key=lambda size: size.w * size.h).type) if sizes else ""


def _bytes(size: Any) -> int | None:
    match size:
        case types.PhotoSize():
            return int(size.size)
        case types.PhotoSizeProgressive():
            return max(map(int, size.sizes))
        case types.PhotoCachedSize():
            return len(size.bytes)
        case _:
            return None


def _suffix(document: Any) -> str:
    """As its type says, else its name; what is neither gets one that steps look into, for they judge by content."""
    named = next((str(a.file_name) for a in document.attributes if hasattr(a, "file_name")), "")
    ending = f".{named.rpartition('.')[2].lower()}"
    return _SUFFIXES.get(document.mime_type, ending if ending in SUFFIXES else ".jpg")
