"""A small window that takes pictures of this machine in: one, or all of a folder."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from kingtui.bridge import whole
from kingtui.models import KingError, WrongUse
from kingtui.widgets.line import Line
from kingtui.widgets.live import Live
from kingtui.widgets.words import counted, plain

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
MOST = 1000
"""Pictures of a folder that are taken at a time."""
TOLD = (
    "A picture, or a folder with pictures, of the machine that this dashboard runs on. They are copied into downloads "
    "and never changed where they are. Tab or → completes."
)


class PathSuggester(Suggester):
    """Completes a path to the first picture or folder that begins with it."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(completed, value)


class ImportPictures(ModalScreen[list[Path] | None]):
    """Asks for a path; gives the pictures that it means, or None."""

    CSS_PATH = "importing.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="import.leave", tooltip="Import nothing"),
        Binding("tab", "complete", "Complete", priority=True, id="import.complete", tooltip="Take what is suggested"),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="window") as window:
            window.border_title = "Import pictures"
            window.border_subtitle = "enter imports · esc leaves"
            yield Input(placeholder="~/Pictures/map.jpg", suggester=PathSuggester(), compact=True)
            yield Line(id="problem")
            yield Static(TOLD, markup=False, id="told")

    @on(Input.Submitted)
    async def _named(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            found = await asyncio.to_thread(pictures_of, event.value)
        except WrongUse as error:
            self.query_one("#problem", Line).show(Content.styled(f"▲ {plain(error)}", "$text-warning"))
            return
        self.dismiss(found)

    @on(Input.Changed)
    def _typed(self) -> None:
        self.query_one("#problem", Line).show(Content(""))

    def action_complete(self) -> None:
        """Take what is suggested."""
        self.query_one(Input).action_cursor_right()

    def action_leave(self) -> None:
        """Import nothing."""
        self.dismiss(None)


def import_pictures(app: App[None], live: Live) -> None:
    """Ask for pictures and copy them in."""

    def chosen(paths: list[Path] | None) -> None:
        if paths:
            live.start(bring(live, paths), "import")

    app.push_screen(ImportPictures(), chosen)


async def bring(live: Live, paths: list[Path]) -> None:
    """Copy pictures in, one by one, and tell what came of it."""
    done, problem = 0, ""
    for path in paths:
        try:
            data = await asyncio.to_thread(path.read_bytes)
            await whole(live.control.add_picture(path.name, data))
            done += 1
        except OSError as error:
            problem = f"{path} cannot be read: {error.strerror}"
        except KingError as error:
            problem = str(error)
    failed = len(paths) - done
    if done:
        live.tell(f"{counted(done, 'picture')} imported: steps 2 to 6 go on by themselves")
    if failed:
        rest = f"; {failed - 1:,} more were not imported" if failed > 1 else ""
        live.tell(f"{problem}{rest}", "error")


def pictures_of(text: str) -> list[Path]:
    """The picture that a path names, or those of a folder by name. Raises WrongUse with a sentence."""
    if not text.strip():
        raise WrongUse("type the path of a picture or a folder")
    path = Path(text.strip())
    try:
        path = path.expanduser()
        if path.is_dir():
            names = sorted(entry.name for entry in os.scandir(path) if _is_picture(entry.name) and entry.is_file())
            if not names:
                raise WrongUse(f"{path} has no pictures: {', '.join(PICTURES)} are taken")
            if len(names) > MOST:
                raise WrongUse(f"{path} has {len(names):,} pictures: import at most {MOST:,} at a time")
            return [path / name for name in names]
        if not path.is_file():
            raise WrongUse(f"{path} is not there")
    except (OSError, ValueError, RuntimeError) as error:  # no home of that name, a NUL in the path, …
        raise WrongUse(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if not _is_picture(path.name):
        raise WrongUse(f"{path.name} is no picture: {', '.join(PICTURES)} are taken")
    return [path]


def completed(text: str) -> str | None:
    """The path with its last part completed to the first folder or picture that begins so."""
    folder, begun = os.path.split(text)
    if not begun:
        return None
    try:
        with os.scandir(Path(folder or ".").expanduser()) as entries:
            found = [
                entry.name + ("/" if entry.is_dir() else "")
                for entry in entries
                if entry.name.startswith(begun) and entry.name.isprintable()
                and (entry.is_dir() or _is_picture(entry.name))
            ]  # fmt: skip
    except (OSError, ValueError, RuntimeError):
        return None
    return text[: len(text) - len(begun)] + min(found) if found else None


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in PICTURES
