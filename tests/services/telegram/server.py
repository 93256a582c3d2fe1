"""A small Telegram on loopback: one account, a channel, a private chat, and what goes wrong with them.

Real connections, encryption and requests of a real client; only what kingtui asks for is answered. Every other method
is an error, so that a new request of ours does not pass unseen.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from telethon.tl import functions, types

from tests.services.telegram.mtproto import PRIME, Connected, Fault, Wire

CHANNEL, USER, ME = 1_555_000_001, 700_000_002, 700_000_001
SALT1, SALT2 = b"salt-one", b"salt-two"
SIGNED_IN_NOT = (401, "AUTH_KEY_UNREGISTERED")


@dataclass
class Telegram:
    """``async with Telegram() as server``."""

    api: tuple[int, str] = (12345, "0123456789abcdef0123456789abcdef")
    phone: str = "4915112345678"
    code: str = "24680"
    password: str | None = None
    signed_in: set[int] = field(default_factory=set)
    """Keys (their ids) with which somebody is signed in."""
    messages: dict[int, list[types.Message]] = field(default_factory=lambda: {CHANNEL: [], USER: []})
    files: dict[int, bytes] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    """By the name of a request: what its next calls answer."""
    asked: list[str] = field(default_factory=list)
    expired: set[int] = field(default_factory=set)
    breaks_after: dict[int, int] = field(default_factory=dict)
    """File → from which byte on the connection breaks, once."""
    tokens: list[bytes] = field(default_factory=list)
    silent: bool = False
    offsets: list[int] = field(default_factory=list)

    async def __aenter__(self) -> Telegram:
        self.wire = Wire(self._answer)
        self._pts = 1
        self._serial = 5_000_000_000
        self._numbers: dict[int, int] = {}
        self._srp: dict[str, Any] = {}
        await self.wire.listen()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.wire.close()

    # What people do

    def post(
        self, data: bytes | None, *, chat: int = CHANNEL, document: bool = False, text: str = "",
        at: datetime | None = None, group: int | None = None,
    ) -> types.Message:  # fmt: skip
        there = self.messages[chat]
        self._numbers[chat] = self._numbers.get(chat, 0) + 1
        made = types.Message(
            id=self._numbers[chat], peer_id=self._peer(chat),
            date=at or datetime.now(UTC).replace(microsecond=0), message=text, grouped_id=group,
            from_id=None if chat == CHANNEL else types.PeerUser(USER), media=self._media(data, document),
            post=chat == CHANNEL or None,
        )  # fmt: skip
        there.append(made)
        self._tell(chat, types.UpdateNewChannelMessage if chat == CHANNEL else types.UpdateNewMessage, made)
        return made

    def edit(self, message: types.Message, data: bytes) -> None:
        message.media, message.edit_date = self._media(data, False), datetime.now(UTC).replace(microsecond=0)
        chat = CHANNEL if isinstance(message.peer_id, types.PeerChannel) else USER
        self._tell(chat, types.UpdateEditChannelMessage if chat == CHANNEL else types.UpdateEditMessage, message)

    def delete(self, message: types.Message) -> None:
        for there in self.messages.values():
            if message in there:
                there.remove(message)
        self._pts += 1
        update = (
            types.UpdateDeleteChannelMessages(CHANNEL, [message.id], self._pts, 1)
            if isinstance(message.peer_id, types.PeerChannel)
            else types.UpdateDeleteMessages([message.id], self._pts, 1)
        )
        self._push(update)

    def revoke(self) -> None:
        """The session is ended from another device."""
        self.signed_in.clear()

    def scan(self) -> None:
        """Another device scans the newest QR code."""
        self.tokens.append(b"scanned")
        self._push(types.UpdateLoginToken(), to_all=True)

    def _media(self, data: bytes | None, document: bool) -> Any:
        if data is None:
            return None
        self._serial += 1
        number, now = self._serial, datetime.now(UTC)
        self.files[number] = data
        if document:
            made = types.Document(
                number, 1, b"fresh", now, "image/png" if data[:4] == b"\x89PNG" else "image/jpeg", len(data), 2,
                [types.DocumentAttributeFilename("../../chart.jpg")],
            )  # fmt: skip
            return types.MessageMediaDocument(document=made)
        sizes = [types.PhotoStrippedSize("i", b"\x01\x10\x10"), types.PhotoSize("m", 320, 240, 999)]
        sizes.append(types.PhotoSizeProgressive("y", 1280, 960, [len(data) // 3, len(data)]))
        return types.MessageMediaPhoto(photo=types.Photo(number, 1, b"fresh", now, sizes, 2))

    def _tell(self, chat: int, update: Any, message: types.Message) -> None:
        self._pts += 1
        self._push(update(message, self._pts, 1))

    def _push(self, update: Any, *, to_all: bool = False) -> None:
        if self.silent:
            return
        news = types.Updates([update], self._users(), self._chats(), datetime.now(UTC), 0)
        for connected in self.wire.connections:
            if connected.key is not None and (to_all or connected.key.key_id in self.signed_in):
                self.wire.spawn(connected.send(news))

    def _peer(self, chat: int) -> Any:
        return types.PeerChannel(chat) if chat == CHANNEL else types.PeerUser(chat)

    def _users(self) -> list[Any]:
        me = types.User(ME, is_self=True, access_hash=1, first_name="Some", last_name="Body", phone=self.phone)
        return [
            me,
            types.User(USER, access_hash=2, first_name="Bot", username="chart_bot", bot=True, bot_info_version=1),
        ]

    def _chats(self) -> list[Any]:
        photo = types.ChatPhotoEmpty()
        return [types.Channel(CHANNEL, "Charts", photo, datetime(2024, 1, 1, tzinfo=UTC), broadcast=True, access_hash=3,
                              username="charts")]  # fmt: skip

    # What is answered

    async def _answer(self, connected: Connected, asked: Any) -> Any:
        name = type(asked).__name__.removesuffix("Request")
        self.asked.append(name)
        if waiting := self.faults.get(name):
            raise waiting.pop(0)
        open_to_all = (
            functions.help.GetConfigRequest, functions.auth.SendCodeRequest, functions.auth.SignInRequest,
            functions.account.GetPasswordRequest, functions.auth.CheckPasswordRequest,
            functions.auth.ExportLoginTokenRequest,
        )  # fmt: skip
        if not isinstance(asked, open_to_all) and (connected.key is None or connected.key.key_id not in self.signed_in):
            raise Fault(*SIGNED_IN_NOT)
        return await getattr(self, f"_on_{name}", self._unknown)(connected, asked)

    async def _unknown(self, connected: Connected, asked: Any) -> Any:
        raise Fault(400, f"METHOD_{type(asked).__name__.upper()}_NOT_HERE")

    async def _on_GetConfig(self, connected: Connected, asked: Any) -> Any:
        now, host = datetime.now(UTC), types.DcOption(2, "127.0.0.1", self.wire.port)
        return types.Config(
            now, now + timedelta(hours=1), False, 2, [host], "", *[200] * 21, "https://t.me/", 1024, 4096, 2
        )

    async def _on_SendCode(self, connected: Connected, asked: Any) -> Any:
        if (asked.api_id, asked.api_hash) != self.api:
            raise Fault(400, "API_ID_INVALID")
        if asked.phone_number != self.phone:
            raise Fault(400, "PHONE_NUMBER_INVALID")
        return types.auth.SentCode(types.auth.SentCodeTypeApp(5), "hash")

    async def _on_SignIn(self, connected: Connected, asked: Any) -> Any:
        if asked.phone_code == "00000":
            raise Fault(400, "PHONE_CODE_EXPIRED")
        if asked.phone_code != self.code:
            raise Fault(400, "PHONE_CODE_INVALID")
        if self.password is not None:
            raise Fault(401, "SESSION_PASSWORD_NEEDED")
        return self._authorized(connected)

    def _authorized(self, connected: Connected) -> Any:
        assert connected.key is not None
        self.signed_in.add(connected.key.key_id)
        return types.auth.Authorization(self._users()[0])

    async def _on_ExportLoginToken(self, connected: Connected, asked: Any) -> Any:
        if self.tokens and self.tokens.pop() == b"scanned":
            if self.password is not None:
                raise Fault(401, "SESSION_PASSWORD_NEEDED")
            return types.auth.LoginTokenSuccess(self._authorized(connected))
        return types.auth.LoginToken(datetime.now(UTC) + timedelta(seconds=30), os.urandom(32))

    async def _on_GetPassword(self, connected: Connected, asked: Any) -> Any:
        algorithm = types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
            SALT1, SALT2, 3, _big(PRIME)
        )
        x = int.from_bytes(_stretched(self.password or ""), "big")
        v, b = pow(3, x, PRIME), int.from_bytes(os.urandom(256), "big")
        k = int.from_bytes(_h(_big(PRIME), _wide(3)), "big")
        public = (k * v + pow(3, b, PRIME)) % PRIME
        self._srp = {"v": v, "b": b, "B": public}
        return types.account.Password(
            types.PasswordKdfAlgoUnknown(), types.SecurePasswordKdfAlgoUnknown(), b"random", has_password=True,
            current_algo=algorithm, srp_B=_wide(public), srp_id=7,
        )  # fmt: skip

    async def _on_CheckPassword(self, connected: Connected, asked: Any) -> Any:
        a = int.from_bytes(asked.password.A, "big")
        u = int.from_bytes(_h(_wide(a), _wide(self._srp["B"])), "big")
        shared = pow(a * pow(self._srp["v"], u, PRIME), self._srp["b"], PRIME)
        both = bytes(x ^ y for x, y in zip(_h(_big(PRIME)), _h(_wide(3)), strict=True))
        proof = _h(both, _h(SALT1), _h(SALT2), _wide(a), _wide(self._srp["B"]), _h(_wide(shared)))
        if proof != asked.password.M1:
            raise Fault(400, "PASSWORD_HASH_INVALID")
        return self._authorized(connected)

    async def _on_LogOut(self, connected: Connected, asked: Any) -> Any:
        assert connected.key is not None
        self.signed_in.discard(connected.key.key_id)
        return types.auth.LoggedOut()

    async def _on_GetUsers(self, connected: Connected, asked: Any) -> Any:
        return [self._users()[0] if isinstance(user, types.InputUserSelf) else types.UserEmpty(0) for user in asked.id]

    async def _on_GetState(self, connected: Connected, asked: Any) -> Any:
        return types.updates.State(self._pts, 0, datetime.now(UTC), 0, 0)

    async def _on_GetDifference(self, connected: Connected, asked: Any) -> Any:
        return types.updates.DifferenceEmpty(datetime.now(UTC), 0)

    async def _on_GetChannelDifference(self, connected: Connected, asked: Any) -> Any:
        return types.updates.ChannelDifferenceEmpty(self._pts, final=True, timeout=60)

    async def _on_ResolveUsername(self, connected: Connected, asked: Any) -> Any:
        known = {"charts": types.PeerChannel(CHANNEL), "chart_bot": types.PeerUser(USER)}
        if asked.username.lower() not in known:
            raise Fault(400, "USERNAME_NOT_OCCUPIED")
        return types.contacts.ResolvedPeer(known[asked.username.lower()], self._chats(), self._users())

    async def _on_GetDialogs(self, connected: Connected, asked: Any) -> Any:
        settings, dialogs = types.PeerNotifySettings(), []
        for chat in (CHANNEL, USER):
            last = max((message.id for message in self.messages[chat]), default=1)
            dialogs.append(types.Dialog(self._peer(chat), last, 0, 0, 0, 0, 0, 0, settings))
        latest = [there[-1] for there in self.messages.values() if there]
        return types.messages.Dialogs(dialogs, latest, self._chats(), self._users())

    async def _on_GetChannels(self, connected: Connected, asked: Any) -> Any:
        raise Fault(400, "CHANNEL_INVALID")  # as for any whose access hash is not known

    def _chat_of(self, peer: Any) -> int:
        return CHANNEL if isinstance(peer, types.InputPeerChannel | types.InputChannel) else USER

    async def _on_GetHistory(self, connected: Connected, asked: Any) -> Any:
        """The page of ``limit`` messages, newest first, ``add_offset`` on from the first that is old enough."""
        newest_first = sorted(self.messages[self._chat_of(asked.peer)], key=lambda message: -message.id)
        date = asked.offset_date
        first = next(
            (
                place for place, message in enumerate(newest_first)
                if (not asked.offset_id or message.id < asked.offset_id)
                and (not date or date.timestamp() <= 0 or message.date < date)
            ),
            len(newest_first),
        ) if asked.offset_id or (date and date.timestamp() > 0) else 0  # fmt: skip
        start, end = first + asked.add_offset, first + asked.add_offset + asked.limit
        page = newest_first[max(0, start) : max(0, end)]
        if isinstance(asked.peer, types.InputPeerChannel):
            return types.messages.ChannelMessages(self._pts, len(newest_first), page, [], self._chats(), self._users())
        return types.messages.MessagesSlice(len(newest_first), page, [], self._chats(), self._users())

    async def _on_GetMessages(self, connected: Connected, asked: Any) -> Any:
        chat = CHANNEL if hasattr(asked, "channel") else USER
        known = {message.id: message for message in self.messages[chat]}
        found: list[Any] = []
        for wanted in asked.id:
            message = known.get(wanted.id)
            if message is not None and message.media is not None:
                media = getattr(message.media, "photo", None) or message.media.document
                self.expired.discard(media.id)
            found.append(message or types.MessageEmpty(wanted.id, None))
        return types.messages.Messages(found, [], self._chats(), self._users())

    async def _on_GetFile(self, connected: Connected, asked: Any) -> Any:
        number = asked.location.id
        assert asked.limit % 4096 == 0 and asked.offset % 4096 == 0  # noqa: PT018
        if asked.offset // 2**20 != (asked.offset + asked.limit - 1) // 2**20:
            raise Fault(400, "LIMIT_INVALID")
        if number in self.expired:
            raise Fault(400, "FILE_REFERENCE_EXPIRED")
        self.offsets.append(asked.offset)
        if asked.offset >= self.breaks_after.get(number, 2**40):
            del self.breaks_after[number]
            connected.writer.transport.abort()
            await asyncio.sleep(60)
        data = self.files[number]
        if getattr(asked.location, "thumb_size", "") not in ("", "y"):
            data = b"a preview"
        return types.upload.File(types.storage.FileJpeg(), 0, data[asked.offset : asked.offset + asked.limit])


def _big(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _wide(number: int) -> bytes:
    return number.to_bytes(256, "big")


def _h(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _stretched(password: str) -> bytes:
    first = _h(SALT2, _h(SALT1, password.encode(), SALT1), SALT2)
    return _h(SALT2, hashlib.pbkdf2_hmac("sha512", first, SALT1, 100_000), SALT2)
