"""Setup: what is connected and what is not, the settings in force, the API's switch and the theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Resize, ScreenResume
from textual.widgets import DataTable

from kingtui.bridge import whole
from kingtui.models import Connection, KingError, Service, Setting, Status
from kingtui.screens.base import KingScreen
from kingtui.screens.dialogs import Confirm
from kingtui.screens.login import LoginScreen
from kingtui.widgets.keyed_table import KeyedTable
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.words import Mark, plain

_MARKS: dict[Connection, Mark] = {
    Connection.CONNECTED: Mark("●", "connected", "success"),
    Connection.READY: Mark("◌", "set up", "muted"),
    Connection.OFF: Mark("■", "off", "warning"),
    Connection.PROBLEM: Mark("▲", "problem", "error"),
    Connection.ABSENT: Mark("○", "not set up", "muted"),
}
_KEYS = {"api": "a", "telegram": "s"}
AROUND, PADDING, LEAST = 5, 2, 8
"""Cells around a table (border, padding, scroll bar), beside each of its cells, and of a cell at the least."""
CUTS_OFF = (
    "This dashboard is attached over the API. Stop the API?\n\nIt cuts off this dashboard and every other that is "
    "attached; the work goes on. Only where kingtui runs can the API be started again."
)


class SetupScreen(KingScreen):
    """Two tables, and below them all about the row under the cursor."""

    CSS_PATH = "setup.tcss"
    AUTO_FOCUS = "#services KeyedTable"
    HELP: ClassVar[str] = "What kingtui is connected to, and every setting in force with where it comes from."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "start_api", "Start API", id="setup.api_on", tooltip="Serve the HTTP API from now on"),
        Binding(
            "a", "stop_api", "Stop API", id="setup.api_off", tooltip="Serve the HTTP API no more; the rest goes on"
        ),
        Binding("s", "sign_in", "Telegram", id="setup.telegram", tooltip="Sign in to Telegram, or out"),
        Binding("t", "app.change_theme", "Theme", id="setup.theme", tooltip="Choose the colours; kept over restarts"),
        Binding("tab", "app.focus_next", "Other table", show=False, id="setup.other", tooltip="To the other table"),
    ]

    def __init__(self, live: Live) -> None:
        super().__init__(live)
        self.services: dict[str, Service] = {}
        self.settings: dict[str, Setting] = {}
        self._api: tuple[str | None, str | None] | None = None
        self._room = 0

    def body(self) -> ComposeResult:
        services = Vertical(KeyedTable(("State", "What", "How"), opens=False), id="services", classes="pane")
        services.border_title = "Connections"
        yield services
        settings = Vertical(KeyedTable(("Setting", "Value", "From"), opens=False), id="settings", classes="pane")
        settings.border_title = "Settings in force"
        yield settings
        yield Line(id="detail")

    def on_mount(self) -> None:
        self.query_one("#services KeyedTable", KeyedTable).show_header = False
        self.live.status_changed.subscribe(self, self._status_changed)
        self.live.attachment_changed.subscribe(
            self, lambda attachment: self._load() if attachment.lost is None else None
        )
        self.watch(self.app, "theme", lambda: self._show(), init=False)
        self._load()

    def on_screen_resume(self, event: ScreenResume) -> None:
        self._load()

    def on_resize(self, event: Resize) -> None:
        self._show()

    def _status_changed(self, status: Status) -> None:
        api = (status.api_address, status.api_problem)
        if api != self._api and self.is_current:
            self._api = api
            self._load()

    def _load(self) -> None:
        self.live.start(self._ask(), "setup")

    async def _ask(self) -> None:
        services = await self.live.ask(self.live.control.services())
        settings = await self.live.ask(self.live.control.settings())
        if services is None or settings is None or not self.is_mounted:
            return
        self.services = {service.name: service for service in services}
        self.settings = {setting.name: setting for setting in settings}
        self._show()
        self.refresh_bindings()

    def _show(self) -> None:
        if not self.settings:
            return
        services = {name: self._service_cells(found) for name, found in self.services.items()}
        settings = {name: self._setting_cells(found) for name, found in self.settings.items()}
        room = self.size.width - AROUND
        self._table("services").sync(_fitting(services, 2, room))
        self._table("settings").sync(_fitting(settings, 1, room), anew=self._room != room)
        self._room = room
        changed = sum(setting.source != "default" for setting in self.settings.values())
        self.query_one("#settings").border_subtitle = f"{len(self.settings)} settings, {changed} not the default"
        self._show_detail()

    def _table(self, pane: str) -> KeyedTable:
        return self.query_one(f"#{pane} KeyedTable", KeyedTable)

    def _service_cells(self, service: Service) -> Sequence[Text]:
        mark = _MARKS[service.state]
        return (
            Text(mark.text, self.live.style(mark.style)),
            Text(plain(service.label)),
            Text(plain(service.detail), self.live.style("muted") if service.state is Connection.ABSENT else ""),
        )

    def _setting_cells(self, setting: Setting) -> Sequence[Text]:
        ours = setting.source == "default"
        tone = self.live.style("muted") if ours else ""
        return Text(setting.name), Text(plain(setting.value) or "–"), Text(plain(setting.source), tone)

    @on(DataTable.RowHighlighted)
    def _show_detail(self) -> None:
        table = self._table("settings" if self._table("settings").has_focus else "services")
        content = Content("")
        if (service := self.services.get(table.chosen or "")) is not None:
            content = self._of_service(service)
        elif (setting := self.settings.get(table.chosen or "")) is not None:
            content = _of_setting(setting)
        self.query_one("#detail", Line).show(content)

    def on_descendant_focus(self) -> None:
        self._show_detail()

    def _of_service(self, service: Service) -> Content:
        head = Content.assemble((plain(service.label), "bold"), f": {plain(service.detail)}")
        key = f" (key {_KEYS[service.name]})" if _has_key(service) else ""
        todo = Content.styled(f"\nNext: {plain(service.todo)}{key}.", "$text-accent") if service.todo else ""
        return Content.assemble(head, todo)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        api = self.services.get("api")
        served = api is not None and api.state is Connection.CONNECTED
        return {"start_api": not served, "stop_api": served}.get(action, True)

    def action_sign_in(self) -> None:
        """Open the window that signs in and out."""
        self.app.push_screen(LoginScreen(self.live), lambda _: self._load())

    def action_start_api(self) -> None:
        """Serve the API."""
        self.live.start(self._switch(True), "start the API")

    def action_stop_api(self) -> None:
        """Serve the API no more; from afar only after a question, for nobody could start it again from there."""
        if self.live.attachment is None:
            self.live.start(self._switch(False), "stop the API")
        else:
            self.app.push_screen(Confirm(CUTS_OFF, "Stop it", "Leave it"), self._stop_confirmed)

    def _stop_confirmed(self, yes: bool | None) -> None:
        if yes:
            self.live.start(self._switch(False), "stop the API")

    async def _switch(self, on: bool) -> None:
        try:
            await whole(self.live.control.set_api(on))
        except KingError as error:
            self.live.tell(str(error), "error")
        await self.live.renew()
        await self._ask()


def _has_key(service: Service) -> bool:
    """Whether a key of this screen does what is to be done next."""
    if service.name == "telegram":
        return "kingtui login" in service.todo
    return service.name in _KEYS and service.state is not Connection.CONNECTED


def _fitting(rows: Mapping[str, Sequence[Text]], yielding: int, room: int) -> Mapping[str, Sequence[Text]]:
    """The rows with the column that yields cut so that all columns have room in ``room`` cells."""
    others = [[cell.cell_len for place, cell in enumerate(row) if place != yielding] for row in rows.values()]
    widest = sum(max(lengths) for lengths in zip(*others, strict=True))
    for row in rows.values():
        row[yielding].truncate(max(room - widest - PADDING * len(row), LEAST), overflow="ellipsis")
    return rows


def _of_setting(setting: Setting) -> Content:
    head = Content.assemble((setting.name, "bold"), f": {plain(setting.about)}")
    rule = f"{setting.allowed} is allowed".capitalize() if setting.allowed else ""
    rest = f"\n{rule}; it counts from the next start. Now from: {plain(setting.source)}"
    return Content.assemble(head, (rest, "$foreground-muted"))
