"""One exchange with the server, and what can become of it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from kingtui.services import ServiceUnavailable
from kingtui.services.openai.questions import CHARACTERS_PER_TOKEN, Question
from kingtui.settings import Settings

if TYPE_CHECKING:
    import openai

OPENAI = "https://api.openai.com/v1"
TIMEOUT = 60.0
LONGEST_ANSWER = 20_000
"""Characters; more is no answer to any of our questions."""
RATE_SECONDS = 20.0
"""How long to wait where a server refuses for the rate and does not say how long."""

Trouble = Literal["rate", "quota", "setup", "down"]


class NoAnswer(ServiceUnavailable):
    """The server does not answer now. ``maybe_paid``: it may have worked for us all the same."""

    def __init__(self, trouble: Trouble, text: str, retry_after: float = 0.0, *, maybe_paid: bool = False) -> None:
        super().__init__(text, retry_after)
        self.trouble = trouble
        self.maybe_paid = maybe_paid


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came back: the answer as JSON in the form that was asked for, or what is wrong with it."""

    answer: str | None
    problem: str | None
    tokens_in: int
    tokens_out: int


class Endpoint:
    """A server with Chat Completions. ``label``: whom we say that we asked."""

    def __init__(self, key: str | None, base_url: str | None, model: str, temperature: float | None) -> None:
        self.model = model
        place = urlsplit(base_url or OPENAI).netloc
        self.host = "OpenAI" if place == urlsplit(OPENAI).netloc else place
        self.label = "OpenAI" if self.host == "OpenAI" else f"{model} at {place}"
        self._key = key
        self._base_url = base_url
        self._temperature = temperature
        self._client: openai.AsyncOpenAI | None = None
        self._connecting = asyncio.Lock()

    async def exchange(self, question: Question) -> Exchange:
        """Ask once. Raises NoAnswer."""
        client = await self._connected()
        import openai

        try:
            raw = await client.chat.completions.with_raw_response.parse(
                model=self.model,
                messages=question.messages(),
                response_format=question.form,
                max_completion_tokens=question.most_tokens,
                temperature=openai.omit if self._temperature is None else self._temperature,
            )
        except openai.BadRequestError as error:
            return Exchange(None, f"the question was not accepted: {_said(error)}", 0, 0)
        except openai.UnprocessableEntityError as error:
            return Exchange(None, f"the question was not accepted: {_said(error)}", 0, 0)
        except openai.OpenAIError as error:
            raise self._no_answer(error) from error
        return self._understood(raw, question)

    async def models(self) -> list[str] | None:
        """The models that the server offers, which costs nothing; None where it keeps no list. Raises NoAnswer."""
        client = await self._connected()
        import openai

        try:
            return [model.id async for model in client.models.list()]
        except openai.NotFoundError:
            return None
        except openai.OpenAIError as error:
            raise self._no_answer(error) from error

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _connected(self) -> openai.AsyncOpenAI:
        """The client; made in a thread, because to load the library takes a second."""
        async with self._connecting:
            if self._client is None:
                self._client = await asyncio.to_thread(self._made)
            return self._client

    def _made(self) -> openai.AsyncOpenAI:
        import openai

        client = openai.AsyncOpenAI(
            api_key=self._key or "none", base_url=self._base_url or OPENAI, max_retries=0, timeout=TIMEOUT
        )
        _ = client.chat.completions.with_raw_response.parse, client.models.list  # these load, too
        return client

    def _understood(self, raw: Any, question: Question) -> Exchange:
        import openai
        from pydantic import ValidationError

        message, tokens_in, tokens_out = self._body(raw, question)
        problem = None
        try:
            parsed = raw.parse().choices[0].message.parsed
        except openai.LengthFinishReasonError:
            problem = "the answer was cut off"
        except openai.ContentFilterFinishReasonError:
            problem = "the answer was withheld by the server's filter"
        except (ValidationError, ValueError, TypeError, AttributeError):
            problem = "the answer has not the form that was asked for"
        else:
            if message.get("refusal"):
                problem = "the model refused"
            elif parsed is None:
                problem = "the answer is empty"
            elif len(text := parsed.model_dump_json()) > LONGEST_ANSWER:
                problem = f"the answer is longer than {LONGEST_ANSWER:,} characters"
            else:
                return Exchange(text, None, tokens_in, tokens_out)
        return Exchange(None, problem, tokens_in, tokens_out)

    def _body(self, raw: Any, question: Question) -> tuple[dict[str, Any], int, int]:
        """The message and the tokens, counted or else estimated. Raises NoAnswer for what is no completion."""
        try:
            body = raw.http_response.json()
            message = body["choices"][0]["message"]
            usage = body.get("usage") or {}
            if not isinstance(message, dict) or not isinstance(usage, dict):
                raise TypeError
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            text = f"{self.label} answered, but with no chat completion: is OPENAI_BASE_URL right?"
            raise NoAnswer("down", text, maybe_paid=True) from error
        written = len(str(message.get("content") or "")) // CHARACTERS_PER_TOKEN + 1
        return (
            message,
            _count(usage.get("prompt_tokens"), question.tokens_in),
            _count(usage.get("completion_tokens"), written),
        )

    def _no_answer(self, error: openai.OpenAIError) -> NoAnswer:
        """An error of the library as what it means for us."""
        import openai

        label = self.label
        if isinstance(error, openai.RateLimitError):
            if "insufficient_quota" in (error.code, error.type):
                return NoAnswer("quota", f"{label}: the account's quota is used up")
            return NoAnswer("rate", f"{label} asks for a pause", _pause(error.response.headers))
        if isinstance(error, openai.AuthenticationError | openai.PermissionDeniedError):
            if self._key is None:
                return NoAnswer("setup", f"{label} asks for a key: set OPENAI_API_KEY")
            return NoAnswer("setup", f"{label} does not accept the key: check OPENAI_API_KEY")
        if isinstance(error, openai.NotFoundError):
            return NoAnswer("setup", f"{label} does not know {self.model}: check OPENAI_MODEL and OPENAI_BASE_URL")
        if isinstance(error, openai.APITimeoutError):
            return NoAnswer("down", f"{label} did not answer within {TIMEOUT:.0f} s", maybe_paid=True)
        if isinstance(error, openai.APIConnectionError):
            return NoAnswer("down", f"{label} cannot be reached", maybe_paid=True)
        if isinstance(error, openai.APIStatusError):
            pause = _pause(error.response.headers, 0.0)
            return NoAnswer("down", f"{label} answered with an error, HTTP {error.status_code}", pause)
        return NoAnswer("down", f"{label} answered with what cannot be read: {type(error).__name__}", maybe_paid=True)


def _said(error: openai.APIStatusError) -> str:
    """What the server says is wrong, short and without what could be the key."""
    text = error.body.get("message") if isinstance(error.body, dict) else None
    words = re.sub(r"\S{24,}", "…", str(text or f"HTTP {error.status_code}"))
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())[:160]


def _count(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else otherwise


def _pause(headers: Any, otherwise: float = RATE_SECONDS) -> float:
    """How long the server asks us to wait, in seconds, at most an hour."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return min(max(float(headers[name]) * unit, 0.0), 3600.0)
        except (KeyError, ValueError, OverflowError):
            continue
    resets = [_span(headers.get(f"x-ratelimit-reset-{what}", "")) for what in ("requests", "tokens")]
    return min(max([*resets, 0.0]) or otherwise, 3600.0)


def _span(text: str) -> float:
    """``1s``, ``6m0s``, ``20ms`` in seconds."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
    return sum(
        float(number) * units[unit] for number, unit in re.findall(r"([0-9.]+)(ms|h|m|s)", text) if number != "."
    )


def endpoint_of(settings: Settings) -> Endpoint:
    """The server that the settings name."""
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    return Endpoint(key, settings.openai_base_url, settings.openai_model, settings.openai_temperature)
