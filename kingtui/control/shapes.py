"""The JSON shapes of what Control answers: the API's, the commands' and the client's."""

from __future__ import annotations

from typing import Any

from kingtui.models import Report, Run, RunStatus, SourceState, Status, StepView, iso


def status_json(status: Status) -> dict[str, Any]:
    """``GET /status``."""
    return {
        "steps": {f"step_{view.info.number}": _step_json(view) for view in status.steps},
        "is_running": status.is_running,
        "history_count": status.history_count,
        "paused": status.paused,
        "health": status.health.word.value,
        "reasons": list(status.health.reasons),
        "demo": status.demo,
        "source": status.source,
        "sources": [
            {
                "name": source.name,
                "label": source.label,
                "last_picture_at": iso(source.last_picture_at),
                "note": source.note,
                "connection": None if source.state is None else state_json(source.state),
            }
            for source in status.sources
        ],
        "pictures": status.pictures_total,
        "pictures_today": status.pictures_today,
        "last_picture_at": iso(status.last_picture_at),
        "api": status.api_address,
        "home": status.home,
        "version": status.version,
        "timestamp": iso(status.at),
    }


def state_json(state: SourceState) -> dict[str, Any]:
    """How a source's connection is, in ``GET /status``."""
    return {
        "state": state.link.value,
        "detail": state.detail,
        "todo": state.todo,
        "connected_since": iso(state.connected_since),
        "last_event": iso(state.last_event),
        "last_sweep": iso(state.last_sweep),
        "next_try": iso(state.next_try),
    }


def _step_json(view: StepView) -> dict[str, Any]:
    last, progress = view.last_run, view.progress
    executed = last.finished_at if last is not None else None
    return {
        "status": view.status.value,
        "last_execution": iso(executed),
        "script": view.info.script,
        "name": view.info.name,
        "backlog": view.backlog.due,
        "waiting": view.backlog.waiting,
        "next_trigger": iso(view.next_trigger),
        "progress": {"done": progress.done, "total": progress.total, "note": progress.note} if progress else None,
        "held": view.held,
        "waits": view.waits,
        "run_id": view.current_run.id if view.current_run else None,
        "last_run": run_json(last) if last else None,
    }


def run_json(run: Run) -> dict[str, Any]:
    """One entry of ``GET /history``."""
    return {
        "id": run.id,
        "step": run.step,
        "status": run.status.value,
        "timestamp": iso(run.finished_at or run.started_at or run.requested_at),
        "trigger": run.trigger,
        "duration": run.duration,
        "items": run.items,
        "done": run.done,
        "failed": run.failed,
        "quarantined": run.quarantined,
        "error": run.error,
        "count": run.count,
        "model": {"calls": run.calls, "tokens": run.tokens, "cost": run.cost / 1_000_000} if run.calls else None,
        "requested_at": iso(run.requested_at),
        "started_at": iso(run.started_at),
        "running": run.status in (RunStatus.PENDING, RunStatus.RUNNING),
    }


def report_json(report: Report) -> dict[str, Any]:
    """``GET /reports/{symbol}``."""
    return {"symbol": report.symbol, "report": report.text, "file": report.file, "timestamp": iso(report.at)}


def report_row_json(report: Report) -> dict[str, Any]:
    """One entry of ``GET /reports``."""
    return {"id": report.id, "symbol": report.symbol, "file": report.file, "timestamp": iso(report.at)}
