"""doctor's look at Telegram: each broken setup in one sentence, with the remedy."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Sequence

from kingtui.commands.checks import Finding, Patient, as_the_owner_has_it, ill, note, well
from kingtui.home import Owner, owner
from kingtui.models import KingError, Link
from kingtui.services import ServiceUnavailable
from kingtui.services.telegram.edge import Edge, FloodWait, LoginNeeded, NoSuchChat, WronglySetUp
from kingtui.services.telegram.session import Account, Server, SessionBusy, SessionFile, account_of, wanted

LOGIN = "kingtui login signs in"


async def telegram(patient: Patient) -> list[Finding]:
    """Whether it is set up, somebody is signed in, the server answers, and the chats are there."""
    if patient.settings.demo:
        return well("a demo does not use it")
    if not wanted(patient.settings):
        return await as_the_owner_has_it(patient, "telegram", "not set up: pictures come from folders")
    try:
        account = account_of(patient.settings, patient.home)
        held_by = owner(patient.home)
        if held_by is not None and held_by.address is not None:
            return await _of_owner(patient, held_by)
        if account.server is not None:
            await asyncio.to_thread(_key_of, account.server)
        if not account.session.exists() or not account.session.stat().st_size:
            return ill("nobody is signed in", LOGIN)
        if held_by is not None:
            return note("the running kingtui has it, and no API to say how it is", "start it with --api")
        return [*_open(account), *await _asked(account)]
    except WronglySetUp as error:
        return ill(error.what, _remedy(error.todo))


def _remedy(todo: str) -> str:
    return todo[:1].lower() + todo[1:]


def _key_of(server: Server) -> None:
    """Whether there is a key to know another server by. Raises WronglySetUp."""
    try:
        key = server.key_file.read_bytes()
    except OSError as error:
        text = f"TELEGRAM_DC_PUBLIC_KEY_FILE {server.key_file} cannot be read: {error.strerror}"
        raise WronglySetUp(text, "Correct its path") from error
    if b"BEGIN RSA PUBLIC KEY" not in key:
        raise WronglySetUp(
            f"TELEGRAM_DC_PUBLIC_KEY_FILE {server.key_file} is no PKCS #1 key, which begins BEGIN RSA PUBLIC KEY",
            "Write the server's key in that form: openssl rsa -RSAPublicKey_out",
        )


def _open(account: Account) -> list[Finding]:
    mode = stat.S_IMODE(account.session.stat().st_mode)
    if not mode & 0o077:
        return []
    return note(
        f"{account.session} can be read by others (mode {mode:04o}), who then have the account",
        f"chmod 600 {account.session}",
    )


async def _of_owner(patient: Patient, held_by: Owner) -> list[Finding]:
    """What the running kingtui says of its connection."""
    from kingtui.commands.owner import owner_control

    async with owner_control(patient.home, held_by) as remote:
        sources = (await remote.control.status()).sources
    state = next((source.state for source in sources if source.name == "telegram"), None)
    if state is None:
        return note("the running kingtui was started before it was set up", "start it anew")
    if state.link is Link.CONNECTED and not state.detail:
        since, swept = (
            f"{at:%Y-%m-%d %H:%M} UTC" if at else "never" for at in (state.connected_since, state.last_sweep)
        )
        return well(f"connected since {since}, last sweep {swept}")
    if state.link is Link.LOGIN:
        return ill(state.told, LOGIN)
    if state.link in (Link.WRONG, Link.CONNECTED):
        return ill(state.told, _remedy(state.todo))
    return note(state.told, _remedy(state.todo) or "it goes on by itself; orchestrator.log in the home says more")


async def _asked(account: Account) -> list[Finding]:
    """Ask the server itself, as nothing runs in the home."""
    from kingtui.services.telegram.client import TelethonEdge

    session = SessionFile(account)
    try:
        await asyncio.to_thread(session.acquire)
    except SessionBusy as error:
        return note(str(error), "wait for the end of the sign-in or of that program")
    edge = TelethonEdge(account)
    try:
        session.check()
        await edge.connect()
        who = await edge.me()
        if who is None:
            return ill("nobody is signed in", LOGIN)
        lost = [*await _lost(edge, account.chats, "TELEGRAM_CHATS")]
        named = [name for name in account.senders if isinstance(name, str)]  # an id needs no looking for
        lost += await _lost(edge, named, "KINGTUI_TELEGRAM_SENDERS")
        return lost or well(f"signed in as {who}; {len(account.chats)} of {len(account.chats)} chats found")
    except LoginNeeded as error:
        return ill(str(error), LOGIN)
    except FloodWait as error:
        return note(str(error), "wait; kingtui does so by itself")
    except WronglySetUp:
        raise
    except ServiceUnavailable as error:
        return ill(str(error), "check the network, a proxy or a firewall; kingtui tries again by itself")
    except KingError as error:
        return ill(str(error), "orchestrator.log in the home says more")
    finally:
        await edge.disconnect()
        session.release()


async def _lost(edge: Edge, names: Sequence[str | int], setting: str) -> list[Finding]:
    """Those that cannot be found."""
    lost = []
    for name in names:
        try:
            await edge.chat(name)
        except NoSuchChat as error:
            lost += ill(f"{name} cannot be looked at: {error}", f"correct {setting}, or join there in Telegram")
    return lost
