"""Telling a person elsewhere, through apprise: an address such as ``tgram://…`` or ``mailto://…`` says how."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Literal

from kingtui.models import KingError
from kingtui.redaction import hide
from kingtui.services import ServiceUnavailable
from kingtui.services.thread import ServiceThread

Kind = Literal["info", "success", "warning"]
SEND_SECONDS = 60.0
_BETWEEN = re.compile(r"[\s,]+(?=[A-Za-z0-9]+://)")


def addresses_of(text: str) -> list[str]:
    """The addresses in a text, which stand with commas or spaces between them."""
    return [part for part in _BETWEEN.split(text.strip().rstrip(",")) if part]


class UnknownAddress(KingError):
    """An address that apprise does not know, or that lacks a part."""


class Address:
    """One address, which is a secret: of it only its place in the list and its scheme are ever shown."""

    def __init__(self, url: str, number: int) -> None:
        self._url = url
        self.id = hashlib.sha256(url.encode()).hexdigest()
        self.label = f"address {number} ({url.split('://', 1)[0].lower()})"
        self._thread = ServiceThread(f"notify {number}")

    def close(self) -> None:
        """Let the thread end."""
        self._thread.close()

    async def send(self, title: str, text: str, kind: Kind = "info") -> None:
        """Raises ServiceUnavailable, or UnknownAddress."""
        try:
            await self._thread.call(lambda: self._send(title, text, kind), SEND_SECONDS)
        except TimeoutError:
            raise ServiceUnavailable(f"{self.label} does not answer within {SEND_SECONDS:.0f} s") from None

    async def check(self) -> None:
        """Whether apprise knows the address; nothing is sent. Raises UnknownAddress."""
        await self._thread.call(self._made, SEND_SECONDS)

    def _made(self) -> Any:
        """In the thread: apprise with this address."""
        import apprise

        asset = apprise.AppriseAsset(
            app_id="kingtui", app_desc="kingtui", app_url="", image_url_mask="", image_url_logo="", async_mode=False
        )
        told = apprise.Apprise(asset=asset)
        if not told.add(self._url):
            raise UnknownAddress(f"{self.label} of KINGTUI_NOTIFY_URLS is none that apprise knows, or lacks a part")
        return told

    def _send(self, title: str, text: str, kind: Kind) -> None:
        """In the thread. apprise says only in its log why it failed."""
        import apprise

        told = self._made()
        capture: Any = apprise.LogCapture
        with capture(level=apprise.logging.WARNING, fmt="%(message)s") as log:
            if told.notify(title=title, body=text, notify_type=kind, body_format=apprise.NotifyFormat.TEXT):
                return
            why = " ".join(hide(log.getvalue()).split())[:200]
        raise ServiceUnavailable(f"{self.label} did not take a notice" + (f": {why}" if why else ""))
