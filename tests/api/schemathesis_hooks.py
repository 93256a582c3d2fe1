"""Told to schemathesis by ``SCHEMATHESIS_HOOKS``: what a picture is, which a JSON schema cannot say."""

from __future__ import annotations

import io

import schemathesis
from hypothesis import strategies as st
from PIL import Image


def picture(kind: str) -> bytes:
    """A small picture that is no chart."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "navy").save(out, kind)
    return out.getvalue()


for media, name in (("image/jpeg", "JPEG"), ("image/png", "PNG"), ("image/webp", "WEBP")):
    schemathesis.openapi.media_type(media, st.just(picture(name)))
