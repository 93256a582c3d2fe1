"""Options that many commands have, and those that stand before a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from kingtui.settings import Settings

Home = Annotated[
    Path | None,
    typer.Option(
        "--home", metavar="DIR", help="The folder that holds everything (KINGTUI_HOME; else ~/.king_orchestrator)"
    ),
]
Demo = Annotated[bool, typer.Option("--demo", help="Painted charts as the source, in a home of their own: DIR/demo")]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of tables")]
SymbolName = Annotated[str, typer.Argument(metavar="SYMBOL", help="Such as ETH, btc or BTC/USDT")]


@dataclass(frozen=True, slots=True)
class Given:
    """The options before the command."""

    home: Path | None = None
    demo: bool = False
    flags: Mapping[str, object] = field(default_factory=dict)

    def settings(self, home: Path | None = None, demo: bool = False) -> Settings:
        """The settings of this start; ``home`` and ``demo`` are those after the command. Raises WrongUse."""
        from kingtui.settings import load_settings

        flags = {**self.flags, "demo": (demo or self.demo) or None}
        return load_settings(home or self.home, flags)
