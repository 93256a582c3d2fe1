"""How this user's own programs reach the API of a home: a secret, and the certificate to trust.

Both are files in the home that nobody else can read, so whoever can show the secret may do what the home's user may.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from kingtui.home.files import write_text
from kingtui.home.folders import Home
from kingtui.models import KingError

if TYPE_CHECKING:
    import ssl

log = logging.getLogger("kingtui.home")

SECRET_BYTES = 32
_MOST_BYTES = 4096
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_END = "-----END CERTIFICATE-----"


def own_secret(home: Home) -> str | None:
    """The secret that the home's owner takes as this user's; None where there is none yet. Raises KingError."""
    return _read(home.api_secret)


def make_secret(home: Home) -> str:
    """The home's secret, made where it is missing; a new one where others could have read it. Raises KingError."""
    found = _read(home.api_secret)
    if found and (mode := _mode(home.api_secret)) & _OTHERS:
        log.warning("%s could be read by others (mode %04o): it was made anew", home.api_secret, mode)
        found = None
    return found or _make(home.api_secret)


def make_token_key(home: Home) -> str:
    """What the home signs tokens with, made where it is missing. Raises KingError where others can read it."""
    found = _read(home.token_key)
    if found and (mode := _mode(home.token_key)) & _OTHERS:
        raise KingError(
            f"{home.token_key} can be read by others (mode {mode:04o}), who could then sign tokens: chmod 600 keeps "
            "it; remove it if somebody may have read it, and a new one is made, which ends every token"
        )
    return found or _make(home.token_key)


def publish_certificate(home: Home, certificate: Path | None) -> None:
    """Keep a copy of the API's own certificate (the first in the file) in the home; without one, none. OSError."""
    if certificate is None:
        home.api_certificate.unlink(missing_ok=True)
        return
    own, end, _ = certificate.read_text("ascii", errors="replace").partition(_END)
    write_text(home.api_certificate, f"{own}{end}\n", mode=0o600)


def trust(home: Home, address: str) -> ssl.SSLContext | bool:
    """What httpx shall verify an ``address`` of the home's owner by: just the certificate that the owner published.

    Names are not compared: the certificate is the proof, and its name is seldom that of the loopback. True for http.
    Raises KingError where the certificate is missing.
    """
    if not address.startswith("https:"):
        return True
    import ssl

    try:
        context = ssl.create_default_context(cafile=str(home.api_certificate))
    except (OSError, ssl.SSLError) as error:
        raise KingError(
            f"{home.api_certificate}, which proves that {address} is ours, cannot be read: {error}"
        ) from None
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate itself is the anchor, whoever signed it
    return context


def _read(path: Path) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KingError(f"{path} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_MOST_BYTES).decode("ascii", errors="replace").strip() or None


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def _make(path: Path) -> str:
    made = secrets.token_urlsafe(SECRET_BYTES)
    try:
        write_text(path, made + "\n", mode=0o600)
    except OSError as error:
        raise KingError(f"{path} cannot be written: {error.strerror or error}") from error
    return made
