"""``kingtui login`` and ``logout``: signing in to Telegram, through the home's owner or, without one, here."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from kingtui.commands.output import say
from kingtui.home import Home, Owner, owner
from kingtui.models import KingError, SignIn, SignInStage, WrongUse
from kingtui.qr import qr_text
from kingtui.services.telegram.session import wanted
from kingtui.settings import Settings

ANSWER_SECONDS = 90.0
LOOK_SECONDS = 1.0
TRIES = 3


class Desk(Protocol):
    """Who is asked to sign in: the methods of Control that do it."""

    async def login(self) -> SignIn: ...

    async def login_start(self, phone: str) -> SignIn: ...

    async def login_qr(self) -> SignIn: ...

    async def login_code(self, code: str) -> SignIn: ...

    async def login_password(self, password: str) -> SignIn: ...

    async def login_cancel(self) -> SignIn: ...

    async def logout(self) -> SignIn: ...


def sign_in(settings: Settings, *, qr: bool) -> None:
    """Ask for what it needs, in the terminal. Raises WrongUse without one, KingError where it does not succeed."""
    if not (sys.stdin and sys.stdin.isatty()):
        raise WrongUse("kingtui login asks for a phone number and a code: start it in a terminal")
    _run(settings, lambda desk: _converse(desk, qr=qr, here=wanted(settings)))


def sign_out(settings: Settings) -> None:
    """End the session at Telegram and forget it here. Raises KingError."""

    async def leave(desk: Desk) -> None:
        await desk.logout()
        say("Signed out: Telegram has ended the session, and it is removed here")

    _run(settings, leave)


def _run(settings: Settings, talk: Callable[[Desk], Awaitable[None]]) -> None:
    async def work() -> None:
        async with _desk(settings) as desk:
            await talk(desk)

    try:
        asyncio.run(work())
    except KeyboardInterrupt:
        raise KingError("given up") from None


@asynccontextmanager
async def _desk(settings: Settings) -> AsyncIterator[Desk]:
    if settings.demo:
        raise WrongUse("a demo does not use Telegram: leave out --demo")
    home = Home(settings.home)
    held_by = owner(home)
    if held_by is not None and held_by.address is not None:
        from kingtui.commands.owner import owner_control

        async with owner_control(home, held_by, seconds=ANSWER_SECONDS) as remote:
            say(f"{held_by}, owns the home and is asked")
            yield remote.control
        return
    async with _alone(settings, home, held_by) as here:
        yield here


@asynccontextmanager
async def _alone(settings: Settings, home: Home, held_by: Owner | None) -> AsyncIterator[Desk]:
    """The conversation in this process. An owner without an API notices the new session by itself."""
    from kingtui.clock import SystemClock
    from kingtui.control.sign_in_answers import SignInAnswers
    from kingtui.services.telegram.client import TelethonEdge
    from kingtui.services.telegram.session import account_of
    from kingtui.services.telegram.sign_in import SigningIn

    account = account_of(settings, home)
    if held_by is None:
        await asyncio.to_thread(home.create)
    here = SignInAnswers()
    here._sign_in = conversation = SigningIn(account, lambda: TelethonEdge(account), SystemClock())
    try:
        yield here
    finally:
        await conversation.cancel()


async def _converse(desk: Desk, *, qr: bool, here: bool) -> None:
    """``here``: Telegram is set up by the settings as they are now."""
    view = await desk.login()
    if view.stage is SignInStage.UNSET and here:
        raise KingError("the running kingtui was started before Telegram was set up: start it anew, then sign in")
    if view.stage is SignInStage.UNSET:
        raise KingError(f"Telegram is not set up. {view.told}")
    if view.stage is SignInStage.SIGNED_IN:
        say(f"{view.told} already. kingtui logout signs out")
        return
    try:
        view = await (_scanned(desk) if qr else _phoned(desk))
        if view.stage is SignInStage.PASSWORD:
            view = await _until(desk.login_password, view, "Password: ", hidden=True)
    except BaseException:
        await desk.login_cancel()
        raise
    if view.stage is not SignInStage.SIGNED_IN:
        raise KingError(view.problem or view.told)
    say(view.told)


async def _phoned(desk: Desk) -> SignIn:
    for left in reversed(range(TRIES)):
        try:
            view = await desk.login_start(await _typed("Phone number, with its country (+49…): "))
            break
        except WrongUse as error:
            if not left:
                raise
            say(f"{error}")
    say(f"{view.told}.")
    view = await _until(desk.login_code, view, "Code: ")
    if view.stage is SignInStage.SIGNED_OUT and view.problem:
        say(f"{view.problem}.")
        return await _phoned(desk)
    return view


async def _until(
    give: Callable[[str], Awaitable[SignIn]], view: SignIn, prompt: str, *, hidden: bool = False
) -> SignIn:
    """Ask until the answer leads on, a few times at most: Telegram counts."""
    if hidden:
        say(f"{view.told}.")
    stage = view.stage
    for _ in range(TRIES):
        view = await give(await _typed(prompt, hidden=hidden))
        if view.stage is not stage:
            return view
        say(f"{view.problem}.")
    raise KingError(f"{view.problem}: begin anew later")


async def _scanned(desk: Desk) -> SignIn:
    view = await desk.login_qr()
    shown = ""
    while view.stage is SignInStage.QR:
        if view.qr != shown:
            shown = view.qr
            _draw(view)
        await asyncio.sleep(LOOK_SECONDS)
        view = await desk.login()
    return view


def _draw(view: SignIn) -> None:
    """The code, dark on light whatever the terminal's colours are."""
    try:
        lines = qr_text(view.qr).splitlines()
    except ValueError as error:
        raise KingError(f"{error}: sign in with the phone number") from error
    sys.stderr.write("\n" + "".join(f"  \x1b[30;107m{line}\x1b[0m\n" for line in lines) + "\n")
    say(f"{view.told}. It is renewed when it runs out; Ctrl+C gives up.")


async def _typed(prompt: str, *, hidden: bool = False) -> str:
    """A line from the terminal. Raises KingError at its end."""
    try:
        return await asyncio.to_thread(getpass.getpass, prompt) if hidden else await asyncio.to_thread(_line, prompt)
    except EOFError:
        raise KingError("given up") from None


def _line(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()
