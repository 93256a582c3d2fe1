"""Every public route as a call: what is sent, and how the answer is read. Both clients make these and send them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from urllib.parse import quote

import httpx

from kingtui.client.doors import Place
from kingtui.client.errors import Refused, Unreachable, refusal
from kingtui.models import KingError

if TYPE_CHECKING:  # what the routes promise; to load them is for the server
    from kingtui.api import schemas as shapes

T = TypeVar("T")

logging.getLogger("stamina").addHandler(logging.NullHandler())  # or its word of each retry would go over the screen

MOST_WAIT = 30.0
"""Seconds to wait for what the API asks to be asked later; what takes longer is an error at once."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    """What is None is left out."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """More of what httpx takes: ``content``, ``files``, ``headers``."""
    read: Callable[[httpx.Response], Any] = lambda response: response.json()
    harmless: bool | None = None
    """Whether asking twice does no harm; None: as for its method."""

    @property
    def safe(self) -> bool:
        """Whether it may be sent again where nobody knows what became of it."""
        return self.method in ("GET", "HEAD") if self.harmless is None else self.harmless

    def request(self, place: Place) -> dict[str, Any]:
        """What httpx is given."""
        query = {name: str(value) for name, value in self.query.items() if value is not None}
        headers = place.headers() | dict(self.options.get("headers", {}))
        options = {name: value for name, value in self.options.items() if name != "headers"}
        return {
            "method": self.method, "url": place.address + self.path, "params": query or None, "headers": headers,
        } | options  # fmt: skip

    def answer(self, response: httpx.Response, place: Place) -> T:
        """What the response says. Raises KingError."""
        if not response.is_success:
            raise _refused(response, place)
        try:
            return cast("T", self.read(response))
        except ValueError:
            raise KingError(f"{place.name} answers something that is no answer to {self.method} {self.path}") from None

    def lost(self, error: httpx.HTTPError, place: Place, seconds: float) -> KingError:
        """The sentence of a request without an answer. One that was never sent may be sent again, whatever it asks."""
        safe = self.safe or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        if isinstance(error, httpx.TimeoutException):
            return Unreachable(f"{place.name} does not answer within {seconds:g} s", safe=safe)
        return Unreachable(f"{place.name} does not answer: {error or type(error).__name__}", safe=safe)


def again(error: Exception) -> bool | float:
    """Whether a failed call is made again, or after how many seconds: stamina's question."""
    if isinstance(error, Unreachable):
        return error.safe
    if isinstance(error, Refused) and error.status in (429, 503) and error.retry_after is not None:
        return error.retry_after if error.retry_after <= MOST_WAIT else False
    return False


def _refused(response: httpx.Response, place: Place) -> KingError:
    try:
        told = response.json()
    except ValueError:
        told = None
    text, code = (told.get("error"), told.get("code")) if isinstance(told, dict) else (None, None)
    sentence = str(text or f"{place.name} answers {response.status_code}")
    return refusal(response.status_code, str(code or ""), sentence, _seconds(response.headers.get("Retry-After")))


def _seconds(text: str | None) -> float | None:
    """``Retry-After`` in seconds, which may be a moment too."""
    if text is None:
        return None
    try:
        return max(float(text), 0.0)
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    from datetime import UTC, datetime

    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _text(response: httpx.Response) -> str:
    return response.text


def _bytes(response: httpx.Response) -> bytes:
    return response.content


def _inner(name: str) -> Callable[[httpx.Response], Any]:
    """Just one field of the answer."""

    def read(response: httpx.Response) -> Any:
        try:
            return response.json()[name]
        except (KeyError, TypeError) as error:
            raise ValueError(name) from error

    return read


def _in_path(text: str) -> str:
    return quote(text, safe="")


def health() -> Call[shapes.Health]:
    return Call("GET", "/health")


def ready() -> Call[shapes.Ready]:
    return Call("GET", "/readyz")


def metrics() -> Call[str]:
    return Call("GET", "/metrics", read=_text)


def status() -> Call[shapes.Status]:
    return Call("GET", "/status")


def trigger(step: int) -> Call[shapes.Triggered]:
    return Call("POST", f"/trigger/{step}")


def cancel(step: int) -> Call[bool]:
    return Call("POST", f"/cancel/{step}", read=_inner("cancelled"))


def pause() -> Call[bool]:
    return Call("POST", "/pause", read=_inner("paused"), harmless=True)


def resume() -> Call[bool]:
    return Call("POST", "/resume", read=_inner("paused"), harmless=True)


def restart() -> Call[shapes.Restarted]:
    return Call("POST", "/restart")


def data(symbol: str) -> Call[shapes.Record]:
    return Call("GET", f"/data/{_in_path(symbol)}")


def data_of(symbols: Sequence[str]) -> Call[dict[str, shapes.Record | None]]:
    return Call("GET", "/data", {"symbols": ",".join(symbols)}, read=_inner("data"))


def symbols(
    *, find: str | None, sort: str | None, descending: bool | None, limit: int | None, offset: int | None
) -> Call[shapes.Symbols]:
    backwards = None if descending is None else str(descending).lower()
    return Call(
        "GET", "/symbols", {"find": find, "sort": sort, "descending": backwards, "limit": limit, "offset": offset}
    )


def symbol_history(symbol: str, limit: int | None) -> Call[dict[str, Any]]:
    return Call("GET", f"/symbols/{_in_path(symbol)}/history", {"limit": limit})


def levels(symbol: str) -> Call[shapes.Levels]:
    return Call("GET", f"/symbols/{_in_path(symbol)}/levels")


def report(symbol: str) -> Call[shapes.Report]:
    return Call("GET", f"/reports/{_in_path(symbol)}", options={"headers": {"Accept": "application/json"}})


def report_text(symbol: str, media_type: str) -> Call[str]:
    return Call("GET", f"/reports/{_in_path(symbol)}", options={"headers": {"Accept": media_type}}, read=_text)


def report_figure(symbol: str) -> Call[bytes]:
    return Call("GET", f"/reports/{_in_path(symbol)}/figure", options={"headers": {"Accept": "*/*"}}, read=_bytes)


def reports(symbol: str | None, day: str | None, limit: int | None, before: int | None) -> Call[shapes.Reports]:
    return Call("GET", "/reports", {"symbol": symbol, "day": day, "limit": limit, "before": before})


def images(stage: str | None, limit: int | None, before: int | None) -> Call[dict[str, Any]]:
    return Call("GET", "/images", {"stage": stage, "limit": limit, "before": before})


def image(image_id: int) -> Call[dict[str, Any]]:
    return Call("GET", f"/images/{image_id}")


def image_file(image_id: int) -> Call[bytes]:
    return Call("GET", f"/images/{image_id}/file", options={"headers": {"Accept": "*/*"}}, read=_bytes)


def image_marks(image_id: int) -> Call[dict[str, Any]]:
    return Call("GET", f"/images/{image_id}/marks")


def add_image(name: str, content: bytes) -> Call[str]:
    return Call("POST", "/images", options={"files": {"file": (name, content)}}, read=_inner("path"))


def retry(image_id: int) -> Call[shapes.Again]:
    return Call("POST", f"/images/{image_id}/retry")


def reread(image_id: int) -> Call[shapes.Again]:
    return Call("POST", f"/images/{image_id}/reread")


def history(limit: int | None, before: int | None, step: int | None, status: str | None) -> Call[shapes.History]:
    return Call("GET", "/history", {"limit": limit, "before": before, "step": step, "status": status})


def run(run_id: int) -> Call[shapes.Run]:
    return Call("GET", f"/runs/{run_id}")


def run_log(run_id: int) -> Call[str]:
    return Call("GET", f"/runs/{run_id}/log", options={"headers": {"Accept": "text/plain"}}, read=_text)


def tokens() -> Call[dict[str, Any]]:
    return Call("GET", "/tokens")


def create_token(name: str, scopes: Sequence[str], seconds: float) -> Call[dict[str, Any]]:
    return Call("POST", "/tokens", options={"json": {"name": name, "scopes": list(scopes), "seconds": seconds}})


def revoke_token(token_id: str) -> Call[dict[str, Any]]:
    return Call("DELETE", f"/tokens/{_in_path(token_id)}", harmless=True)


def control(method: str, body: bytes, *, harmless: bool, read: Callable[[bytes], Any]) -> Call[Any]:
    """The channel of attached dashboards."""
    headers = {"Content-Type": "application/json"}
    return Call(
        "POST", f"/control/{method}", options={"content": body, "headers": headers},
        read=lambda response: read(response.content), harmless=harmless,
    )  # fmt: skip


def frame(text: str | bytes) -> dict[str, Any]:
    """A frame of the live channel. Raises KingError."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        raise KingError("the live channel brings something that is no frame")
    return found
