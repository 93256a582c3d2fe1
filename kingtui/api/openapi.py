"""``/openapi.json``: what FastAPI says of the routes, with the shapes of their answers.

The shapes are turned into JSON schemas when somebody asks for the document, not at every start.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response

from kingtui.api import schemas
from kingtui.api.errors import ANYWHERE, MEANINGS

PLACE = "#/components/schemas/{model}"


def answers(shape: Any, *errors: int, status: int = 200, media: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a route answers. ``shape``: its JSON, one of ``schemas``; ``media``: other forms of it by media type."""
    content = {} if shape is None else {"application/json": _schema(shape)}
    about = "As asked for" if shape is None else (shape.__doc__ or "").splitlines()[0]
    found: dict[int | str, Any] = {status: {"description": about, "content": content | (media or {})}}
    for error in sorted({*ANYWHERE, *errors}):
        problem = {"application/json": _schema(schemas.Problem)}
        found[error] = {"description": MEANINGS[error], "content": problem}
    return {"response_model": None, "response_class": Response, "responses": found}


def _schema(shape: Any) -> dict[str, Any]:
    return {"schema": {"$ref": PLACE.format(model=shape.__name__)}}


def describe(api: FastAPI) -> None:
    """Have ``api.openapi()`` give the whole document, made once."""

    def document() -> dict[str, Any]:
        if api.openapi_schema is None:
            found = get_openapi(title=api.title, version=api.version, description=api.description, routes=api.routes)
            found.setdefault("components", {}).setdefault("schemas", {}).update(_shapes())
            api.openapi_schema = found
        return api.openapi_schema

    api.openapi = document  # type: ignore[method-assign]


def _shapes() -> dict[str, Any]:
    """Every shape by its name, those that they are made of too."""
    from pydantic import TypeAdapter

    asked = [(name, "serialization", TypeAdapter(getattr(schemas, name))) for name in schemas.__all__]
    _, found = TypeAdapter.json_schemas(asked, ref_template=PLACE)  # type: ignore[arg-type]
    return dict(found["$defs"])
