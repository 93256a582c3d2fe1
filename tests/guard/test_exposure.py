"""Where the API may be reached, and by TLS."""

import datetime
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from kingtui.commands.owner import owner_api
from kingtui.control import Control
from kingtui.control.wire import ADMINISTERING, READING, TRIGGERING
from kingtui.guard.callers import needed
from kingtui.guard.exposure import check_exposure
from kingtui.guard.hosts import Hosts
from kingtui.guard.keys import keyring
from kingtui.guard.origins import Origins
from kingtui.home import Home, make_secret, make_token_key, own_secret, owner, trust
from kingtui.models import KingError, Scope, WrongUse
from kingtui.server import tls_context
from kingtui.settings import Settings, load_settings
from tests.guard.served import KEY, bearer, ed25519_pair, rsa_pair, served
from tests.world import running


def certified(folder: Path, name: str = "king.example.org", password: bytes | None = None) -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    protection = BestAvailableEncryption(password) if password else NoEncryption()
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection))
    return folder / "cert.pem", folder / "key.pem"


LAN = ["0.0.0.0"]
HERE = ["127.0.0.1", "::1"]


@pytest.mark.parametrize(
    ("settings", "bound", "has_tokens"),
    [
        ({}, HERE, False), ({"require_token": True}, HERE, False), ({"proxy_hops": 1}, HERE, False), ({}, LAN, True),
        ({"jwt_key": KEY}, LAN, False), ({"insecure": True}, LAN, False), ({"insecure": True}, HERE, False),
    ],
)  # fmt: skip
def test_where_it_may_be_reached(tmp_path, settings, bound, has_tokens):
    check_exposure(Settings(home=tmp_path, **settings), bound, has_tokens=has_tokens)


@pytest.mark.parametrize(
    ("settings", "bound", "said"),
    [
        ({}, LAN, "kingtui token create"), ({}, ["127.0.0.1", "192.168.1.5"], "--insecure"),
        ({"host": "::"}, ["::"], ":: can be reached by other machines"),
        ({"insecure": True, "require_token": True}, HERE, "KINGTUI_REQUIRE_TOKEN asks for tokens"),
        ({"insecure": True, "proxy_hops": 1}, LAN, "KINGTUI_PROXY_HOPS asks for tokens"),
    ],
)  # fmt: skip
def test_where_it_may_not(tmp_path, settings, bound, said):
    with pytest.raises(WrongUse, match=said):
        check_exposure(Settings(home=tmp_path, **settings), bound, has_tokens=False)


async def test_an_open_address_needs_a_token_and_then_asks_for_it(tmp_path):
    with pytest.raises(WrongUse, match=r"0\.0\.0\.0 can be reached by other machines"):
        async with running(tmp_path, api=True, port=0, host="0.0.0.0"):
            pass
    command = [sys.executable, "-m", "kingtui", "token", "create", "--name", "x", "--home", str(tmp_path)]
    token = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()  # noqa: ASYNC221
    async with served(tmp_path, host="0.0.0.0") as (runtime, http):
        assert (await http.get("/status")).status_code == 401
        assert (await http.get("/status", headers=bearer(token))).status_code == 200
        assert (await http.get("/status", headers=bearer(own_secret(runtime.home)))).status_code == 200
        assert (await http.get("/status", headers=bearer(token) | {"Host": "192.0.2.7:5555"})).status_code == 403


async def test_insecure_in_so_many_words(tmp_path, caplog):
    async with served(tmp_path, host="0.0.0.0", insecure=True) as (_, http):
        assert (await http.post("/trigger/3")).status_code == 200
        assert (await http.post("/trigger/3", headers={"X-Forwarded-For": "1.2.3.4"})).status_code == 200
        assert (await http.get("/status", headers=bearer("wrong"))).status_code == 401
        assert (await http.post("/trigger/3", headers={"Origin": "https://evil.example"})).status_code == 403
    assert "everybody who reaches 0.0.0.0 may do everything" in caplog.text


async def test_a_wrong_key_stops_the_start(tmp_path):
    with pytest.raises(WrongUse, match="KINGTUI_JWT_KEY has 5 bytes"):
        async with running(tmp_path, api=True, port=0, jwt_key="short"):
            pass


async def test_tls(tmp_path):
    certificate, key = certified(tmp_path / "tls")
    other, _ = certified(tmp_path / "other")
    async with running(tmp_path / "home", api=True, port=0, certfile=certificate, keyfile=key) as runtime:
        assert runtime.address.startswith("https://127.0.0.1:")
        home = runtime.home
        assert owner(home).address == runtime.address
        async with owner_api(home, owner(home)) as api:
            assert (await api.health())["status"] == "healthy"
            assert (await api.tokens()) == {"tokens": []}
        async with httpx.AsyncClient(base_url=runtime.address, verify=trust(home, runtime.address)) as http:
            answer = await http.get("/status")
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            for origin, status in (("https", 200), ("http", 403)):
                host = runtime.address.partition("://")[2].replace("127.0.0.1", "[::1]")
                headers = {"Origin": f"{origin}://{host}", "Host": host}
                assert (await http.post("/trigger/3", headers=headers)).status_code == status
        stranger = ssl.create_default_context(cafile=str(other))
        stranger.check_hostname = False
        for verify in (True, stranger):
            async with httpx.AsyncClient(base_url=runtime.address, verify=verify) as http:
                with pytest.raises(httpx.ConnectError):
                    await http.get("/status")
        async with httpx.AsyncClient(base_url=runtime.address.replace("https", "http")) as http:
            with pytest.raises(httpx.TransportError):
                await http.get("/status")
    assert home.api_certificate.read_text() == certificate.read_text()
    async with running(tmp_path / "home", api=True, port=0) as runtime:
        assert runtime.address.startswith("http://")
        assert not home.api_certificate.exists()


def test_a_pair_that_cannot_be_used_gets_a_sentence(tmp_path):
    certificate, key = certified(tmp_path / "a")
    _, other = certified(tmp_path / "b")
    _, locked = certified(tmp_path / "c", password=b"secret")
    (tmp_path / "text").write_text("no pem")
    for pair, said in (
        ((certificate, None), "KINGTUI_CERTFILE is set and KINGTUI_KEYFILE is not"),
        ((None, key), "KINGTUI_KEYFILE is set and KINGTUI_CERTFILE is not"),
        ((tmp_path / "none", key), "none, which the API needs for https, cannot be read: No such file"),
        ((certificate, other), "the key is not that of the certificate"),
        ((certificate, locked), "the key without a password"),
        ((tmp_path / "text", key), "both must be PEM"), ((certificate, tmp_path / "text"), "both must be PEM"),
        ((key, certificate), "cannot be used for https"),
    ):  # fmt: skip
        with pytest.raises(WrongUse, match=said):
            tls_context(*pair)
    assert tls_context(None, None) is None


def test_keys_that_cannot_be_used_get_a_sentence(tmp_path):
    private, public = rsa_pair()
    small, _ = rsa_pair(1024)
    ed_private, ed_public = ed25519_pair()
    for name, data in (("private", private), ("public", public), ("small", small), ("ed", ed_public), ("no", b"no")):
        (tmp_path / name).write_bytes(data)
    home = Home(tmp_path / "home")
    rsa, ed = {"jwt_algorithm": "RS256"}, {"jwt_algorithm": "EdDSA"}
    for settings, said in (
        ({"jwt_key": "short"}, "5 bytes: at least 32"), ({"jwt_key": public.decode()}, "a PEM key, which HS256"),
        ({"jwt_public_key_file": tmp_path / "public"}, "are for RS256 and EdDSA"), (rsa, "RS256, which needs a key"),
        (rsa | {"jwt_public_key_file": tmp_path / "none"}, "none cannot be read: No such file"),
        (rsa | {"jwt_public_key_file": tmp_path / "ed"}, "an RSA key is allowed for RS256"),
        (ed | {"jwt_public_key_file": tmp_path / "public"}, "an Ed25519 key is allowed for EdDSA"),
        (rsa | {"jwt_private_key_file": tmp_path / "small"}, "1024 bits: at least 2048"),
        (rsa | {"jwt_private_key_file": tmp_path / "public"}, "holds a public key, which cannot sign"),
        (rsa | {"jwt_public_key_file": tmp_path / "no"}, "no key that can be read"),
        (rsa | {"jwt_key": KEY}, "KINGTUI_JWT_KEY holds no key that can be read"),
    ):  # fmt: skip
        with pytest.raises(WrongUse, match=said) as error:
            keyring(Settings(home=tmp_path, **settings), home)
        assert KEY not in str(error.value)
    now = datetime.datetime.now(datetime.UTC)
    later = now + datetime.timedelta(minutes=5)
    both = keyring(Settings(home=tmp_path, jwt_algorithm="EdDSA", jwt_key=ed_private.decode()), home)
    token = both.sign("id", "n", (Scope.TRIGGER,), now, later)
    checks = keyring(Settings(home=tmp_path, jwt_algorithm="EdDSA", jwt_key=ed_public.decode()), home)
    assert checks.verify(token).caller.scopes == {Scope.READ, Scope.TRIGGER}
    with pytest.raises(WrongUse, match="signed elsewhere"):
        checks.sign("id", "n", (Scope.READ,), now, later)


def test_secrets_of_the_home_are_closed_to_others(tmp_path, caplog):
    home = Home(tmp_path)
    assert own_secret(home) is None
    secret = make_secret(home)
    assert (make_secret(home), own_secret(home)) == (secret, secret)
    assert len(secret) >= 43
    assert home.api_secret.stat().st_mode & 0o777 == 0o600
    home.api_secret.chmod(0o640)
    renewed = make_secret(home)
    assert renewed != secret
    assert home.api_secret.stat().st_mode & 0o777 == 0o600
    assert "could be read by others (mode 0640)" in caplog.text
    assert secret not in caplog.text
    key = make_token_key(home)
    assert make_token_key(home) == key
    home.token_key.chmod(0o644)
    with pytest.raises(KingError, match="can be read by others"):
        make_token_key(home)
    home.token_key.unlink()
    home.token_key.symlink_to(home.api_secret)
    with pytest.raises(KingError, match="cannot be read"):
        make_token_key(home)


def test_every_method_of_control_has_its_scope():
    methods = {name for name in vars(Control) if not name.startswith("_")} - {"events"}
    assert methods == READING | TRIGGERING | ADMINISTERING
    assert len(methods) == len(READING) + len(TRIGGERING) + len(ADMINISTERING)
    assert needed("POST", "/control/whatever-comes") is Scope.ADMIN
    assert needed("BREW", "/status") is Scope.ADMIN
    assert needed("GET", "/ws") is Scope.READ


def test_names_and_origins_that_are_set():
    hosts = Hosts(["127.0.0.1"], "localhost", ["king.example.org", "*.home.arpa"])
    for host in (b"king.example.org", b"KING.example.org:443", b"a.home.arpa", b"localhost:5555"):
        assert hosts.allows(host, "127.0.0.1"), host
    for host in (b"example.org", b"x.king.example.org", b"home.arpa", b"a.home.arpa.evil", b"192.168.1.5"):
        assert not hosts.allows(host, "127.0.0.1"), host
    assert hosts.allows(b"192.168.1.5:5555", "192.168.1.5")
    assert hosts.allows(b"[2001:db8::5]:5555", "2001:db8::5")
    origins = Origins(["https://desk.example.org", "null", "http://[::1]:*"])
    host = b"127.0.0.1:5555"
    for origin in (
        b"https://desk.example.org",
        b"null",
        b"http://[::1]:3000",
        b"http://localhost",
        b"http://localhost:1",
    ):
        assert origins.headers(origin, host)[0] == (b"access-control-allow-origin", origin)
    for origin in (b"http://desk.example.org", b"https://desk.example.org:444", b"https://xdesk.example.org",
                   b"https://deskxexample.org", b"https://127.0.0.1:5555"):  # fmt: skip
        assert origins.headers(origin, host) is None
    assert Origins(tls=True).headers(b"https://king.example.org", b"king.example.org:443")
    assert not Origins(tls=True).headers(b"http://king.example.org", b"king.example.org")
    assert Origins(either=True).headers(b"https://king.example.org", b"king.example.org")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALLOWED_HOSTS", "a b", "'a b' is none of them: host names without a port"),
        ("ALLOWED_HOSTS", "https://king.example.org", "is none of them"),
        ("ALLOWED_HOSTS", "king.example.org:443", "is none of them"),
        ("CORS_ORIGINS", "*", "'\\*' is none of them: origins such as"),
        ("CORS_ORIGINS", "https://a.example/path", "is none of them"),
        ("CORS_ORIGINS", "desk.example.org", "is none of them"),
        ("JWT_ALGORITHM", "none", "HS256, RS256 or EdDSA is allowed"),
        ("RATE_LIMIT_STORAGE", "memory", "an address such as redis://localhost:6379/0 is allowed"),
        ("PROXY_HOPS", "-1", "a whole number from 0 to 10 is allowed"),
        ("MAX_CONNECTIONS", "0", "a whole number from 10 to 100000 is allowed"),
        ("MAX_BODY", "much", "a number of bytes"),
        ("INSECURE", "perhaps", "true or false is allowed"),
        ("RATE_LIMIT", "many", "a whole number per second, minute, hour or day"),
    ],
)
def test_a_wrong_setting_gets_a_sentence(tmp_path, monkeypatch, name, value, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(f"KINGTUI_{name}", value)
    with pytest.raises(WrongUse, match=f"KINGTUI_{name} is .*{said}") as error:
        load_settings(tmp_path, {})
    assert name != "RATE_LIMIT_STORAGE" or value not in str(error.value)
