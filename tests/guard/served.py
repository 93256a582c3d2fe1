"""A kingtui at work whose API is asked over the wire, and tokens of every kind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from kingtui.runtime import Runtime
from tests.world import running, until

KEY = "a secret of the tests, of more than 32 bytes"


@contextlib.asynccontextmanager
async def served(home: Path, **settings: Any) -> AsyncIterator[tuple[Runtime, httpx.AsyncClient]]:
    """A runtime in ``home`` with its API on a free port, and a client of it."""
    async with running(home, api=True, port=0, **settings) as runtime:
        address = runtime.address
        assert address is not None
        async with httpx.AsyncClient(base_url=address, timeout=20, trust_env=False) as http:
            await until(lambda: answers(http), "the API")
            yield runtime, http


async def answers(http: httpx.AsyncClient) -> bool:
    try:
        await http.get("/health")
    except httpx.TransportError:
        return False
    return True


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def signed(key: Any = KEY, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token that counts, but for what ``claims`` say otherwise; a claim that is None is left out."""
    now = int(time.time())
    said = {"aud": "kingtui", "exp": now + 600, "iat": now, "jti": "one", "scope": "admin", "sub": "tests"} | claims
    return jwt.encode({n: v for n, v in said.items() if v is not None}, key, algorithm=algorithm, headers=headers)


def rsa_pair(bits: int = 2048) -> tuple[bytes, bytes]:
    """A private and a public key as PEM."""
    return _pems(rsa.generate_private_key(65537, bits))


def ed25519_pair() -> tuple[bytes, bytes]:
    """A private and a public key as PEM."""
    return _pems(ed25519.Ed25519PrivateKey.generate())


def _pems(key: Any) -> tuple[bytes, bytes]:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


async def raw(address: str, data: bytes, seconds: float = 20.0) -> tuple[int, bytes]:
    """Send bytes, and read the answer to its end: status (0: none) and body."""
    host, _, port = address.partition("://")[2].rpartition(":")
    reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    answer = b""
    try:
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
        async with asyncio.timeout(seconds):
            with contextlib.suppress(ConnectionError):
                while part := await reader.read(65_536):
                    answer += part
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return (int(head.split(b" ")[1]) if head else 0), body


def is_error(answer: httpx.Response, status: int, code: str) -> bool:
    """Whether it is an error in the API's shape."""
    found = json.loads(answer.text)
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    assert answer.headers["content-type"] == "application/json"
    assert found["code"] == code, found
    return isinstance(found["error"], str) and len(found["error"]) > 5
