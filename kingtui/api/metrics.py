"""``GET /metrics``: what Prometheus scrapes, read at the moment of the scrape."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kingtui.api.desk import Desk
from kingtui.api.openapi import answers
from kingtui.api.tally import Happenings, Requests, Spread
from kingtui.models import HealthWord, Stage, Status, StepStatus

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric


def router(desk: Desk) -> APIRouter:
    """``/metrics``."""
    routes = APIRouter(tags=["Service"])
    text = {
        "text/plain": {"schema": {"type": "string"}},
        "application/openmetrics-text": {"schema": {"type": "string"}},
    }

    @routes.get("/metrics", summary="Figures for Prometheus", **answers(None, media=text))
    async def metrics(request: Request) -> Response:
        from prometheus_client.exposition import choose_encoder

        encode, media = choose_encoder(request.headers.get("accept", ""))
        registry = (await _now(desk)).registry()
        return Response(await asyncio.to_thread(encode, registry), media_type=media)

    return routes


async def _now(desk: Desk) -> Metrics:
    control, hub = desk.control, desk.hub
    page = await control.symbol_page(limit=1)
    return Metrics(
        await desk.status(), await control.image_counts(), page.known, hub.followers, hub.dropped, desk.requests,
        hub.happenings,
    )  # fmt: skip


class Metrics:
    """Everything that is told, as of the ``status`` and counts given."""

    def __init__(
        self, status: Status, pictures: Mapping[Stage, int], symbols: int, clients: int, dropped: int,
        requests: Requests, happenings: Happenings,
    ) -> None:  # fmt: skip
        self._status = status
        self._pictures = pictures
        self._symbols = symbols
        self._clients = clients
        self._dropped = dropped
        self._requests = requests
        self._happenings = happenings

    def registry(self) -> CollectorRegistry:
        """A registry of its own, so that nothing that another library counts is told here."""
        from prometheus_client import CollectorRegistry, ProcessCollector

        registry = CollectorRegistry()
        registry.register(self)
        ProcessCollector(registry=registry)
        return registry

    def collect(self) -> Iterator[Metric]:
        """The families, as the library asks for them."""
        yield from self._whole()
        yield from self._steps()
        yield from self._runs()
        yield from self._served()

    def _whole(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, StateSetMetricFamily

        status = self._status
        yield InfoMetricFamily("kingtui_build", "The version at work", value={"version": status.version})
        words = {word.value: status.health.word is word for word in HealthWord}
        yield StateSetMetricFamily("kingtui_health", "Health in one word", value=words)
        yield GaugeMetricFamily("kingtui_health_reasons", "Reasons for attention", len(status.health.reasons))
        yield GaugeMetricFamily("kingtui_paused", "1: automatic triggers are held", int(status.paused))
        yield GaugeMetricFamily("kingtui_symbols", "Symbols that are known", self._symbols)
        pictures = GaugeMetricFamily("kingtui_pictures", "Pictures by stage", labels=["stage"])
        for stage in Stage:
            pictures.add_metric([stage.value], self._pictures.get(stage, 0))
        yield pictures
        if status.last_picture_at is not None:
            at = status.last_picture_at.timestamp()
            yield GaugeMetricFamily("kingtui_last_picture_timestamp_seconds", "When the last picture came", at)

    def _steps(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily, StateSetMetricFamily

        words = StateSetMetricFamily("kingtui_step_status", "Status of each step", labels=["step"])
        due = GaugeMetricFamily("kingtui_step_backlog_items", "Items that are due", labels=["step"])
        waiting = GaugeMetricFamily("kingtui_step_waiting_items", "Items that wait for their next try", labels=["step"])
        held = GaugeMetricFamily("kingtui_step_held", "1: cancelled, waits for a manual trigger", labels=["step"])
        for view in self._status.steps:
            step = [str(view.info.number)]
            words.add_metric(step, {word.value: view.status is word for word in StepStatus})
            due.add_metric(step, view.backlog.due)
            waiting.add_metric(step, view.backlog.waiting)
            held.add_metric(step, int(view.held))
        yield from (words, due, waiting, held)

    def _runs(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        runs = CounterMetricFamily("kingtui_runs", "Runs that ended", labels=["step", "result"])
        for (step, result), count in sorted(self._happenings.runs.items()):
            runs.add_metric([str(step), result], count)
        items = CounterMetricFamily("kingtui_run_items", "Items that runs finished", labels=["step", "outcome"])
        for (step, outcome), count in sorted(self._happenings.items.items()):
            items.add_metric([str(step), outcome], count)
        seconds = HistogramMetricFamily("kingtui_run_duration_seconds", "How long runs took", labels=["step"])
        for number, spread in sorted(self._happenings.run_seconds.items()):
            seconds.add_metric([str(number)], _buckets(spread), spread.total)
        yield from (runs, items, seconds)

    def _served(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        events = CounterMetricFamily("kingtui_events", "Events that were posted", labels=["event"])
        for name, count in sorted(self._happenings.events.items()):
            events.add_metric([name], count)
        yield events
        yield GaugeMetricFamily("kingtui_websocket_clients", "Clients that follow events", self._clients)
        yield CounterMetricFamily("kingtui_websocket_dropped", "Clients that were too slow", self._dropped)
        requests = HistogramMetricFamily(
            "kingtui_http_request_duration_seconds", "Requests and how long their answers took; status 0: broke off",
            labels=["method", "route", "status"],
        )  # fmt: skip
        for (method, route, status), spread in sorted(self._requests.spreads.items()):
            requests.add_metric([method, route, str(status)], _buckets(spread), spread.total)
        yield requests
        refused = CounterMetricFamily("kingtui_http_refused", "Requests that the guard refused", labels=["status"])
        for status, count in sorted(self._requests.refused.items()):
            refused.add_metric([str(status)], count)
        yield refused


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    """Counts up to each bound, as Prometheus wants them."""
    found, total = [], 0
    for bound, count in zip((*(repr(bound) for bound in spread.bounds), "+Inf"), spread.counts, strict=True):
        total += count
        found.append((bound, float(total)))
    return found
