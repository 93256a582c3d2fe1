"""The server's side of MTProto 2.0 over TCP: handshake, encrypted messages, containers, answers and updates.

As https://core.telegram.org/mtproto describes it; types are read and written with Telethon's schema. What the methods
answer is not known here: ``answer`` is given each request.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import struct
import time
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa as keys
from telethon import helpers
from telethon.crypto import AES, AuthKey, rsa
from telethon.extensions import BinaryReader
from telethon.network.mtprotostate import MTProtoState
from telethon.tl import TLObject, functions, types
from telethon.tl.core import GzipPacked, MessageContainer

PRIME = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DBFA336F6E0AC925139543"
    "AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F642477FE96BB2A941D5BCD1D4AC8CC49880708FA9B"
    "378E3C4F3A9060BEE67CF9A4A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4B9DD46582DB1"
    "178D169C6BC465B0D6FF9CA3928FEF5B9AE4E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F0D8115F635B105EE"
    "2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B", 16,
)  # fmt: skip
"""The 2048-bit prime of https://core.telegram.org/api/srp, for keys and for passwords."""
log = logging.getLogger(__name__)
P, Q = 1_229_739_323, 1_402_015_859
RPC_RESULT = 0xF35C6D01


class Fault(Exception):
    """An answer that is an error: ``(400, "PHONE_CODE_INVALID")``."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Connected:
    """One TCP connection."""

    def __init__(self, wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.wire, self._reader, self.writer = wire, reader, writer
        self.key: AuthKey | None = None
        self._sent = self._sequence = 0
        self._salt = self._session = 0
        self._last_id = 0
        self._secrets: dict[str, Any] = {}

    async def run(self) -> None:
        while True:
            head = await self._reader.readexactly(4)
            packet = await self._reader.readexactly(struct.unpack("<i", head)[0] - 4)
            body = packet[4:-4]
            if body[:8] == bytes(8):
                await self._plain(body[20:])
            else:
                await self._encrypted(body)

    async def send_packet(self, data: bytes) -> None:
        data = struct.pack("<ii", len(data) + 12, self._sent) + data
        self._sent += 1
        self.writer.write(data + struct.pack("<I", zlib.crc32(data)))
        await self.writer.drain()

    def _message_id(self) -> int:
        self._last_id = max(self._last_id + 4, int(time.time() * 2**32) & ~3)
        return self._last_id + 1

    # The handshake

    async def _plain(self, data: bytes) -> None:
        with BinaryReader(data) as reader:
            asked = reader.tgread_object()
        answer = bytes(self._handshake(asked))
        await self.send_packet(struct.pack("<qqi", 0, self._message_id(), len(answer)) + answer)

    def _handshake(self, asked: Any) -> TLObject:
        match asked:
            case functions.ReqPqMultiRequest():
                self._secrets = {"nonce": asked.nonce, "server": int.from_bytes(os.urandom(16), "big", signed=True)}
                return types.ResPQ(asked.nonce, self._secrets["server"], _big(P * Q), [self.wire.fingerprint])
            case functions.ReqDHParamsRequest():
                return self._offer_dh(asked)
            case functions.SetClientDHParamsRequest():
                return self._agree(asked)
        raise ConnectionError(f"not a handshake: {asked}")

    def _offer_dh(self, asked: Any) -> TLObject:
        numbers = self.wire.private.private_numbers()
        modulus = numbers.public_numbers.n
        plain = pow(int.from_bytes(asked.encrypted_data, "big"), numbers.d, modulus).to_bytes(256, "big")[1:]
        with BinaryReader(plain[20:]) as reader:
            inner = reader.tgread_object()
        assert hashlib.sha1(bytes(inner)).digest() == plain[:20]
        made = self._secrets
        made["new"], made["a"] = inner.new_nonce, int.from_bytes(os.urandom(256), "big")
        made["aes"] = helpers.generate_key_data_from_nonce(made["server"], made["new"])
        answer = bytes(
            types.ServerDHInnerData(
                made["nonce"], made["server"], 3, _big(PRIME), _big(pow(3, made["a"], PRIME)), int(time.time())
            )
        )
        padded = hashlib.sha1(answer).digest() + answer
        padded += os.urandom(-len(padded) % 16)
        return types.ServerDHParamsOk(made["nonce"], made["server"], AES.encrypt_ige(padded, *made["aes"]))

    def _agree(self, asked: Any) -> TLObject:
        made = self._secrets
        with BinaryReader(AES.decrypt_ige(asked.encrypted_data, *made["aes"])[20:]) as reader:
            inner = reader.tgread_object()
        key = AuthKey(_big(pow(int.from_bytes(inner.g_b, "big"), made["a"], PRIME)))
        self.wire.keys[key.key_id] = key
        return types.DhGenOk(made["nonce"], made["server"], key.calc_new_nonce_hash(made["new"], 1))

    # Encrypted messages

    async def _encrypted(self, body: bytes) -> None:
        key = self.wire.keys.get(struct.unpack("<Q", body[:8])[0])
        if key is None:
            await self.send_packet(struct.pack("<i", -404))  # as Telegram says that it does not know a key
            return
        self.key = key
        aes = MTProtoState._calc_key(key.key, body[8:24], True)
        plain = AES.decrypt_ige(body[24:], *aes)
        assert hashlib.sha256(key.key[88:120] + plain).digest()[8:24] == body[8:24]
        self._salt, self._session, message_id, _, length = struct.unpack("<qqqii", plain[:32])
        with BinaryReader(plain[32 : 32 + length]) as reader:
            await self._take(message_id, reader.tgread_object())

    async def _take(self, message_id: int, asked: Any) -> None:
        match asked:
            case MessageContainer():
                for message in asked.messages:
                    await self._take(message.msg_id, message.obj)
            case GzipPacked():
                with BinaryReader(asked.data) as reader:
                    await self._take(message_id, reader.tgread_object())
            case types.MsgsAck():
                pass
            case functions.PingRequest():
                await self.send(types.Pong(message_id, asked.ping_id))
            case _:
                self.wire.spawn(self._answer(message_id, asked))

    async def _answer(self, message_id: int, asked: Any) -> None:
        while isinstance(
            asked,
            functions.InvokeWithLayerRequest | functions.InitConnectionRequest | functions.InvokeWithoutUpdatesRequest,
        ):
            asked = asked.query
        try:
            result = await self.wire.answer(self, asked)
        except Fault as fault:
            result = types.RpcError(fault.code, fault.message)
        data = (
            _vector(result) if isinstance(result, list) else bytes(result) if isinstance(result, TLObject) else result
        )
        await self.send(struct.pack("<Iq", RPC_RESULT, message_id) + data)

    async def send(self, message: TLObject | bytes) -> None:
        """Send an answer or an update."""
        if self.key is None or self.writer.is_closing():
            return
        data = bytes(message)
        self._sequence += 2
        plain = struct.pack(
            "<qqqii", self._salt, self._session, self._message_id(), self._sequence + 1, len(data)
        ) + data  # fmt: skip
        plain += os.urandom(-(len(plain) + 12) % 16 + 12)
        message_key = hashlib.sha256(self.key.key[96:128] + plain).digest()[8:24]
        aes = MTProtoState._calc_key(self.key.key, message_key, False)
        with contextlib.suppress(ConnectionError):
            await self.send_packet(struct.pack("<Q", self.key.key_id) + message_key + AES.encrypt_ige(plain, *aes))


class Wire:
    """Listens on loopback; ``async with``. ``answer`` is given a connection and a request."""

    def __init__(self, answer: Callable[[Connected, Any], Awaitable[Any]]) -> None:
        self.answer = answer
        self.private = keys.generate_private_key(65537, 2048)
        pem = self.pem = self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.PKCS1
        )
        rsa.add_key(pem, old=False)
        self.fingerprint = next(print_ for print_ in list(rsa._server_keys)[::-1])
        del rsa._server_keys[self.fingerprint]  # the client must be told of it
        self.keys: dict[int, AuthKey] = {}
        self.connections: set[Connected] = set()
        self.accepted = 0
        self.slams_the_door = False
        """Every connection is accepted and closed at once."""
        self.broken: list[BaseException] = []
        """What went wrong in the server itself: a test that leaves some has found nothing out."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def write_key(self, path: Path) -> Path:
        path.write_bytes(self.pem)
        return path

    def spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken.append(error)
            log.error("the server broke", exc_info=error)

    async def listen(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        connected = Connected(self, reader, writer)
        self.connections.add(connected)
        try:
            if not self.slams_the_door:
                await connected.run()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # broken by either side, or the test is over
        finally:
            self.connections.discard(connected)
            writer.close()

    def hang_up(self) -> None:
        """Break every connection."""
        for connected in self.connections:
            connected.writer.transport.abort()

    async def close(self) -> None:
        """Stop listening, and break every connection."""
        if self._server is not None:
            self._server.close()
        self.hang_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _big(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _vector(items: list[TLObject]) -> bytes:
    return struct.pack("<Ii", 0x1CB5C415, len(items)) + b"".join(map(bytes, items))
