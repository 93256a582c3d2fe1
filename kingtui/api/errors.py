"""Every error of the API is JSON: ``{"error": a sentence for people, "code": a word for programs}``."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from kingtui.api.answers import json_response
from kingtui.models import Conflict, KingError, NotFound, WrongUse
from kingtui.redaction import hide

log = logging.getLogger("kingtui.api")

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}
"""The word of each HTTP status that is an error."""

_WORDS = {404: "Not found", 405: "Method not allowed"}
"""What the framework's own errors say."""


MEANINGS = {
    400: "The request is wrong",
    401: "A token is wanted, or the one given is not valid",
    403: "The token, or the page that asks, is not allowed to do this",
    404: "There is no such thing",
    405: "The route has no such method",
    409: "It does not go with how things are now",
    413: "The request is too large",
    415: "This is nothing that is taken",
    422: "A parameter is not valid",
    429: "Too many requests: Retry-After says when to ask again",
    500: "A fault in kingtui; its log says what",
    503: "The work could not be done now",
}
"""What each status means, for the documentation."""
ANYWHERE = (400, 401, 403, 413, 422, 429, 500, 503)
"""What any route may answer."""


def error_response(status: int, error: str, headers: dict[str, str] | None = None) -> Response:
    """An error as the API tells it."""
    return json_response({"error": hide(error), "code": CODES.get(status, "bad_request")}, status, headers)


def handle_errors(api: FastAPI) -> None:
    """Have every error of ``api`` told in this shape."""
    api.add_exception_handler(KingError, _king_error)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(ClientDisconnect, _gone)
    api.add_exception_handler(Exception, _broken)


_STATUSES: tuple[tuple[type[KingError], int], ...] = ((NotFound, 404), (Conflict, 409), (WrongUse, 400))


async def _king_error(request: Request, error: Exception) -> Response:
    """What is nobody's fault who asks could not be done: the disk is full, a service does not answer, it stops."""
    return error_response(next((status for kind, status in _STATUSES if isinstance(error, kind)), 503), str(error))


async def _http_error(request: Request, error: Exception) -> Response:
    status, detail, headers = 500, str(error), None
    if isinstance(error, HTTPException):
        status, detail = error.status_code, str(error.detail)
        headers = dict(error.headers) if error.headers else None
    if status == 405 and (allowed := _allowed(request)):
        headers = {"Allow": ", ".join(allowed)}
    return error_response(status, _WORDS.get(status, detail), headers)


def _allowed(request: Request) -> list[str]:
    """The methods that a path has in all its routes; the framework knows of the first route only."""
    path = getattr(request.scope.get("route"), "path_format", "")
    methods = {method.upper() for method in request.app.openapi()["paths"].get(path, ())}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


async def _invalid(request: Request, error: Exception) -> Response:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    text = "; ".join(f"{_parameter(problem['loc'])}: {problem['msg']}" for problem in problems)
    return error_response(422, text or "The request is not valid")


def _parameter(place: Sequence[str | int]) -> str:
    """The name of a parameter; of one that may be said several times, not the number of the one that is wrong."""
    return str(next(part for part in reversed(place) if isinstance(part, str)))


async def _gone(request: Request, error: Exception) -> Response:
    """Who asked went, or broke the request off: no fault of ours, and hardly anybody is there to hear of it."""
    return error_response(400, "The request broke off")


async def _broken(request: Request, error: Exception) -> Response:
    log.error("%s %s broke", request.method, request.url.path, exc_info=error)
    return error_response(500, "Something broke inside kingtui; its log says what")
