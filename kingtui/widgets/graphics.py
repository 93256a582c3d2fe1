"""How this terminal can show a picture: with a graphics protocol of its own, in coloured half cells, or in shades.

textual-image asks the terminal what it can do when it is imported. Over SSH and in a multiplexer the answer may come
late, as if somebody had typed it, or never; so only a terminal that is known to draw pictures is asked, before the app
starts (``prepare``). Everywhere else it is imported without a question, when the first picture is shown.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from PIL.Image import Image
    from rich.console import Console
    from textual.strip import Strip
    from textual.widget import Widget

Way = Literal["graphics", "half cells", "shades"]
_DRAWING_TERMS = ("xterm-kitty", "xterm-ghostty", "foot", "foot-extra", "contour", "mlterm", "yaft-256color")
_DRAWING_PROGRAMS = ("WezTerm", "iTerm.app", "ghostty", "rio")
_FAR = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT", "TMUX", "STY")

DARK, CONTRAST = 28, 1.5
"""Of a picture in characters: thin lines fade when they are shrunk, so levels are spread from this one on."""
_asked = False


def way(environ: Mapping[str, str] | None = None) -> Way:
    """How pictures are shown in a terminal with this environment (ours)."""
    environ = os.environ if environ is None else environ
    if environ.get("NO_COLOR") or environ.get("TERM") in ("dumb", "linux", "vt100", "vt220"):
        return "shades"
    if any(environ.get(name) for name in _FAR) or environ.get("TERM", "").startswith(("screen", "tmux")):
        return "half cells"
    draws = environ.get("TERM") in _DRAWING_TERMS or environ.get("TERM_PROGRAM") in _DRAWING_PROGRAMS
    return "graphics" if draws or environ.get("KITTY_WINDOW_ID") else "half cells"


def prepare() -> None:
    """Before the app starts: ask a terminal that draws pictures how it wants them."""
    global _asked
    if way() == "graphics" and sys.__stdout__ is not None and sys.__stdout__.isatty():
        import textual_image.widget  # noqa: F401  (asks)

        _asked = True


def draws() -> bool:
    """Whether pictures go to the terminal as they are, and not in characters."""
    return _asked


def cell_pixels() -> tuple[int, int]:
    """Width and height of a cell in pixels, where pictures go to the terminal as they are."""
    from textual_image._terminal import get_cell_size

    size = get_cell_size()
    return size.width, size.height


def picture_widget(picture: Image) -> Widget:
    """A widget that shows the picture by the terminal's own protocol."""
    from textual_image.widget import Image as PictureWidget

    shown: Any = PictureWidget(picture)
    return shown  # type: ignore[no-any-return]


def opened(png: bytes) -> Image:
    """The picture of a preview, decoded."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png), formats=("PNG",))
    picture.load()
    return picture.convert("RGB")


def characters(png: bytes, console: Console) -> list[Strip]:
    """The picture in characters: a pixel is half a cell, or in shades of grey a cell. Work for a thread."""
    from rich.segment import Segment
    from textual.strip import Strip

    _import_quietly()
    from textual_image.renderable.halfcell import Image as HalfCells
    from textual_image.renderable.unicode import Image as Shades

    picture = opened(png).point(lambda level: (level - DARK) * CONTRAST)
    width, height = picture.width, (picture.height + 1) // 2
    kind = Shades if way() == "shades" else HalfCells
    options = console.options.update(width=width, height=None)
    return [Strip(line) for line in Segment.split_lines(console.render(kind(picture, width, height), options))]


def _import_quietly() -> None:
    """Import textual-image so that it asks the terminal nothing: the app would take the answer for keys."""
    if "textual_image.renderable" in sys.modules:
        return
    real, sys.__stdout__ = sys.__stdout__, io.StringIO()  # type: ignore[misc, assignment]
    try:
        import textual_image.renderable  # noqa: F401
    finally:
        sys.__stdout__ = real  # type: ignore[misc]
