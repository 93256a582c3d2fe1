"""Pictures: the list, everything about one, its file, and what can be done with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from kingtui.api import schemas
from kingtui.api.answers import Answer, json_response
from kingtui.api.desk import Desk
from kingtui.api.openapi import answers
from kingtui.api.parameters import Before, Id, Limit
from kingtui.control.wire import dump
from kingtui.models import Stage

Stages = Annotated[
    list[Stage] | None, Query(alias="stage", description="Only pictures in this stage; more than once: in any")
]
AT_ONCE = 4
"""Pictures that are taken at one time: each is held whole, and may be large."""
PATIENCE_SECONDS = 10.0
"""How long another waits for its turn before it is told to come again."""
FRAME_BYTES = 64_000
"""What a multipart body may be larger than the file in it."""
KINDS = {"image/jpeg": (".jpg", ".jpeg"), "image/png": (".png",), "image/webp": (".webp",)}
_BINARY = {"schema": {"type": "string", "format": "binary"}}
UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                },
                "encoding": {"file": {"contentType": ", ".join(KINDS)}},
            },
            **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in KINDS},
        },
    }
}


def router(desk: Desk) -> APIRouter:
    """``/images``."""
    routes = APIRouter(tags=["Pictures"])
    control = desk.control
    room = asyncio.Semaphore(AT_ONCE)

    @routes.get("/images", summary="A list of pictures, newest first", **answers(schemas.Images))
    async def listed(request: Request, stages: Stages = None, limit: Limit = 100, before: Before = None) -> Response:
        found = await control.images(stages=stages, limit=limit, before=before)
        counts = await control.image_counts()
        total = sum(count for stage, count in counts.items() if not stages or stage in stages)
        return Answer.of({"images": [dump(image) for image in found], "total": total}).to(request)

    @routes.post(
        "/images", summary="Add a picture, as if it were dropped into downloads", status_code=201,
        openapi_extra=UPLOAD, **answers(schemas.Added, 415, status=201),
    )  # fmt: skip
    async def add(request: Request) -> Response:
        async with _turn(room):
            name, data = await _uploaded(request, desk)
            path = await control.add_picture(name, data)
        desk.changed()
        return json_response({"path": path}, 201)

    @routes.get("/images/{image_id}", summary="Everything about a picture", **answers(schemas.PictureView, 404))
    async def picture(request: Request, image_id: Id) -> Response:
        return Answer.of(dump(await control.picture(image_id))).to(request)

    @routes.get(
        "/images/{image_id}/file", summary="The picture itself",
        **answers(None, 404, media=dict.fromkeys((*KINDS, "application/octet-stream"), _BINARY)),
    )  # fmt: skip
    async def file(request: Request, image_id: Id) -> Response:
        data = await control.picture_data(image_id)
        kind = kind_of(data)
        answer = await asyncio.to_thread(Answer.of_bytes, data, kind or "application/octet-stream")  # it may be large
        response = answer.to(request)
        name = quote((await control.picture(image_id)).image.name)
        way = "attachment" if kind is None else "inline"
        response.headers["Content-Disposition"] = f"{way}; filename*=UTF-8''{name}"
        return response

    @routes.get(
        "/images/{image_id}/marks", summary="What is found on the picture, and where",
        **answers(schemas.PictureMarks, 404),
    )  # fmt: skip
    async def marks(request: Request, image_id: Id) -> Response:
        return Answer.of(dump(await control.picture_marks(image_id))).to(request)

    @routes.post(
        "/images/{image_id}/retry", summary="Try a quarantined picture again", **answers(schemas.Again, 404, 409)
    )
    async def retry(image_id: Id) -> Response:
        await control.retry(image_id)
        desk.changed()
        return json_response({"id": image_id, "message": f"Picture {image_id} goes back to the step that failed"})

    @routes.post("/images/{image_id}/reread", summary="Read a picture anew", **answers(schemas.Again, 404, 409))
    async def reread(image_id: Id) -> Response:
        await control.reread(image_id)
        desk.changed()
        return json_response({"id": image_id, "message": f"Picture {image_id} is read again"})

    return routes


def kind_of(data: bytes) -> str | None:
    """The media type of a picture by its first bytes; None where it is none that is taken."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


@asynccontextmanager
async def _turn(room: asyncio.Semaphore) -> AsyncGenerator[None, None]:
    """A place among the pictures that are taken. Raises HTTPException, 503, where none becomes free."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await room.acquire()
    except TimeoutError:
        raise HTTPException(503, f"{AT_ONCE} pictures are being sent already: try again in a moment") from None
    try:
        yield
    finally:
        room.release()


async def _uploaded(request: Request, desk: Desk) -> tuple[str, bytes]:
    """Name and bytes of the picture in a request: the field ``file`` of a form, or the body itself.

    Raises HTTPException: 413 as soon as more than is allowed has come, 415 for what is no picture, 422 for no file.
    """
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Content-Encoding is not taken: send the picture as it is")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        name, data = await _from_form(request, desk.max_upload)
    elif kind in KINDS or kind == "application/octet-stream":
        name, data = "", b"".join([part async for part in _limited(request, desk.max_upload)])
    else:
        raise HTTPException(415, f"Content-Type is {kind[:60]!r}: multipart/form-data or {', '.join(KINDS)} is allowed")
    if len(data) > desk.max_upload:
        raise _too_large(desk.max_upload)
    if not data:
        raise HTTPException(422, "The picture is empty")
    found = kind_of(data)
    if found is None:
        raise HTTPException(415, "The bytes are no picture: JPEG, PNG and WebP are taken")
    return _named(name, found, desk), data


async def _from_form(request: Request, most: int) -> tuple[str, bytes]:
    try:
        form = await MultiPartParser(request.headers, _limited(request, most + FRAME_BYTES), max_files=1).parse()
    except (MultiPartException, KeyError) as error:
        text = getattr(error, "message", None) or "it cannot be understood"
        raise HTTPException(422, f"The form is not valid: {text}") from None
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(422, "file: the form has no field of that name with a picture in it")
        return file.filename or "", await file.read()
    finally:
        await form.close()


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body as it comes; refused as soon as it, or the length that it claims, is more than ``most``."""
    claimed = request.headers.get("content-length", "")
    if claimed.isdigit() and (len(claimed) > 15 or int(claimed) > most):
        raise _too_large(most)
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise _too_large(most)
        yield part


def _too_large(most: int) -> HTTPException:
    return HTTPException(413, f"The picture is too large: at most {most:,} bytes are taken")


def _named(name: str, kind: str, desk: Desk) -> str:
    """The name that was given, with an ending of the picture's kind where it has none that is taken."""
    endings = [ending for found in KINDS.values() for ending in found]
    if name.lower().endswith(tuple(endings)):
        return name
    stem = name or f"upload_{desk.clock.now().astimezone(UTC):%Y%m%d_%H%M%S}"
    return stem + KINDS[kind][0]
