"""What a request may say, and its bounds."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from starlette.convertors import Convertor, register_url_convertor

LARGEST = 2**63 - 1
"""A whole number that a database can hold."""


class Anything(Convertor[str]):
    """The rest of a path, whatever is in it; Starlette's own stops at a line break."""

    regex = r"(?s:.*)"

    def convert(self, value: str) -> str:
        """As it is."""
        return value

    def to_string(self, value: str) -> str:
        """As it is."""
        return value


register_url_convertor("any", Anything())

Id = Annotated[int, Path(ge=1, le=LARGEST)]
Before = Annotated[int | None, Query(ge=0, le=LARGEST, description="Only ids below this: the page before")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most")]
PLAIN = "[/_:.-]?([A-Za-z0-9]{1,20}|[A-Za-z0-9]{1,2}[/_:.-][A-Za-z0-9]{1,18}|[A-Za-z0-9]{3,10}[/_:.-][A-Za-z0-9]{1,10})"
"""What surely means a symbol, for the documentation; ``symbol_of`` knows what else does."""
StepNumber = Annotated[
    str, Path(description="1 to 6", json_schema_extra={"enum": ["1", "2", "3", "4", "5", "6"]}, examples=["4"])
]
Symbol = Annotated[
    str,
    Path(description="In any writing: `BTC`, `btc`, `BTC/USDT`, `BTCUSDT`", examples=["BTC"]),
]
