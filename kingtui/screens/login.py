"""A small window that signs in to Telegram: phone number, code, password, or a QR code; and out again."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from kingtui.bridge import whole
from kingtui.models import KingError, SignIn, SignInStage
from kingtui.qr import qr_text
from kingtui.screens.dialogs import Confirm
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.words import plain

LOOK_SECONDS = 1.0
_ASKED: dict[SignInStage, str] = {
    SignInStage.SIGNED_OUT: "+49…",
    SignInStage.CODE: "code",
    SignInStage.PASSWORD: "password",
}
"""Stages that wait for something typed."""


class LoginScreen(ModalScreen[None]):
    """Shows where signing in is, and passes on what is typed. What was typed is never kept."""

    CSS_PATH = "login.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="login.leave", tooltip="Close; a sign-in under way is given up"),
        Binding("f2", "qr", "QR code", id="login.qr", tooltip="Scan a QR code instead; not for a new account"),
        Binding("f3", "sign_out", "Sign out", id="login.out", tooltip="End the session at Telegram and here"),
    ]

    def __init__(self, live: Live) -> None:
        super().__init__()
        self._live = live
        self._view = SignIn(SignInStage.SIGNED_OUT, "…")
        self._busy = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="window") as window:
            window.border_title = "Telegram"
            yield Static("", id="told", markup=False)
            yield Input(compact=True)
            yield Line(id="problem")
            yield Static("", id="code", markup=False)

    def on_mount(self) -> None:
        self._show()
        self._ask(self._live.control.login())
        self.set_interval(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """A QR code is scanned elsewhere: what came of it is asked for."""
        if self._view.stage is SignInStage.QR and not self._busy:
            self._ask(self._live.control.login())

    def _ask(self, answer: Awaitable[SignIn]) -> None:
        self._busy = True
        self._show()
        self._live.start(self._answered(answer), "sign in to Telegram")

    async def _answered(self, answer: Awaitable[SignIn]) -> None:
        problem = ""
        try:
            self._view = await whole(answer)
        except KingError as error:
            problem = str(error)
            if self._view.stage is not SignInStage.SIGNED_OUT:
                self._view = await self._as_it_is()
        self._busy = False
        if self.is_mounted:
            self._show(problem)
            if self._view.stage is SignInStage.SIGNED_IN:
                await self._live.renew()

    async def _as_it_is(self) -> SignIn:
        try:
            return await whole(self._live.control.login())
        except KingError:
            return SignIn(SignInStage.SIGNED_OUT)

    def _show(self, problem: str = "") -> None:
        view, stage = self._view, self._view.stage
        window = self.query_one(".window")
        window.border_subtitle = {
            SignInStage.SIGNED_OUT: "enter sends the code · f2 QR code · esc leaves",
            SignInStage.SIGNED_IN: "f3 signs out · esc leaves",
            SignInStage.UNSET: "esc leaves",
        }.get(stage, "esc gives up")
        self.query_one("#told", Static).update(Content(plain("one moment …" if self._busy else f"{view.told}.")))
        box = self.query_one(Input)
        box.display = stage in _ASKED
        box.disabled = self._busy
        box.password = stage is SignInStage.PASSWORD
        box.placeholder = _ASKED.get(stage, "")
        if box.display and not self._busy:
            box.focus()
        text = problem or view.problem
        shown = Content.styled(f"▲ {plain(text)}", "$text-warning") if text and not self._busy else Content("")
        self.query_one("#problem", Line).show(shown)
        code = self.query_one("#code", Static)
        code.display = stage is SignInStage.QR
        if code.display:
            code.update(Content(_drawn(view.qr)))

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        control, text = self._live.control, event.value
        give = {
            SignInStage.SIGNED_OUT: control.login_start,
            SignInStage.CODE: control.login_code,
            SignInStage.PASSWORD: control.login_password,
        }.get(self._view.stage)
        if give is not None and not self._busy:
            event.input.clear()
            self._ask(give(text))

    def action_qr(self) -> None:
        """Show a QR code."""
        if self._view.stage is SignInStage.SIGNED_OUT and not self._busy:
            self._ask(self._live.control.login_qr())

    def action_sign_out(self) -> None:
        """Sign out, after a question."""
        if self._view.stage is SignInStage.SIGNED_IN and not self._busy:
            question = "Sign out of Telegram? Pictures come from folders only until somebody signs in again."
            self.app.push_screen(Confirm(question, "Sign out", "Stay"), self._sign_out)

    def _sign_out(self, sure: bool | None) -> None:
        if sure:
            self._ask(self._live.control.logout())

    def action_leave(self) -> None:
        """Close, and give up what is under way."""
        if self._view.stage in (SignInStage.CODE, SignInStage.PASSWORD, SignInStage.QR):
            self._live.start(self._give_up(), "give up signing in")
        self.dismiss(None)

    async def _give_up(self) -> None:
        await self._live.ask(self._live.control.login_cancel())


def _drawn(link: str) -> str:
    try:
        return qr_text(link)
    except ValueError as error:
        return f"{error}: sign in with the phone number"
