"""The check of who may use the API: keys, certificate, and whether others can reach it. Nothing is made."""

from __future__ import annotations

import asyncio
import socket
import stat
from datetime import UTC, datetime

from kingtui.commands.checks import Finding, Patient, note, well
from kingtui.guard.exposure import asks_tokens, check_exposure, doubts
from kingtui.guard.keys import key_is_set, keyring
from kingtui.guard.rates import shared_storage
from kingtui.models import KingError
from kingtui.server import tls_context
from kingtui.store import tokens
from kingtui.store.database import Database


async def access(patient: Patient) -> list[Finding]:
    """Raises KingError, WrongUse as the start would."""
    chosen, home = patient.settings, patient.home
    if not chosen.api:
        return well("the API is switched off")
    tls = tls_context(chosen.certfile, chosen.keyfile)
    shared_storage(chosen)
    if key_is_set(chosen) or chosen.jwt_algorithm != "HS256" or home.token_key.exists():
        keyring(chosen, home)
    bound = await asyncio.to_thread(_addresses, chosen.host)
    made = await _usable(patient)
    check_exposure(chosen, bound, has_tokens=made)
    if home.api_secret.exists() and (mode := stat.S_IMODE(home.api_secret.stat().st_mode)) & 0o077:
        return note(f"{home.api_secret} can be read by others (mode {mode:04o})", "the next start makes a new one")
    if doubt := doubts(chosen, bound):
        return note(doubt, "docs/exposing.md tells of tokens, certificates and reverse proxies")
    who = "whoever shows a token" if asks_tokens(chosen, bound) else "whoever works on this machine"
    return well(f"by these settings {who} may use it{', by TLS' if tls else ''}")


def _addresses(host: str) -> list[str]:
    if host == "localhost":
        return ["127.0.0.1"]
    try:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise KingError(f"the address of KINGTUI_HOST {host} is not known: {error.strerror or error}") from None


async def _usable(patient: Patient) -> bool:
    """Whether there is a token, as far as this version can look."""
    if not patient.home.database.exists():
        return False
    store, now = Database(patient.home.database, read_only=True), datetime.now(UTC)
    try:
        await store.open(now)
        async with store.read() as connection:
            return await tokens.usable(connection, now)
    except KingError:  # the check of the database tells of it
        return False
    finally:
        await store.close()
