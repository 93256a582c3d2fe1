"""What a request may say, and its bounds."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

LARGEST = 2**63 - 1
"""A whole number that a database can hold."""

Id = Annotated[int, Path(ge=1, le=LARGEST)]
Before = Annotated[int | None, Query(ge=0, le=LARGEST, description="Only ids below this: the page before")]
Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most")]
StepNumber = Annotated[
    str, Path(description="1 to 6", json_schema_extra={"enum": ["1", "2", "3", "4", "5", "6"]}, examples=["4"])
]
Symbol = Annotated[
    str,
    Path(description="In any writing: `BTC`, `btc`, `BTC/USDT`, `BTCUSDT`", examples=["BTC"]),
]


def answers(shape: Any, *errors: int, status: int = 200, media: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a route answers, for the documentation. ``media``: further forms of the answer by media type."""
    from kingtui.api.errors import problems

    found: dict[int | str, Any] = {status: {"description": "Done"}}
    if shape is not None:
        found[status] = {"model": shape, "description": (shape.__doc__ or "Done").splitlines()[0]}
    if media:
        found[status]["content"] = media
    return {"response_model": None, "responses": found | problems(*errors)}
