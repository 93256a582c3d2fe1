"""Control: everything a face may ask or do. The API, the commands and the dashboard speak to this and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from kingtui.events import Subscription
from kingtui.models import (
    Image,
    LogEntry,
    PictureMarks,
    PictureView,
    Pushed,
    Report,
    Run,
    Service,
    Setting,
    SignIn,
    Stage,
    Status,
    SymbolHistory,
    SymbolPage,
    SymbolRecord,
    SymbolSort,
    Triggered,
)


class Control(Protocol):
    """What a face may ask or do. Every method raises KingError with a sentence for people, never anything else."""

    async def status(self) -> Status:
        """The steps, health, sources, addresses and counts of this moment."""
        ...

    async def history(
        self, *, limit: int = 100, before: int | None = None, step: int | None = None, status: str | None = None
    ) -> tuple[list[Run], int]:
        """The last ``limit`` runs, newest last, and how many there are in all. ``before``: only ids below it."""
        ...

    async def run(self, run_id: int) -> Run:
        """One run; NotFound."""
        ...

    async def run_log(self, run_id: int) -> str:
        """The log of a run; empty where a run without items kept none; NotFound."""
        ...

    async def symbols(self, names: Sequence[str] | None = None) -> list[SymbolRecord]:
        """Every symbol's record as of now, by name; or of these only, as many of them as are known; WrongUse."""
        ...

    async def symbol_page(
        self, *, find: str = "", sort: SymbolSort = "symbol", descending: bool = False, limit: int = 100,
        offset: int = 0,
    ) -> SymbolPage:  # fmt: skip
        """A list of symbols as of now, at most 500 of them; WrongUse.

        ``find``: letters of the name, or any writing of a symbol (``btc/usdt``); what begins with it comes first.
        What is not available stands last, whatever the direction.
        """
        ...

    async def symbol_history(self, symbol: str, limit: int = 300) -> SymbolHistory:
        """How a symbol's price and score went over its newest pictures, oldest first; WrongUse."""
        ...

    async def data(self, symbol: str) -> SymbolRecord:
        """One symbol's record as of now; NotFound("Symbol not found")."""
        ...

    async def report(self, symbol: str) -> Report:
        """The latest report of a symbol, of any day; NotFound("No report found")."""
        ...

    async def reports(
        self, *, symbol: str | None = None, beginning: str = "", day: date | None = None, limit: int = 100,
        before: int | None = None,
    ) -> tuple[list[Report], int]:  # fmt: skip
        """Reports without their texts, newest first, and how many there are in all.

        Of one symbol, of the symbols that begin with ``beginning``, of one day (UTC), with ids below ``before``.
        """
        ...

    async def report_days(self) -> list[tuple[date, int]]:
        """The days (UTC) that have reports, newest first, and how many each has."""
        ...

    async def report_text(self, report_id: int) -> Report:
        """One report with its text; NotFound."""
        ...

    async def report_figure(self, symbol: str, report_id: int | None = None) -> bytes:
        """The PNG beside a symbol's latest report, or beside the one of this id; NotFound, WrongUse."""
        ...

    async def images(
        self, *, stages: Sequence[Stage] | None = None, limit: int = 100, before: int | None = None
    ) -> list[Image]:
        """Pictures, newest first."""
        ...

    async def image_counts(self) -> Mapping[Stage, int]:
        """How many pictures are in each stage; a stage without any may be missing."""
        ...

    async def picture(self, image_id: int) -> PictureView:
        """Everything about one picture; NotFound."""
        ...

    async def picture_marks(self, image_id: int) -> PictureMarks:
        """What the reader finds on the picture and where, read anew; NotFound where it is gone or is none."""
        ...

    async def preview(self, image_id: int, *, width: int, height: int) -> bytes:
        """A PNG of the picture in at most ``width`` × ``height`` pixels; NotFound where it is gone or is none."""
        ...

    async def picture_data(self, image_id: int) -> bytes:
        """The picture's file as it is; NotFound where it is gone."""
        ...

    async def logs(self, limit: int = 500) -> list[LogEntry]:
        """The newest log lines, oldest first."""
        ...

    async def trigger(self, step: int) -> Triggered:
        """Ask for a run of a step (stored before this returns); WrongUse("Invalid step number")."""
        ...

    async def cancel(self, step: int) -> bool:
        """End the step's run and hold it until a manual trigger or a new item; False where none ran or waited."""
        ...

    async def pause(self) -> None:
        """Hold automatic triggers, over restarts too."""
        ...

    async def resume(self) -> None:
        """Let automatic triggers run again."""
        ...

    async def restart(self) -> None:
        """End every run as cancelled and set all steps to idle; nothing is lost."""
        ...

    async def add_picture(self, name: str, data: bytes) -> str:
        """Put a picture into downloads, as if it were dropped there; its path in the home; WrongUse."""
        ...

    async def retry(self, image_id: int) -> None:
        """Return a quarantined picture to the stage that failed; NotFound, WrongUse."""
        ...

    async def reread(self, image_id: int) -> None:
        """Read a picture anew, or look anew at one that is unknown; NotFound, WrongUse."""
        ...

    async def settings(self) -> list[Setting]:
        """Every setting in force and where it comes from; secrets are dots."""
        ...

    async def services(self) -> list[Service]:
        """What kingtui is connected to, and what not, with the next thing to do."""
        ...

    async def set_api(self, on: bool) -> None:
        """Start or stop the HTTP API. A busy port is a KingError. It stops who asks over it, too."""
        ...

    async def push_mirror(self, *, everything: bool = False) -> Pushed:
        """Bring to Airtable now what waits, or all columns of all symbols; KingError says why it cannot be."""
        ...

    async def login(self) -> SignIn:
        """Whether somebody is signed in to Telegram, or where signing in is."""
        ...

    async def login_start(self, phone: str) -> SignIn:
        """Begin to sign in: have Telegram send a code; WrongUse, KingError."""
        ...

    async def login_qr(self) -> SignIn:
        """Begin to sign in with a QR code; ``login`` tells what came of it; KingError."""
        ...

    async def login_code(self, code: str) -> SignIn:
        """Give the code; the answer says what was wrong with it, or that a password is needed too; WrongUse."""
        ...

    async def login_password(self, password: str) -> SignIn:
        """Give the account's own password; the answer says what was wrong with it; WrongUse."""
        ...

    async def login_cancel(self) -> SignIn:
        """Give up signing in."""
        ...

    async def logout(self) -> SignIn:
        """End the session at Telegram; KingError where nobody is signed in."""
        ...

    async def choices(self) -> dict[str, str]:
        """What was chosen in a dashboard and is kept over restarts, such as its theme, by name."""
        ...

    async def choose(self, name: str, value: str) -> None:
        """Keep a choice. Raises WrongUse for one that is too long or one too many, KingError."""
        ...

    def events(self) -> Subscription:
        """What happens from now on; an async context manager and iterator, bounded and coalescing."""
        ...
