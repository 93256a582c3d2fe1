"""The log: lines in ``orchestrator.log``, in one file per run and, the newest, in memory for the dashboard."""

from kingtui.logs.lines import CurrentRun, current_run, run_log
from kingtui.logs.logs import Logs
from kingtui.logs.sinks import run_log_file

__all__ = ["CurrentRun", "Logs", "current_run", "run_log", "run_log_file"]
