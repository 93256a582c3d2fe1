"""A table whose rows are known by their key: what is the same is left alone, and the cursor stays on its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.coordinate import Coordinate
from textual.geometry import Region
from textual.widgets import DataTable


class KeyedTable(DataTable[Text]):
    """Rows of Texts, one cursor for the row, vi's keys. Pages stay at a few hundred rows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open", id="table.open", tooltip="Everything about the row under the cursor"),
        Binding("j", "cursor_down", "Down", show=False, id="table.down", tooltip="The row below"),
        Binding("k", "cursor_up", "Up", show=False, id="table.up", tooltip="The row above"),
        Binding("G", "last_row", "Last", show=False, id="table.last", tooltip="The last row"),
    ]

    def __init__(
        self,
        columns: Sequence[str],
        *,
        right: Sequence[str] = (),
        opens: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """``right``: the columns whose headings stand to the right, as their numbers do. ``opens``: enter does."""
        self._replacing = False
        super().__init__(id=id, cursor_type="row", cursor_foreground_priority="renderable")
        self._opens = opens
        self._names = tuple(columns)
        self._right = frozenset(right)
        self._keys: list[str] = []

    def on_mount(self) -> None:
        self._add_columns()

    def _add_columns(self) -> None:
        for name in self._names:
            self.add_column(Text(name, justify="right" if name in self._right else "left"), key=name)

    @property
    def keys(self) -> Sequence[str]:
        """The rows' keys from top to bottom."""
        return self._keys

    @property
    def chosen(self) -> str | None:
        """The key of the row under the cursor."""
        return self._keys[self.cursor_row] if 0 <= self.cursor_row < len(self._keys) else None

    def sync(self, rows: Mapping[str, Sequence[Text]], *, anew: bool = False) -> None:
        """Make the table show ``rows`` in their order. ``anew``: with columns no wider than these rows need."""
        chosen, at_top = self.chosen, self.cursor_row == 0
        with self.app.batch_update():
            wanted = list(rows)
            if anew:
                self.clear(columns=True)
                self._keys = []
                self._add_columns()
            elif len(set(wanted) & set(self._keys)) * 2 < len(self._keys):  # mostly others: cheaper anew
                self.clear()
                self._keys = []
            for key in [key for key in self._keys if key not in rows]:
                self.remove_row(key)
                self._keys.remove(key)
            known = set(self._keys)
            for key, cells in rows.items():
                if key in known:
                    self._update(key, cells)
                else:
                    self.add_row(*cells, key=key)
                    self._keys.append(key)
            if self._keys != wanted:
                self._reorder(wanted)
        if chosen is not None and chosen in rows and not at_top:
            self.move_cursor(row=self._keys.index(chosen), animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._opens if action == "select_cursor" else True

    def action_last_row(self) -> None:
        """Move to the last row."""
        self.move_cursor(row=self.row_count - 1)

    def action_first_row(self) -> None:
        """Move to the first row."""
        self.move_cursor(row=0)

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Paint the regions anew, or all of it; nothing while a cell is replaced by one that fits in its place."""
        if self._replacing and not regions and not layout:
            return self
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def _update(self, key: str, cells: Sequence[Text]) -> None:
        row = self.get_row_index(key)
        for place, (column, cell) in enumerate(zip(self.ordered_columns, cells, strict=True)):
            if self.get_cell(key, column.key) == cell:
                continue
            self._replacing = cell.cell_len <= column.content_width
            try:
                self.update_cell(key, column.key, cell, update_width=not self._replacing)
            finally:
                self._replacing = False
            self.refresh_coordinate(Coordinate(row, place))

    def _reorder(self, wanted: list[str]) -> None:
        """Sort by the wanted order: a row is recognised by its cells being the very ones that its key has."""
        rank = {id(self.get_cell(key, self._names[0])): place for place, key in enumerate(wanted)}
        self.sort(self._names[0], key=lambda cell: rank[id(cell)])
        self._keys = wanted
