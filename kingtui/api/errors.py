"""Every error of the API is JSON: ``{"error": a sentence for people, "code": a word for programs}``."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from kingtui.models import KingError, NotFound, WrongUse

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


def error_response(status: int, error: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error as the API tells it."""
    return JSONResponse({"error": error, "code": CODES.get(status, "bad_request")}, status, headers=headers)


def handle_errors(api: FastAPI) -> None:
    """Have every error of ``api`` told in this shape."""
    api.add_exception_handler(KingError, _king_error)
    api.add_exception_handler(HTTPException, _http_error)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(Exception, _broken)


async def _king_error(request: Request, error: Exception) -> JSONResponse:
    return error_response(
        404 if isinstance(error, NotFound) else 400 if isinstance(error, WrongUse) else 503, str(error)
    )


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    status, detail, headers = 500, str(error), None
    if isinstance(error, HTTPException):
        status, detail = error.status_code, str(error.detail)
        headers = dict(error.headers) if error.headers else None
    return error_response(status, _WORDS.get(status, detail), headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    problems = error.errors() if isinstance(error, RequestValidationError) else []
    text = "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in problems)
    return error_response(422, text or "The request is not valid")


async def _broken(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s broke", request.method, request.url.path, exc_info=error)
    return error_response(500, "Something broke inside kingtui; its log says what")
