"""What a request may say, and its bounds."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

Number = Annotated[int | None, Query(ge=0, le=2**63 - 1)]
"""A number that a database can hold."""
