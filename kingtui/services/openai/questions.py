"""What is asked of a model: instructions from a template, content, and the form that the answer must have."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from kingtui.charts.reading import Kind

Purpose = Literal["opinion", "commentary", "narrative"]
KINDS = tuple(kind for kind in Kind if kind is not Kind.UNKNOWN)
LARGEST_PICTURE = 8 * 2**20
"""Bytes of a picture that is sent at most."""
PICTURE_TOKENS = 2_000
"""What a picture is taken to cost before the server has told."""
CHARACTERS_PER_TOKEN = 3
"""Few, so that an estimate is rather too dear."""
_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


class Opinion(BaseModel):
    """What a model thinks that a picture is. There is no place for a number in it."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal[
        "liquidation_map", "liquidation_heatmap", "short_term_ratio", "long_term_ratio", "rsi_heatmap", "other_chart",
        "no_chart",
    ]  # fmt: skip
    symbol: str | None
    title: str | None


class Remarks(BaseModel):
    """What a model says of facts."""

    model_config = ConfigDict(extra="forbid")

    sentences: list[str]


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``subject``: what it is about, by which one finds out later whether it was asked."""

    purpose: Purpose
    subject: str
    form: type[BaseModel]
    instructions: str
    content: str
    picture: bytes | None = None
    most_tokens: int = 3_000
    """That the model may write, its thinking included."""

    def key(self, model: str) -> str:
        """The same for the same question to the same model, over restarts."""
        parts = [model, self.purpose, self.instructions, self.content, json.dumps(self.form.model_json_schema())]
        digest = hashlib.sha256("\0".join(parts).encode())
        digest.update(hashlib.sha256(self.picture or b"").digest())
        return digest.hexdigest()

    @property
    def tokens_in(self) -> int:
        """At most so many tokens that the model reads; an estimate."""
        text = len(self.instructions) + len(self.content) + len(json.dumps(self.form.model_json_schema()))
        return text // CHARACTERS_PER_TOKEN + 50 + (PICTURE_TOKENS if self.picture else 0)

    def messages(self) -> list[Any]:
        """The conversation in the shape of Chat Completions; a picture as a data URL."""
        content: str | list[dict[str, Any]] = self.content
        if self.picture is not None:
            kind = next((name for start, name in _TYPES.items() if self.picture.startswith(start)), "image/jpeg")
            url = f"data:{kind};base64,{base64.b64encode(self.picture).decode()}"
            content = [{"type": "text", "text": self.content}, {"type": "image_url", "image_url": {"url": url}}]
        return [{"role": "system", "content": self.instructions}, {"role": "user", "content": content}]


def opinion_on(picture: bytes, sha256: str) -> Question:
    """What is this picture?"""
    instructions = _template("opinion").render(kinds=KINDS)
    return Question("opinion", sha256, Opinion, instructions, "What is this picture?", picture, most_tokens=2_000)


def commentary_on(facts: str, subject: str) -> Question:
    """What stands out in this chart?"""
    return Question("commentary", subject, Remarks, _template("commentary").render(), f"Facts:\n{facts}")


def narrative_of(facts: str, subject: str) -> Question:
    """How does this symbol stand?"""
    return Question("narrative", subject, Remarks, _template("narrative").render(), f"Facts:\n{facts}")


@cache
def _template(name: str) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = Path(__file__).parent / "prompts"
    environment = Environment(
        loader=FileSystemLoader(folder), undefined=StrictUndefined, trim_blocks=True, autoescape=False  # noqa: S701 - plain text
    )  # fmt: skip
    return environment.get_template(f"{name}.j2")
