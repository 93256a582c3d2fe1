"""What is answered: JSON as bytes, strong ETags and the 304s that they allow, and the form that an Accept asks for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import Response

JSON = "application/json"
Headers = Iterable[tuple[bytes, bytes]]


def encoded(data: Any) -> bytes:
    """JSON as the API writes it. A half of a surrogate pair, as an odd file name may have, is escaped."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def etag_of(body: bytes) -> str:
    """A strong ETag: it changes with any byte."""
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer to a GET. ``etag`` None: it is told anew each time."""

    body: bytes
    etag: str | None = None
    media: str = JSON
    varies: bool = False
    """Whether the same address answers otherwise to another Accept."""

    @classmethod
    def of(cls, data: Any) -> Answer:
        """JSON that is worth asking for conditionally."""
        return cls.of_bytes(encoded(data))

    @classmethod
    def of_bytes(cls, body: bytes, media: str = JSON, *, varies: bool = False) -> Answer:
        """A body that is worth asking for conditionally."""
        return cls(body, etag_of(body), media, varies)

    def head(self, asked: Headers) -> tuple[int, list[tuple[bytes, bytes]]]:
        """The status for a request with the headers ``asked``, 200 or 304, and the headers of the answer."""
        headers = [(b"cache-control", b"no-store" if self.etag is None else b"no-cache")]
        if self.etag is not None:
            headers.append((b"etag", self.etag.encode()))
        if self.varies:
            headers.append((b"vary", b"Accept"))
        if self.etag is not None and matches(self.etag, asked):
            return 304, headers
        headers += [(b"content-type", self.media.encode()), (b"content-length", b"%d" % len(self.body))]
        return 200, headers

    def to(self, request: Request) -> Response:
        """The answer to this request."""
        status, headers = self.head(request.scope["headers"])
        response = Response(self.body if status == 200 else b"", status)
        response.raw_headers = headers
        return response


def matches(etag: str, asked: Headers) -> bool:
    """Whether an ``If-None-Match`` among the headers names this ETag."""
    for name, value in asked:
        if name == b"if-none-match":
            known = [part.strip().removeprefix("W/") for part in value.decode("latin-1").split(",")]
            return etag in known or known == ["*"]
    return False


def json_response(data: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that is told anew each time."""
    return Response(encoded(data), status, {"Cache-Control": "no-store"} | dict(headers or {}), JSON)


def preferred(request: Request, offered: Sequence[str]) -> str:
    """The media type of ``offered`` that the Accept header asks for most; the first where it asks for none of them."""
    accept = ",".join(request.headers.getlist("accept"))
    best, chosen = 0.0, offered[0]
    wanted = [_quality(part) for part in accept.split(",") if part.strip()]
    for media in offered:
        kind = media.split("/")[0]
        told = [(len(name), quality) for name, quality in wanted if name in (media, f"{kind}/*")]
        quality = max(told, default=(0, max((q for name, q in wanted if name == "*/*"), default=0.0)))[1]
        if quality > best:
            best, chosen = quality, media
    return chosen


def _quality(part: str) -> tuple[str, float]:
    """A media type of an Accept header and how much it is wanted, 0 to 1."""
    name, *parameters = part.split(";")
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "q":
            try:
                return name.strip().lower(), min(max(float(value), 0.0), 1.0)
            except ValueError:
                return name.strip().lower(), 0.0
    return name.strip().lower(), 1.0
