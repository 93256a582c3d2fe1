"""What every full screen shares: the head above, the keys below, and Live."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen

from kingtui.widgets.key_bar import KeyBar
from kingtui.widgets.live import Live
from kingtui.widgets.masthead import Masthead


class KingScreen(Screen[None]):
    """A screen between masthead and footer. Subclasses give ``body``."""

    def __init__(self, live: Live) -> None:
        super().__init__()
        self.live = live
        if live.status is not None:
            # The app has read the styles of every screen for its first: it need not read them twice for each other one.
            self._css_update_count = self.app._css_update_count

    def body(self) -> ComposeResult:
        """What stands between head and keys."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield Masthead(self.live)
        yield from self.body()
        yield KeyBar()
