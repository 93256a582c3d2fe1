"""What Telethon raises, as sentences for people and as what is to be done about them."""

from __future__ import annotations

from telethon import errors

from kingtui.models import KingError
from kingtui.services.telegram.edge import (
    CodeExpired,
    FloodWait,
    LoginNeeded,
    NoSuchChat,
    NoSuchPhone,
    PasswordNeeded,
    ReferenceExpired,
    Refused,
    Unreachable,
    WronglySetUp,
)

LOOK = "Check the network, a proxy or a firewall; it is tried again by itself"
_BROKEN = {
    "Connection to Telegram failed": "no connection could be made",
    "Not connected": "the connection was closed",
    "Cannot send requests while disconnected": "the connection was closed",
}
"""What Telethon says of its own state, which tells a person nothing → what happened."""
_LOST: dict[type[Exception], str] = {
    errors.SessionRevokedError: "its session was ended from another device",
    errors.AuthKeyUnregisteredError: "its session is not known any more, or was ended from another device",
    errors.AuthKeyDuplicatedError: "its session was used from two places at once, and Telegram ended it",
    errors.AuthKeyNotFound: "its session is not known to the server any more",
    errors.UserDeactivatedError: "its account was deleted",
    errors.UserDeactivatedBanError: "its account was banned",
    errors.SessionExpiredError: "its session has run out",
}
_REFUSED: dict[type[Exception], str] = {
    errors.PhoneNumberBannedError: "this phone number is banned from Telegram",
    errors.PhoneNumberFloodError: "a code was asked for too often: try again tomorrow",
    errors.PhoneNumberUnoccupiedError: "no account has this number: make one in the Telegram app first",
    errors.PhoneNumberAppSignupForbiddenError: "no account has this number: make one in the Telegram app first",
    errors.PhoneCodeInvalidError: "that is not the code: look again at the message from Telegram",
    errors.PhoneCodeEmptyError: "that is not the code: look again at the message from Telegram",
    errors.PasswordHashInvalidError: "that is not the password of this account",
    errors.PasswordEmptyError: "that is not the password of this account",
    errors.PhonePasswordFloodError: "a wrong password was given too often: try again tomorrow",
    errors.SendCodeUnavailableError: "every way to send a code was used up: try again tomorrow",
    errors.AuthTokenExpiredError: "the QR code has run out: take the new one",
}
_NO_CHAT = (
    errors.UsernameInvalidError, errors.UsernameNotOccupiedError, errors.ChannelPrivateError,
    errors.ChannelInvalidError, errors.ChatIdInvalidError, errors.PeerIdInvalidError, errors.InviteHashExpiredError,
    errors.InviteHashInvalidError, errors.ChatAdminRequiredError, errors.ChatForbiddenError,
)  # fmt: skip


def translated(error: Exception) -> KingError | None:
    """What kingtui says and does about it; None where this is no fault of the service."""
    if isinstance(error, KingError):
        return error
    for kind, why in _LOST.items():
        if isinstance(error, kind):
            return LoginNeeded(f"Telegram needs a new sign-in: {why}")
    for kind, why in _REFUSED.items():
        if isinstance(error, kind):
            return Refused(why)
    if isinstance(error, errors.FloodError) and (seconds := getattr(error, "seconds", 0)):
        return FloodWait(f"Telegram asked to wait {_span(seconds)} before the next request", float(seconds))
    if isinstance(error, _NO_CHAT):
        return NoSuchChat("it does not exist, or this account may not look at it")
    return _rest(error)


def _rest(error: Exception) -> KingError | None:
    match error:
        case errors.PhoneNumberInvalidError():
            return NoSuchPhone("that is no phone number Telegram knows: write it with its country, as +49…")
        case errors.PhoneCodeExpiredError():
            return CodeExpired("that code is too old: another one is needed")
        case errors.SessionPasswordNeededError():
            return PasswordNeeded("the account has a password too")
        case errors.ApiIdInvalidError() | errors.ConnectionApiIdInvalidError():
            return WronglySetUp(
                "Telegram does not know this pair of TELEGRAM_API_ID and TELEGRAM_API_HASH",
                "Copy both anew from https://my.telegram.org and start kingtui anew",
            )
        case errors.ApiIdPublishedFloodError():
            return WronglySetUp(
                "Telegram has blocked this TELEGRAM_API_ID because it was published",
                "Make your own at https://my.telegram.org",
            )
        case errors.FileReferenceExpiredError() | errors.FileReferenceEmptyError():
            return ReferenceExpired("the permission to download has run out")
        case errors.FileReferenceInvalidError() | errors.FilerefUpgradeNeededError():
            return ReferenceExpired("the permission to download has run out")
        case errors.UnauthorizedError():
            return LoginNeeded("nobody is signed in to Telegram")
        case errors.ServerError() | errors.TimedOutError():
            return Unreachable(f"Telegram has trouble of its own: {error.message or 'no reason given'}")
        case ConnectionError() if "auth_key generation failed" in str(error):
            return WronglySetUp(
                "the server does not prove itself with a key that is known here",
                "Check TELEGRAM_DC_PUBLIC_KEY_FILE; without it, look who answers in Telegram's place",
            )
        case OSError() | EOFError() | BufferError() | errors.SecurityError():
            return Unreachable(f"Telegram cannot be reached: {_reason(error)}", LOOK)
        case errors.RPCError():
            return KingError(f"Telegram refused: {error.message or type(error).__name__}")
        case ValueError() if str(error).startswith("Request was unsuccessful"):
            return Unreachable("Telegram has trouble of its own: it did not answer well several times")
        case _:
            return None


def _reason(error: BaseException) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return next((meant for begins, meant in _BROKEN.items() if said.startswith(begins)), said)


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
