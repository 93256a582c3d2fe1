"""The edge kept with Telethon. Nothing else imports it, and this is imported only where Telegram is set up.

Telethon reconnects by itself without a pause where a connection is accepted and closed at once, so it may not: the
first break ends the connection, and whoever supervises it decides when to try again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from telethon import TelegramClient, errors, events, utils
from telethon.crypto import rsa
from telethon.sessions import SQLiteSession
from telethon.tl import types

from kingtui import __version__
from kingtui.services.telegram.edge import (
    RESUME_BYTES,
    Chat,
    Happening,
    Heard,
    LoginNeeded,
    NoSuchChat,
    Post,
    QrCode,
    Unreachable,
    WronglySetUp,
)
from kingtui.services.telegram.faults import translated
from kingtui.services.telegram.messages import largest, post_of
from kingtui.services.telegram.session import Account, Server

log = logging.getLogger("kingtui.telegram")
T = TypeVar("T")

CONNECT_SECONDS = 20.0
ANSWER_SECONDS = 30.0


class TelethonEdge:
    """One connection to the server of ``account``, with the session file that its owner has locked."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client: TelegramClient | None = None
        self._qr: Any = None

    async def connect(self) -> None:
        if asyncio.get_running_loop().get_task_factory() is not None:
            # Under an eager factory Telethon's read and write loops end at once, and connecting would hang for ever
            asyncio.get_running_loop().set_task_factory(None)
        account = self._account
        if account.server is not None:
            await asyncio.to_thread(_trust, account.server)
        session = SQLiteSession(str(account.session))
        if account.server is not None and not session.auth_key:
            session.set_dc(account.server.dc, account.server.host, account.server.port)
        self._client = TelegramClient(
            session, account.api_id, account.api_hash, auto_reconnect=False, connection_retries=0, retry_delay=1,
            request_retries=2, flood_sleep_threshold=0, raise_last_call_error=True, timeout=10,
            use_ipv6=":" in (session.server_address or ""), app_version=__version__, device_model="kingtui",
        )  # fmt: skip
        await self._ask(self._client.connect(), CONNECT_SECONDS)

    async def disconnect(self) -> None:
        client, self._client = self._client, None
        if client is None or client.session is None:
            return
        try:
            async with asyncio.timeout(5):
                await client.disconnect()
                await asyncio.gather(client.disconnected, return_exceptions=True)  # else the loop complains of it
        except Exception as error:  # whatever is left of it: the connection is given up
            log.info("the connection to Telegram did not end in order: %r", error)
            with contextlib.suppress(Exception):
                client.session.close()

    async def closed(self) -> None:
        try:
            await self._telethon.disconnected
        except asyncio.CancelledError:
            raise
        except Exception as error:
            found = translated(error)
            if found is not None:
                raise found from error
            raise

    @property
    def _telethon(self) -> TelegramClient:
        if self._client is None:
            raise Unreachable("Telegram is not connected")
        return self._client

    async def _ask(self, asked: Awaitable[T], seconds: float = ANSWER_SECONDS) -> T:
        """An answer within a bounded time: Telethon waits for ever while a connection is broken."""
        try:
            async with asyncio.timeout(seconds):
                return await asked
        except TimeoutError as error:
            raise Unreachable(f"Telegram did not answer within {seconds:.0f} s") from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise Unreachable("the connection to Telegram broke") from None  # Telethon cancels what waits then
        except Exception as error:
            found = translated(error)
            if found is None:
                raise
            raise found from error

    async def me(self) -> str | None:
        found = await self._ask(self._telethon.get_me())
        if found is None:
            return None
        return f"@{found.username}" if found.username else utils.get_display_name(found) or str(found.id)

    def listen(self, tell: Callable[[Heard], None]) -> None:
        async def new(event: Any) -> None:
            tell(Heard(Happening.NEW, event.chat_id, (event.id,)))

        async def edited(event: Any) -> None:
            tell(Heard(Happening.EDITED, event.chat_id, (event.id,)))

        async def deleted(event: Any) -> None:
            tell(Heard(Happening.DELETED, event.chat_id, tuple(event.deleted_ids or ())))

        self._telethon.add_event_handler(new, events.NewMessage())
        self._telethon.add_event_handler(edited, events.MessageEdited())
        self._telethon.add_event_handler(deleted, events.MessageDeleted())

    async def chat(self, name: str | int) -> Chat:
        client = self._telethon
        try:
            entity = await self._ask(self._found(name))
        except ValueError as error:
            raise NoSuchChat("it does not exist, or this account has not joined it") from error
        return Chat(await self._ask(client.get_peer_id(entity)), channel=isinstance(entity, types.InputPeerChannel))

    async def _found(self, name: str | int) -> Any:
        client = self._telethon
        try:
            return await client.get_input_entity(name)
        except (ValueError, errors.BadRequestError):
            if not isinstance(name, int):
                raise
        async for dialog in client.iter_dialogs():  # a fresh session knows no ids: the list of chats tells them
            if name in (dialog.id, utils.resolve_id(dialog.id)[0]):
                return dialog.input_entity
        return await client.get_input_entity(name)

    async def posts(self, chat: Chat, *, after: int, since: datetime | None) -> AsyncGenerator[Post, None]:
        how: dict[str, Any] = {"min_id": after} if after or since is None else {"offset_date": since}
        found = aiter(self._telethon.iter_messages(chat.id, reverse=True, **how))
        while True:
            try:
                message = await self._ask(anext(found))
            except StopAsyncIteration:
                return
            except ValueError as error:
                raise NoSuchChat("it cannot be found any more") from error
            yield post_of(chat, message)

    async def posts_by_id(self, chat: Chat, ids: Sequence[int]) -> dict[int, Post]:
        found: dict[int, Post] = {}
        for start in range(0, len(ids), 100):
            messages = await self._ask(self._telethon.get_messages(chat.id, ids=list(ids[start : start + 100])))
            found |= {message.id: post_of(chat, message) for message in messages if message is not None}
        return {number: found[number] for number in ids if number in found}

    async def photo(self, post: Post) -> bytes:
        data = await self._ask(self._telethon.download_media(post.message, bytes, thumb=largest(post.message.photo)))
        return bytes(data or b"")

    async def document(self, post: Post, offset: int) -> AsyncGenerator[bytes, None]:
        media = post.message.document
        parts = self._telethon.iter_download(media, offset=offset, request_size=RESUME_BYTES, file_size=media.size)
        found = aiter(parts)
        try:
            while True:
                try:
                    yield bytes(await self._ask(anext(found)))
                except StopAsyncIteration:
                    return
        finally:
            with contextlib.suppress(Exception):
                await parts.close()

    async def send_code(self, phone: str) -> str:
        sent = await self._ask(self._telethon.send_code_request(phone))
        match sent.type:
            case types.auth.SentCodeTypeApp():
                return "inside Telegram, in the chat named Telegram on a device that is signed in (not by SMS)"
            case types.auth.SentCodeTypeSms() | types.auth.SentCodeTypeSmsWord() | types.auth.SentCodeTypeSmsPhrase():
                return "by SMS"
            case types.auth.SentCodeTypeEmailCode():
                return "by e-mail"
            case types.auth.SentCodeTypeCall() | types.auth.SentCodeTypeMissedCall():
                return "by a phone call"
            case _:
                return "inside Telegram or by another way that Telegram chose"

    async def give_code(self, phone: str, code: str) -> None:
        await self._ask(self._telethon.sign_in(phone, code))

    async def give_password(self, password: str) -> None:
        await self._ask(self._telethon.sign_in(password=password))

    async def qr(self) -> QrCode:
        self._qr = await self._ask(self._telethon.qr_login())
        return QrCode(self._qr.url, self._qr.expires)

    async def scanned(self) -> bool:
        try:
            await self._qr.wait()
        except TimeoutError:
            return False
        except TypeError:  # another answer than a sign-in: the code was not scanned after all
            return False
        except Exception as error:
            found = translated(error)
            if found is None:
                raise
            raise found from error
        return True

    async def log_out(self) -> None:
        if not await self._ask(self._telethon.log_out()):
            raise LoginNeeded("nobody was signed in any more")


def _trust(server: Server) -> None:
    """Know the key of a server of one's own. Raises WronglySetUp."""
    try:
        rsa.add_key(server.key_file.read_bytes(), old=False)
    except OSError as error:
        raise WronglySetUp(
            f"TELEGRAM_DC_PUBLIC_KEY_FILE {server.key_file} cannot be read: {error.strerror}", "Correct its path"
        ) from error
    except ValueError as error:
        raise WronglySetUp(
            f"TELEGRAM_DC_PUBLIC_KEY_FILE {server.key_file} is no PKCS #1 key, which begins BEGIN RSA PUBLIC KEY",
            "Write the server's key in that form: openssl rsa -RSAPublicKey_out",
        ) from error
