"""Hypothesis strategies for anything that Control carries, from the annotations alone."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    Any: JSON,
    str: TEXT,
    float: NUMBERS,
    int: st.integers(-(2**63) + 1, 2**63 - 1),
    bool: st.booleans(),
    bytes: st.binary(max_size=100),
    type(None): st.none(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    date: st.dates(),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type: every field of a dataclass is drawn, those with defaults too."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        drawn = {field.name: values(hints[field.name]) for field in fields(hint)}
        return st.builds(hint, **drawn)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, types.UnionType):
        return st.one_of([values(one) for one in inner])
    if origin is tuple and inner[-1] is not Ellipsis:
        return st.tuples(*(values(one) for one in inner))
    if origin is tuple:
        return st.lists(values(inner[0]), max_size=3).map(tuple)
    if origin in (list, Sequence):
        return st.lists(values(inner[0]), max_size=3)
    if origin in (dict, Mapping):
        return st.dictionaries(values(inner[0]), values(inner[1]), max_size=3)
    raise AssertionError(f"no values of {hint} are known")
