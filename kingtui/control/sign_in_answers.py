"""Signing in to Telegram, asked of the process that owns the home."""

from __future__ import annotations

from kingtui.models import SignIn, SignInStage, WrongUse
from kingtui.services.telegram.sign_in import SigningIn

_UNSET = "Set TELEGRAM_API_ID and TELEGRAM_API_HASH (from https://my.telegram.org) and start kingtui anew"


class SignInAnswers:
    """The part of LocalControl that signs in and out."""

    _sign_in: SigningIn | None

    async def login(self) -> SignIn:
        """How it stands."""
        return SignIn(SignInStage.UNSET, _UNSET) if self._sign_in is None else await self._sign_in.state()

    async def login_start(self, phone: str) -> SignIn:
        """Have a code sent."""
        return await self._conversation().start(phone)

    async def login_qr(self) -> SignIn:
        """A QR code."""
        return await self._conversation().qr()

    async def login_code(self, code: str) -> SignIn:
        """Give the code."""
        return await self._conversation().code(code)

    async def login_password(self, password: str) -> SignIn:
        """Give the password."""
        return await self._conversation().password(password)

    async def login_cancel(self) -> SignIn:
        """End the conversation."""
        return await self._conversation().cancel()

    async def logout(self) -> SignIn:
        """Sign out."""
        return await self._conversation().log_out()

    def _conversation(self) -> SigningIn:
        if self._sign_in is None:
            raise WrongUse(f"Telegram is not set up. {_UNSET}")
        return self._sign_in
