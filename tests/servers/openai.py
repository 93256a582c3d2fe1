"""Chat Completions on loopback: structured answers, refusals, truncation, both kinds of 429, and worse."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from tests.servers.http import Answer, HttpServer, Request, as_html, as_json

KEY = "sk-test-4f1c0e7a9b"
MODEL = "gpt-6.1-terra"


def completion(content: str | None, *, finish: str = "stop", refusal: str | None = None, usage: Any = ...) -> Answer:
    """A chat completion in the shape of the API."""
    told = {"prompt_tokens": 700, "completion_tokens": 120, "total_tokens": 820} if usage is ... else usage
    return as_json(
        {
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1767225600, "model": MODEL,
            "choices": [
                {
                    "index": 0, "finish_reason": finish, "logprobs": None,
                    "message": {"role": "assistant", "content": content, "refusal": refusal},
                }
            ],
            "usage": told,
        }
    )  # fmt: skip


def remarks(*sentences: str) -> Answer:
    return completion(json.dumps({"sentences": list(sentences)}))


def opinion(kind: str, symbol: str | None = None, title: str | None = None) -> Answer:
    return completion(json.dumps({"kind": kind, "symbol": symbol, "title": title}))


def error(status: int, code: str | None, message: str = "no", **more: Any) -> Answer:
    body = {"error": {"message": message, "type": code or "server_error", "param": None, "code": code}}
    return as_json(body, status, **more)


RATE_LIMITED = error(429, "rate_limit_exceeded", "Rate limit reached", headers={"retry-after": "1"})
NO_QUOTA = error(429, "insufficient_quota", "You exceeded your current quota")
WRONG_KEY = error(401, "invalid_api_key", f"Incorrect API key provided: {KEY}")
NO_MODEL = error(404, "model_not_found", "The model does not exist")
BROKEN = error(500, None, "The server had an error")
REFUSED = completion(None, refusal="I can't help with that.")
TRUNCATED = completion('{"sentences": ["The price is', finish="length")
FILTERED = completion("", finish="content_filter")
HTML = as_html(200, "<html>It works!</html>")
NOT_JSON = Answer(b'{"choices": [')
NO_CHOICES = as_json({"object": "chat.completion", "choices": []})
NO_FORM = completion("Sure! Here are some sentences.")
OTHER_FORM = completion('{"kind": "gold_mine", "symbol": 7}')
SLOW = Answer(completion('{"sentences": []}').body, pause=0.05)


class OpenAiServer(HttpServer):
    """``script``: the next answers, in order; then ``otherwise``. It checks what every request must have."""

    def __init__(self, otherwise: Answer | Callable[[Request], Answer], script: Sequence[Answer] = ()) -> None:
        super().__init__(self._reply)
        self.otherwise = otherwise
        self.script = list(script)
        self.mistakes: list[str] = []

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def questions(self) -> list[Any]:
        """The bodies of the completions that were asked for."""
        return [request.json for request in self.requests if request.method == "POST"]

    def _reply(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return WRONG_KEY
        if (request.method, request.path) == ("GET", "/v1/models"):
            return as_json(
                {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1, "owned_by": "x"}]}
            )
        if (request.method, request.path) != ("POST", "/v1/chat/completions"):
            return error(404, "unknown_url", "Invalid URL")
        self._check(request.json)
        if self.script:
            return self.script.pop(0)
        return self.otherwise(request) if callable(self.otherwise) else self.otherwise

    def _check(self, body: Any) -> None:
        form = body.get("response_format", {})
        if form.get("type") != "json_schema" or not form.get("json_schema", {}).get("strict"):
            self.mistakes.append("the answer's form is not asked for")
        if [message["role"] for message in body["messages"]] != ["system", "user"]:
            self.mistakes.append("the messages are not system and user")
        if not 0 < body.get("max_completion_tokens", 0) <= 4000:
            self.mistakes.append("the answer's length is not bounded")
        if "temperature" in body:
            self.mistakes.append("temperature was sent though it is not set")
