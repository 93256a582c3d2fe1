"""Attacks on the API, each over the wire."""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import re
import struct
import time
import zlib

import jwt
import pytest
import pytest_asyncio

from kingtui.home import own_secret
from tests.guard.served import KEY, bearer, is_error, raw, rsa_pair, served, signed
from tests.world import until

pytestmark = pytest.mark.asyncio(loop_scope="module")
PRIVATE, PUBLIC = rsa_pair()
OTHER, _ = rsa_pair()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def closed(tmp_path_factory):
    """Asks for tokens, which a secret signs."""
    home = tmp_path_factory.mktemp("closed")
    async with served(home, proxy_hops=1, jwt_key=KEY, jwt_issuer="https://idp.example") as (runtime, http):
        yield runtime, from_everywhere(http)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def by_rsa(tmp_path_factory):
    """Asks for tokens, which an RSA key signs."""
    folder = tmp_path_factory.mktemp("rsa")
    (folder / "public.pem").write_bytes(PUBLIC)
    (folder / "private.pem").write_bytes(PRIVATE)
    settings = {
        "proxy_hops": 1, "jwt_algorithm": "RS256", "jwt_public_key_file": folder / "public.pem",
        "jwt_private_key_file": folder / "private.pem",
    }  # fmt: skip
    async with served(folder / "home", **settings) as (runtime, http):
        yield runtime, from_everywhere(http)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def opened(tmp_path_factory):
    """As it is by default, on a loopback address."""
    async with served(tmp_path_factory.mktemp("opened")) as (_, http):
        yield http


def from_everywhere(http):
    """Each request comes from another address, so that bad tokens are not counted together."""
    numbers = itertools.count(1)

    async def another(request):
        request.headers["X-Forwarded-For"] = f"10.0.{next(numbers) >> 8}.{next(numbers) & 255}"

    http.event_hooks["request"] = [another]
    return http


def good(**claims):
    return signed(iss="https://idp.example", **claims)


def unsigned(**claims):
    """A token that says of itself that nobody signed it."""
    return jwt.encode(jwt.decode(good(**claims), options={"verify_signature": False}), None, algorithm="none")


def forged_with(public: bytes) -> str:
    """HS256 by a public key: what a verifier takes that lets the token choose the algorithm."""
    head, body = signed(KEY).split(".")[:2]
    text = f"{head}.{body}"
    mark = hmac.new(public, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"


async def test_a_token_that_counts_is_let_in(closed):
    _, http = closed
    assert (await http.get("/status", headers=bearer(good()))).status_code == 200


BAD = {
    "nobody signed it": lambda: unsigned(),
    "nobody signed it, and it says so oddly": lambda: unsigned().replace(
        jwt.utils.base64url_encode(b'{"alg":"none","typ":"JWT"}').decode(),
        jwt.utils.base64url_encode(b'{"alg":"nOnE","typ":"JWT"}').decode(),
    ),
    "another key signed it": lambda: good(key="another secret that has more than 32 bytes"),
    "an RSA key signed it": lambda: good(key=PRIVATE, algorithm="RS256"),
    "another length of hash": lambda: good(algorithm="HS512", key=KEY * 3),
    "expired": lambda: good(exp=int(time.time()) - 60),
    "never expires": lambda: good(exp=None),
    "expires at a word": lambda: good(exp="tomorrow"),
    "not yet": lambda: good(nbf=int(time.time()) + 600),
    "another audience": lambda: good(aud="somebody else"),
    "no audience": lambda: good(aud=None),
    "another issuer": lambda: signed(iss="https://evil.example"),
    "no issuer": lambda: signed(),
    "no id": lambda: good(jti=None),
    "an id that is no text": lambda: good(jti="x" * 300),
    "its signature cut off": lambda: good().rpartition(".")[0] + ".",
    "its claims changed": lambda: ".".join(
        [good().split(".")[0], jwt.utils.base64url_encode(b'{"scope":"admin"}').decode(), good().split(".")[2]]
    ),
    "rubbish": lambda: "\xff\xfe..",
    "long": lambda: "A" * 20_000,
}


@pytest.mark.parametrize("token", BAD)
async def test_a_token_that_does_not_count_is_401(closed, token):
    _, http = closed
    made = BAD[token]().encode("latin-1")
    answer = await http.get("/status", headers={b"authorization": b"Bearer " + made})
    assert is_error(answer, 401, "unauthorized")
    assert "invalid_token" in answer.headers["www-authenticate"]
    assert not made or made.decode("latin-1") not in answer.text


async def test_what_a_token_says_of_its_key_counts_for_nothing(closed):
    _, http = closed
    evil = {"kid": "../../../../dev/null", "jku": "http://127.0.0.1:1/keys", "jwk": {"kty": "oct", "k": "AA"}}
    assert (await http.get("/status", headers=bearer(good(headers=evil)))).status_code == 200
    empty = good(key="\0" * 40, headers=evil)
    assert is_error(await http.get("/status", headers=bearer(empty)), 401, "unauthorized")


async def test_what_is_refused_is_counted(opened):
    def refused(text):
        return {status: float(n) for status, n in re.findall(r'http_refused_total\{status="(\d+)"\} (\S+)', text)}

    before = refused((await opened.get("/metrics")).text)
    for headers in (bearer("nonsense"), {"Host": "evil.example"}, {"Host": "evil.example"}):
        await opened.get("/status", headers=headers)
    after = refused((await opened.get("/metrics")).text)
    grown = {status: count - before.get(status, 0) for status, count in after.items()}
    assert {status: count for status, count in grown.items() if count} == {"401": 1, "403": 2}


@pytest.mark.parametrize("scheme", ["Basic dXNlcjpwYXNz", "Token x", "Bearer", "x"])
async def test_another_kind_of_authorization_is_401(closed, scheme):
    _, http = closed
    assert is_error(await http.get("/status", headers={"Authorization": scheme}), 401, "unauthorized")


async def test_keys_cannot_be_taken_for_one_another(by_rsa):
    _, http = by_rsa
    assert (await http.get("/status", headers=bearer(signed(PRIVATE, "RS256")))).status_code == 200
    for token in (
        forged_with(PUBLIC), forged_with(PUBLIC.strip()), signed(OTHER, "RS256"), signed(KEY), unsigned(),
        signed(PRIVATE, "PS256"),
    ):  # fmt: skip
        assert is_error(await http.get("/status", headers=bearer(token)), 401, "unauthorized")


async def test_without_a_token_nothing_but_the_page_is_told(closed):
    _, http = closed
    for method, path in (("GET", "/health"), ("GET", "/data/BTC"), ("GET", "/nothing"), ("POST", "/trigger/3"),
                         ("POST", "/restart"), ("PUT", "/health"), ("GET", "/openapi.json"), ("GET", "/tokens"),
                         ("GET", "/web/../status")):  # fmt: skip
        answer = await http.request(method, path)
        assert is_error(answer, 401, "unauthorized"), path
        assert answer.headers["www-authenticate"] == 'Bearer realm="kingtui"'
    assert (await http.get("/web/nothing.js")).status_code == 404


SCOPES = [
    ("read", "GET", "/status", 200),
    ("read", "GET", "/history", 200),
    ("read", "HEAD", "/status", None),
    ("read", "POST", "/trigger/3", 403),
    ("read", "POST", "/control/trigger", 403),
    ("read", "POST", "/images", 403),
    ("read", "POST", "/images/1/retry", 403),
    ("read", "POST", "/pause", 403),
    ("read", "POST", "/restart", 403),
    ("trigger", "GET", "/status", 200),
    ("trigger", "POST", "/trigger/3", 200),
    ("trigger", "POST", "/restart", 403),
    ("trigger", "POST", "/control/restart", 403),
    ("trigger", "POST", "/control/set_api", 403),
    ("trigger", "POST", "/control/../control/set_api", 403),
    ("trigger", "DELETE", "/data/BTC", 403),
    ("admin", "POST", "/restart", 200),
    ("admin", "POST", "/tokens", 403),
    ("admin", "GET", "/tokens", 403),
    ("", "GET", "/status", 403),
    ("write everything", "GET", "/status", 403),
    (["read", "trigger"], "POST", "/trigger/3", 200),
    ({"read": True}, "GET", "/status", 403),
    ("read,admin", "POST", "/restart", 403),
]


@pytest.mark.parametrize(("scope", "method", "path", "status"), SCOPES, ids=str)
async def test_a_token_allows_what_its_scope_says(closed, scope, method, path, status):
    _, http = closed
    answer = await http.request(method, path, headers=bearer(good(scope=scope)))
    if status == 403:
        assert is_error(answer, 403, "forbidden")
    else:
        assert answer.status_code == (status or answer.status_code)
        assert answer.status_code not in (401, 403)


async def test_a_revoked_token_counts_no_more_at_once(closed):
    runtime, http = closed
    own = bearer(own_secret(runtime.home))
    made = (await http.post("/tokens", headers=own, json={"name": "bot", "scopes": ["read"], "seconds": 600})).json()
    assert (await http.get("/status", headers=bearer(made["token"]))).status_code == 200
    answer = await http.delete(f"/tokens/{made['id']}", headers=own)
    assert (answer.status_code, answer.json()["revoked"] is not None) == (200, True)
    refused = await http.get("/status", headers=bearer(made["token"]))
    assert is_error(refused, 401, "unauthorized")
    assert "revoked" in refused.text
    elsewhere = good(jti="made-elsewhere")
    assert (await http.get("/status", headers=bearer(elsewhere))).status_code == 200
    await http.delete("/tokens/made-elsewhere", headers=own)
    assert is_error(await http.get("/status", headers=bearer(elsewhere)), 401, "unauthorized")


async def test_the_secret_of_the_home_allows_everything_and_no_other_does(closed):
    runtime, http = closed
    secret = own_secret(runtime.home)
    assert (await http.get("/tokens", headers=bearer(secret))).status_code == 200
    for wrong in (secret[:-1], secret + "x", secret.swapcase()):
        assert is_error(await http.get("/tokens", headers=bearer(wrong)), 401, "unauthorized")


FOREIGN = ["https://evil.example", "http://evil.example", "null", "http://localhost.evil.example", "https://localhost",
           "http://evil.example:80@localhost", "http://127.0.0.1.evil.example:5555", "file://", "", "http://localhost:x",
           "http://[::1", "http://localhost:8000, https://evil.example", "HTTP://EVIL"]  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_page_changes_nothing_and_reads_nothing(opened, origin):
    headers = {"Origin": origin}
    before = (await opened.get("/history")).json()["total"]
    for method, path in (("POST", "/trigger/3"), ("POST", "/restart"), ("DELETE", "/data/BTC"), ("PATCH", "/x")):
        answer = await opened.request(method, path, headers=headers)
        assert is_error(answer, 403, "forbidden")
        assert "access-control-allow-origin" not in answer.headers
    assert (await opened.get("/history")).json()["total"] == before
    read = await opened.get("/status", headers=headers)
    assert "access-control-allow-origin" not in read.headers
    assert "Origin" in read.headers["vary"]
    asks = headers | {"Access-Control-Request-Method": "POST"}
    assert is_error(await opened.options("/trigger/3", headers=asks), 403, "forbidden")


async def test_a_form_of_another_site_changes_nothing(opened):
    answer = await opened.post("/restart", headers={"Sec-Fetch-Site": "cross-site"})
    assert is_error(answer, 403, "forbidden")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:5555", "localhost.evil.example", "127.0.0.1.nip.io", "0.0.0.0", "10.1.2.3",
             "localhost@evil.example", "localhost:5555/evil", "[::2]", "", "localhost evil", "127.1", "2130706433"],
)  # fmt: skip
async def test_a_foreign_name_is_refused(opened, host):
    assert is_error(await opened.get("/status", headers={"Host": host}), 403, "forbidden")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:5555", "127.0.0.1:1", "[::1]:5555", "localhost."])
async def test_the_machines_own_names_are_not(opened, host):
    assert (await opened.get("/status", headers={"Host": host})).status_code == 200


async def test_no_host_or_two_are_refused(opened):
    address = str(opened.base_url)
    for request in (b"GET /status HTTP/1.1\r\n\r\n", b"GET /status HTTP/1.0\r\n\r\n",
                    b"GET /status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"):  # fmt: skip
        status, body = await raw(address, request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert (status, json.loads(body)["code"]) == (400, "bad_request")


async def test_an_address_in_the_request_line_changes_no_host(opened):
    status, _ = await raw(
        str(opened.base_url), b"GET http://localhost/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    )
    assert status == 403


async def test_what_came_through_a_proxy_unasked_is_refused(opened):
    for header in ("X-Forwarded-For", "Forwarded"):
        assert is_error(await opened.get("/status", headers={header: "1.2.3.4"}), 401, "unauthorized")


@pytest.mark.parametrize("path", [
    "/data/..%2F..%2Fetc%2Fpasswd", "/data/../../etc/passwd", "/reports/..%2F..%2F.api-secret", "/reports/%2e%2e%2f",
    "/images/../../.token-key/file", "/images/..%2F..%2Fkingtui.db/file", "/images/-1/file", "/images/1e9/file",
    "/web/..%2F..%2Fkingtui%2Fapp.py", "/web/%2e%2e/%2e%2e/etc/passwd", "/web//etc/passwd", "/runs/..%2F1/log",
])  # fmt: skip
async def test_no_path_leads_out(opened, path):
    request = opened.build_request("GET", "/")
    request.extensions["target"] = path.encode()
    answer = await opened.send(request)
    assert answer.status_code in (400, 404, 422), answer.text
    assert answer.headers["content-type"] == "application/json"
    assert "root:" not in answer.text


async def test_a_head_of_ten_megabytes_is_refused(opened):
    address = str(opened.base_url)
    for head in (b"X-Long: " + b"a" * 10_000_000, b"X-Many: 1\r\n" * 900_000, b"Cookie: " + b"a=b; " * 8000):
        status, body = await raw(address, b"GET /status HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n")
        assert status in (0, 431), body  # 0: it had gone before all was sent
    status, _ = await raw(address, b"GET /" + b"a" * 10_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status in (0, 431)
    status, body = await raw(address, b"GET /status HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 40_000 + b"\r\n\r\n")
    assert (status, json.loads(body)["code"]) == (431, "bad_request")
    assert (await opened.get("/status")).status_code == 200


async def test_a_body_of_ten_megabytes_is_refused(opened, closed):
    answer = await opened.post("/trigger/3", content=b"a" * 10_000_000)
    assert is_error(answer, 413, "too_large")
    runtime, http = closed

    async def parts():
        for _ in range(160):
            yield b"a" * 65_536

    unannounced = await http.post("/tokens", content=parts(), headers=bearer(own_secret(runtime.home)))
    assert is_error(unannounced, 413, "too_large")
    for length in (b"99999999999999999999999", b"1e3", b"-1"):
        status, _ = await raw(
            str(opened.base_url),
            b"POST /trigger/3 HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + length + b"\r\n\r\n",
        )
        assert status in (400, 413)


def bomb() -> bytes:
    """A picture of some kilobytes that would fill 600 MB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" * (1 + 3 * 14_000)
    squeeze = zlib.compressobj(1)
    rows = b"".join(squeeze.compress(row) for _ in range(14_000)) + squeeze.flush()
    head = struct.pack(">IIBBBBB", 14_000, 14_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.slow
async def test_a_picture_that_would_fill_the_memory_is_set_aside(opened, tmp_path):
    picture = await asyncio.to_thread(bomb)
    assert len(picture) < 6_000_000
    name = "../../\x1b]0;pwned\x07<script>.png"
    answer = await opened.post("/images", files={"file": (name, picture, "image/png")})
    assert answer.status_code in (201, 400, 415, 422), answer.text
    if answer.status_code == 201:
        assert re.fullmatch(r"downloads/[^/]+\.png", answer.json()["path"])
        assert "\x1b" not in answer.json()["path"]

        async def set_aside():
            found = (await opened.get("/images?stage=quarantined")).json()["images"]
            return found and found[0]["path"].startswith("downloads/Quarantine/")

        await until(set_aside, "the bomb in Quarantine")
    assert (await opened.get("/health")).status_code == 200


@pytest.mark.parametrize(
    "body", [b"", b"--x\r\n", b"\0" * 1000, b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--"]
)
async def test_what_is_no_upload_is_refused(opened, body):
    answer = await opened.post("/images", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]


async def test_an_upload_past_its_limit_is_refused(closed):
    runtime, http = closed

    async def parts():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        for _ in range(60):
            yield b"a" * 1_000_000

    head = bearer(own_secret(runtime.home)) | {"Content-Type": "multipart/form-data; boundary=x"}
    assert is_error(await http.post("/images", content=parts(), headers=head), 413, "too_large")
    assert not list(runtime.home.downloads.glob("*.png"))


@pytest.mark.parametrize("data", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"SSH-2.0-x\r\n", b"\0" * 100, b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /restart HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /status HTTP/1.1\r\nHost: localhost\r\nX\0Y: 1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
])  # fmt: skip
async def test_what_is_no_http_gets_a_json_error(opened, data):
    status, body = await raw(str(opened.base_url), data)
    assert 400 <= status < 500, body
    assert json.loads(body)["error"]


async def test_a_request_that_ends_early_frees_its_connection(opened):
    _, writer = await asyncio.open_connection("127.0.0.1", opened.base_url.port)
    writer.write(b"POST /control/choose HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nabc")
    await writer.drain()
    writer.close()
    assert (await opened.get("/status")).status_code == 200


async def test_every_answer_says_what_a_browser_may_not_do(opened, closed):
    answers = [await opened.get(path) for path in ("/status", "/nothing")]
    answers += [await opened.post("/trigger/9"), await closed[1].get("/status")]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in answer.headers
        assert "strict-transport-security" not in answer.headers


async def test_a_page_that_a_browser_kept_keeps_its_policy(opened):
    page = await opened.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    again = await opened.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304
    assert "content-security-policy" not in again.headers


async def test_no_secret_is_told(closed):
    runtime, http = closed
    secret = own_secret(runtime.home)
    texts = [(await http.get(path, headers=bearer(secret))).text for path in ("/status", "/health", "/history", "/x")]
    log = runtime.home.log_file.read_text()
    for hidden in (secret, KEY):
        assert all(hidden not in text for text in [*texts, log])


async def test_a_page_of_this_machine_may_do_as_it_did(opened):
    page = {"Origin": "http://localhost:8000"}
    read = await opened.get("/status", headers=page)
    assert read.headers["access-control-allow-origin"] == "http://localhost:8000"
    assert "ETag" in read.headers["access-control-expose-headers"]
    asks = page | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    allowed = await opened.options("/trigger/3", headers=asks)
    assert (allowed.status_code, allowed.text) == (204, "")
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert "content-type" in allowed.headers["access-control-allow-headers"].lower()
    assert (await opened.post("/trigger/3", headers=page)).status_code == 200
    assert (await opened.post("/trigger/9", headers=page)).headers["access-control-allow-origin"] == page["Origin"]
    for own in (f"http://127.0.0.1:{opened.base_url.port}", "http://localhost"):
        host = own.partition("://")[2]
        assert (await opened.post("/trigger/3", headers={"Origin": own, "Host": host})).status_code == 200


async def test_a_page_is_told_that_it_needs_a_token(closed):
    _, http = closed
    answer = await http.get("/status", headers={"Origin": "http://localhost:8000"})
    assert is_error(answer, 401, "unauthorized")
    assert answer.headers["access-control-allow-origin"] == "http://localhost:8000"


async def test_tokens_that_cannot_be_looked_up_are_a_503(tmp_path, monkeypatch):
    async with served(tmp_path, jwt_key=KEY) as (runtime, http):
        with monkeypatch.context() as closed_store:
            closed_store.setattr(runtime._database, "_reader", None)
            assert is_error(await http.get("/status", headers=bearer(signed())), 503, "unavailable")
        assert (await http.get("/status", headers=bearer(signed()))).status_code == 200


async def test_json_that_is_nested_without_end_is_a_400(closed):
    runtime, http = closed
    own = bearer(own_secret(runtime.home))
    for path in ("/tokens", "/control/status"):
        assert is_error(await http.post(path, content=b"[" * 100_000, headers=own), 400, "bad_request")


async def test_a_choice_is_short_and_no_other_is_lost(tmp_path):
    async with served(tmp_path) as (_, http):

        async def choose(name, value):
            return await http.post("/control/choose", json={"args": {"name": name, "value": value}})

        answers = await asyncio.gather(*(choose(f"choice {number}", "\U0001f642" * 200) for number in range(50)))
        assert {answer.status_code for answer in answers} == {200}
        for name, value in (("one more", "a"), ("theme", "a" * 201), ("a" * 201, "b"), ("theme", "\x1b[31m")):
            assert is_error(await choose(name, value), 400, "bad_request")
        kept = (await http.post("/control/choices")).json()["result"]
        assert kept == {f"choice {number}": "\U0001f642" * 200 for number in range(50)}
