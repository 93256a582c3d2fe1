"""What tokens are signed with and checked by: one algorithm, chosen by a setting, never by the token.

JWT: RFC 7519; a token must say ``exp``, ``jti`` and our ``aud``, and what it allows in ``scope``, words with spaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kingtui.guard.callers import Caller
from kingtui.home import Home, make_token_key
from kingtui.models import KingError, Scope, WrongUse, with_lesser
from kingtui.redaction import hidden
from kingtui.settings import Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    Signing = bytes | RSAPrivateKey | Ed25519PrivateKey
    Checking = bytes | RSAPublicKey | Ed25519PublicKey

LEEWAY_SECONDS = 30
HMAC_BYTES = 32
RSA_BITS = 2048
ISSUER = "kingtui"
"""The ``iss`` of our own tokens where none is set."""
LONGEST = 8192
"""Characters of a token; a longer one is not looked at."""
_LONGEST_ID = 255
_LONGEST_NAME = 80


class BadToken(KingError):
    """A token that does not count. The sentence says why, without the token."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that counts until ``expires`` (seconds since 1970), unless ``id`` is revoked."""

    id: str
    caller: Caller
    expires: float


class Keyring:
    """Signs and checks tokens. ``signing`` is None where only a public key is known."""

    def __init__(
        self, algorithm: str, signing: Signing | None, checking: Checking, *, audience: str, issuer: str | None
    ) -> None:
        self.algorithm = algorithm
        self._signing = signing
        self._checking = checking
        self._audience = audience
        self._issuer = issuer

    def sign(self, token_id: str, name: str, scopes: tuple[Scope, ...], issued: datetime, expires: datetime) -> str:
        """A token. Raises WrongUse where there is no key to sign with."""
        if self._signing is None:
            raise WrongUse(
                "tokens are signed elsewhere: only a public key is set; KINGTUI_JWT_PRIVATE_KEY_FILE lets kingtui sign"
            )
        import jwt

        claims = {
            "iss": self._issuer or ISSUER, "aud": self._audience, "sub": name, "jti": token_id,
            "scope": " ".join(scopes), "iat": int(issued.timestamp()), "exp": int(expires.timestamp()),
        }  # fmt: skip
        return jwt.encode(claims, self._signing, algorithm=self.algorithm)

    def verify(self, text: str) -> Verified:
        """What a token says, once its signature, time, audience and issuer are found right. Raises BadToken."""
        if len(text) > LONGEST:
            raise BadToken("the token is too long")
        import jwt

        try:
            claims = jwt.decode(
                text, self._checking, algorithms=[self.algorithm], audience=self._audience, issuer=self._issuer,
                leeway=LEEWAY_SECONDS, options={"require": ["exp", "jti", "aud"]},
            )  # fmt: skip
        except jwt.ExpiredSignatureError:
            raise BadToken("the token has expired") from None
        except jwt.InvalidAudienceError:
            raise BadToken("the token is for another audience") from None
        except jwt.InvalidIssuerError:
            raise BadToken("the token comes from another issuer") from None
        except jwt.ImmatureSignatureError:
            raise BadToken("the token does not count yet") from None
        except jwt.MissingRequiredClaimError as error:
            raise BadToken(f"the token lacks {error.claim}") from None
        except (jwt.InvalidTokenError, ValueError):
            raise BadToken("the token is not one of ours") from None
        return _verified(claims)


def _verified(claims: dict[str, Any]) -> Verified:
    token_id = claims["jti"]
    if not isinstance(token_id, str) or not 0 < len(token_id) <= _LONGEST_ID:
        raise BadToken(f"the token's jti is no text of 1 to {_LONGEST_ID} characters")
    said = claims.get("scope", "")
    words = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
    scopes = with_lesser(scope for scope in Scope if scope.value in words)
    name = str(claims.get("sub") or "")[:_LONGEST_NAME] or f"token {token_id[:8]}"
    return Verified(token_id, Caller(name, scopes), float(claims["exp"]) + LEEWAY_SECONDS)


def keyring(settings: Settings, home: Home) -> Keyring:
    """The keys that are set, else the home's own. Raises WrongUse, KingError with a sentence."""
    algorithm = settings.jwt_algorithm
    files = settings.jwt_public_key_file or settings.jwt_private_key_file
    if algorithm == "HS256":
        if files:
            raise WrongUse("KINGTUI_JWT_PUBLIC_KEY_FILE and _PRIVATE_KEY_FILE are for RS256 and EdDSA: set one of "
                           "these as KINGTUI_JWT_ALGORITHM, or KINGTUI_JWT_KEY alone for HS256")  # fmt: skip
        secret = _secret(settings)
        if secret is None:
            made = make_token_key(home)
            hidden.add([made])
            secret = made.encode()
        return Keyring(algorithm, secret, secret, audience=settings.jwt_audience, issuer=settings.jwt_issuer)
    signing, checking = _pair(settings)
    return Keyring(algorithm, signing, checking, audience=settings.jwt_audience, issuer=settings.jwt_issuer)


def key_is_set(settings: Settings) -> bool:
    """Whether the user has set a key, so that tokens may exist that were signed elsewhere."""
    return bool(settings.jwt_key or settings.jwt_public_key_file or settings.jwt_private_key_file)


def _secret(settings: Settings) -> bytes | None:
    if settings.jwt_key is None:
        return None
    secret = settings.jwt_key.get_secret_value().encode()
    if b"-----BEGIN" in secret:
        raise WrongUse("KINGTUI_JWT_KEY is a PEM key, which HS256 would take for a password that others know: set "
                       "KINGTUI_JWT_ALGORITHM to RS256 or EdDSA")  # fmt: skip
    if len(secret) < HMAC_BYTES:
        raise WrongUse(f"KINGTUI_JWT_KEY has {len(secret)} bytes: at least {HMAC_BYTES} are allowed for HS256")
    return secret


def _pair(settings: Settings) -> tuple[Signing | None, Checking]:
    """The private key, if any, and the public one, which may be its other half."""
    algorithm = settings.jwt_algorithm
    public, private = None, None
    for name, path in (("PUBLIC", settings.jwt_public_key_file), ("PRIVATE", settings.jwt_private_key_file)):
        if path is not None:
            found = _load(_bytes(path), algorithm, f"KINGTUI_JWT_{name}_KEY_FILE")
            public, private = (found[0] or public, found[1] or private)
            if name == "PRIVATE" and found[1] is None:
                raise WrongUse(f"KINGTUI_JWT_PRIVATE_KEY_FILE {path} holds a public key, which cannot sign")
    if public is None and private is None:
        if settings.jwt_key is None:
            raise WrongUse(f"KINGTUI_JWT_ALGORITHM is {algorithm}, which needs a key: set KINGTUI_JWT_PUBLIC_KEY_FILE, "
                           "KINGTUI_JWT_PRIVATE_KEY_FILE or KINGTUI_JWT_KEY")  # fmt: skip
        public, private = _load(settings.jwt_key.get_secret_value().encode(), algorithm, "KINGTUI_JWT_KEY")
    if public is None:
        raise WrongUse("the JWT key has no public half")
    return private, public


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUse(f"the key {path} cannot be read: {error.strerror}") from None


def _load(pem: bytes, algorithm: str, where: str) -> tuple[Any, Any]:
    """The public and, if it is one, the private key in a PEM text."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

    private: Any = None
    try:
        if b"PRIVATE KEY" in pem:
            private = load_pem_private_key(pem, password=None)
            public: Any = private.public_key()
        else:
            public = load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise WrongUse(f"{where} holds no key that can be read: a PEM key without a password is allowed") from None
    if not isinstance(public, RSAPublicKey if algorithm == "RS256" else Ed25519PublicKey):
        wanted = "an RSA key" if algorithm == "RS256" else "an Ed25519 key"
        raise WrongUse(f"{where} holds another kind of key: {wanted} is allowed for {algorithm}")
    if isinstance(public, RSAPublicKey) and public.key_size < RSA_BITS:
        raise WrongUse(f"{where} holds an RSA key of {public.key_size} bits: at least {RSA_BITS} are allowed")
    return public, private
