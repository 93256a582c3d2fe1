"""Headers that every answer carries, so that a browser does nothing with it that was not meant."""

from __future__ import annotations

from kingtui.guard.answers import Headers, Message

_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""For pages: everything comes from here, no script or style stands in the page, no other page shows it in a frame."""
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""For data, which is no page."""
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_UNUSED = ", ".join(
    f"{name}=()"
    for name in ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "serial", "usb")
)

_ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
_DATA: Headers = [*_ALWAYS, (b"content-security-policy", _NOTHING.encode())]
_PAGE: Headers = [
    *_ALWAYS,
    (b"content-security-policy", _POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", _UNUSED.encode()),
    (b"x-frame-options", b"DENY"),
]
_OURS = frozenset(name for name, _ in (*_PAGE, _HSTS))


class SafeHeaders:
    """Adds them. ``tls``: the API itself speaks https, and browsers shall not try http again."""

    def __init__(self, *, tls: bool) -> None:
        more = [_HSTS] if tls else []
        self.data: Headers = [*_DATA, *more]
        self.page: Headers = [*_PAGE, *more]

    def add(self, start: Message, more: Headers) -> None:
        """Add them, and ``more``, to the start of an answer; what the answer says itself stays.

        A 304 names no type, and what it says replaces what the browser kept: it says nothing of policies.
        """
        headers = start.get("headers") or []
        chosen, said = _ALWAYS if start["status"] == 304 else self.data, set()
        for name, value in headers:
            if name == b"content-type" and value.startswith(b"text/html"):
                chosen = self.page
            elif name in _OURS:
                said.add(name)
        if said:
            chosen = [header for header in chosen if header[0] not in said]
        start["headers"] = [*headers, *chosen, *more]
