"""A table whose rows are known by their key: what is the same is left alone, and the cursor stays on its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
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
        super().__init__(id=id, cursor_type="row", zebra_stripes=False)
        self._opens = opens
        self._names = tuple(columns)
        self._right = frozenset(right)
        self._keys: list[str] = []

    def on_mount(self) -> None:
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

    def sync(self, rows: Mapping[str, Sequence[Text]]) -> None:
        """Make the table show ``rows`` in their order."""
        chosen, at_top = self.chosen, self.cursor_row == 0
        with self.app.batch_update():
            wanted = list(rows)
            if len(set(wanted) & set(self._keys)) * 2 < len(self._keys):  # mostly others: cheaper anew
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
        if chosen in rows and not at_top:
            self.move_cursor(row=self._keys.index(chosen), animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._opens if action == "select_cursor" else True

    def action_last_row(self) -> None:
        """Move to the last row."""
        self.move_cursor(row=self.row_count - 1)

    def action_first_row(self) -> None:
        """Move to the first row."""
        self.move_cursor(row=0)

    def _update(self, key: str, cells: Sequence[Text]) -> None:
        for name, cell in zip(self._names, cells, strict=True):
            if self.get_cell(key, name) != cell:
                self.update_cell(key, name, cell, update_width=True)

    def _reorder(self, wanted: list[str]) -> None:
        """Sort by the wanted order: a row is recognised by its cells being the very ones that its key has."""
        rank = {id(self.get_cell(key, self._names[0])): place for place, key in enumerate(wanted)}
        self.sort(self._names[0], key=lambda cell: rank[id(cell)])
        self._keys = wanted
